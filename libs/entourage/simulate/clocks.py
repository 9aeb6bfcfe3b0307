"""Time what happens: a daily rhythm, a delay until it is received, and ids that tell the time.

in: keys, countries ▶ out: Columns in milliseconds since 1970 UTC, and native ids of posts.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from entourage.simulate import accounts, draw

# Posts by local hour, per mille: little at night, peaks at lunch and in the evening.
RHYTHM = (12, 7, 4, 3, 4, 9, 22, 40, 48, 46, 45, 47, 60, 58, 48, 46, 48, 56, 66, 74, 80, 76, 60, 41)
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
LATE = 0.02  # share of events that come hours late
SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"  # alphabet of Bluesky's record keys


def local_ms(seed: int, stream: str, *key: Column, shift_hours: Column) -> Column:
    """Return a moment of the local day in milliseconds, by the daily rhythm moved by some hours."""
    u = draw.uniform(seed, f"{stream}:hour", *key)
    hours = [str(hour) for hour in range(24)]
    hour = draw.choose(hours, u, weights=RHYTHM, slots=1000).cast("double") + shift_hours
    within = draw.uniform(seed, f"{stream}:within", *key)
    return F.floor(F.pmod(hour + within, F.lit(24.0)) * HOUR_MS).cast("bigint")


def received_ms(seed: int, stream: str, key: Column, occurred: Column) -> Column:
    """Return when an event reaches the listener: after seconds, or hours in a few cases."""
    seconds = draw.lognormal(seed, f"{stream}:delay", key, median=2.5, sigma=0.9)
    is_late = draw.uniform(seed, f"{stream}:late?", key) < LATE
    late_ms = (draw.uniform(seed, f"{stream}:late", key) * 36 * HOUR_MS).cast("bigint")
    soon_ms = F.floor(F.least(seconds, F.lit(600.0)) * 1000)
    return (occurred + soon_ms + F.when(is_late, late_ms).otherwise(0)).cast("bigint")


def snowflake(occurred: Column, key: Column) -> Column:
    """Return a post's id on X: milliseconds and 22 bits, beyond 2^53."""
    bits = key.bitwiseAND(F.lit(2**22 - 1).cast("bigint"))
    return (F.shiftleft(occurred - accounts.X_EPOCH_MS, 22) + bits).cast("string")


def record_key(occurred: Column, key: Column) -> Column:
    """Return a record key of Bluesky (TID): microseconds and 10 bits in sortable base 32."""
    micros = occurred * 1000 + F.pmod(F.shiftright(key, 10), F.lit(1000))
    value = F.shiftleft(micros, 10) + key.bitwiseAND(F.lit(1023).cast("bigint"))
    return accounts.base32(value, alphabet=SORTABLE)


def at_uri(did: Column, collection: str, rkey: Column) -> Column:
    """Return the address of a Bluesky record."""
    return F.concat(F.lit("at://"), did, F.lit(f"/app.bsky.{collection}/"), rkey)


def facebook_number(occurred: Column, key: Column) -> Column:
    """Return a number of fifteen digits: seconds and six digits drawn."""
    seconds = F.floor(occurred / 1000) - 1_000_000_000
    return F.concat(seconds.cast("string"), F.lpad(F.pmod(key, F.lit(1_000_000)).cast("string"), 6, "0"))


def iso(ms: Column) -> Column:
    """Return milliseconds as 2026-06-01T12:00:00.000Z."""
    return F.date_format(F.timestamp_millis(ms), "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
