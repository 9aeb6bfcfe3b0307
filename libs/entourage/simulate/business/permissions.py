"""Log who agreed to be contacted, who took it back, and who asked for his data or for its erasure.

in: persons ▶ out: JSON lines and rows in wire columns, and the truth of who may be contacted when.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import clocks, draw, latents, wires
from entourage.simulate.accounts import DAY_MS, date_of, day_ms, epoch_ms
from entourage.simulate.business import contact
from entourage.simulate.latents import CHANNELS
from entourage.simulate.params import SimulateParams

ASKED = 0.7  # share of those who did not agree who were asked, and said no or closed the banner
SOURCES = ("web form", "checkout", "store tablet", "app", "call")
ACCESS = 0.012  # share of the persons, over the history


def permission_events(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return what a consent platform logs, as JSON lines: shown, granted, denied, withdrawn, objected."""
    seed, person = params.seed, F.col("person")
    acts = [act for number in range(len(CHANNELS)) for act in _acts(number, params)]
    each = draw.unfolded(persons, [*acts, _objection(params)])
    hour = draw.uniform(seed, "permission:hour", person, F.col("channel_no"), F.col("day"))
    moment = day_ms(params, F.col("day")) + F.floor(hour * DAY_MS * 0.9) + F.col("turn") * 20_000
    kept = draw.settled(
        each,
        {
            "event_key": draw.key(seed, "permission", person, F.col("channel_no"), F.col("turn")),
            "at_ms": moment.cast("bigint"),
        },
    )
    channel = draw.lookup((*CHANNELS, "all"), F.col("channel_no"))
    by_phone = channel == "text"
    source = draw.choose(SOURCES, draw.uniform(seed, "permission:source", person, F.col("channel_no"), F.col("day")))
    body = F.struct(
        F.lower(F.hex("event_key")).alias("event_id"),
        F.when(by_phone, "phone").otherwise("email").alias("identifier_type"),
        F.when(by_phone, F.col("phone")).otherwise(F.lower("email")).alias("identifier"),
        F.concat(F.lit("marketing."), channel).alias("purpose"),
        "action",
        source.alias("source"),
        F.concat(F.lit("v"), (F.floor((F.col("day") + 2_000) / 400)).cast("string")).alias("notice_version"),
        clocks.iso(F.col("at_ms")).alias("effective_at"),
    )
    received = clocks.received_ms(seed, "permission", F.col("event_key"), F.col("at_ms"))
    return wires.json_lines(kept, at_ms=received, line_key="event_key", body=body)


def contactability(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Say (truth) from when to when each person could be contacted: one row a person and channel that agreed."""
    spans = [_span(number, params.seed) for number in range(len(CHANNELS))]
    each = draw.unfolded(persons, spans)
    return each.where(F.col("from_day") < params.days).select(
        "person",
        "channel",
        date_of(params, F.col("from_day")).alias("from_date"),
        F.when(F.col("to_day") < params.days, date_of(params, F.least("to_day", F.lit(params.days)))).alias("to_date"),
    )


def requests(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return requests of access and of erasure: one row a request, by e-mail address, with its canary's person.

    All canaries ask for erasure: the token in their address must be nowhere afterward.
    """
    seed, person = params.seed, F.col("person")
    is_canary = latents.is_canary(seed, person)
    erased = contact.erased_day(seed)
    asks = draw.uniform(seed, "request", person) < ACCESS
    kind = F.when(is_canary | (erased < contact.NEVER), "erasure").when(asks, "access")
    span = params.days - params.first_day
    any_day = params.first_day + draw.below(draw.uniform(seed, "request:day", person), span)
    day = F.when(is_canary, params.days - 1).when(erased < contact.NEVER, erased).otherwise(any_day)
    at_ms = (day_ms(params, day) + 10 * clocks.HOUR_MS).cast("bigint")
    asked = persons.select("person", "email", "given_name", "family_name", kind.alias("kind"), at_ms.alias("asked_ms"))
    serial = (person + 101) * 7_368_787 % 10**9
    within = F.col("asked_ms") >= epoch_ms(params) + params.first_day * DAY_MS
    return asked.where(F.col("kind").isNotNull() & within).select(
        F.concat(F.lit("DSR-"), F.lpad(serial.cast("string"), 9, "0")).alias("request_id"),
        "kind",
        F.col("email"),
        F.concat_ws(" ", "given_name", "family_name").alias("name"),
        clocks.iso(F.col("asked_ms")).alias("asked_at"),
        clocks.iso(F.col("asked_ms") + 5 * clocks.MINUTE_MS).alias("received_at"),
    )


def canaries(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Say (truth) who the canaries are: one row a person with the token that his addresses hold."""
    person = F.col("person")
    return persons.where(latents.is_canary(params.seed, person)).select(
        "person", latents.canary_token(params.seed, person).alias("token"), "email"
    )


def _acts(number: int, params: SimulateParams) -> list[Column]:
    """Return a person's acts for one channel; those of before the history come as a replay."""
    if CHANNELS[number] not in contact.EASE:  # nobody is asked
        return []
    seed, person = params.seed, F.col("person")
    agreed, withdrawn = contact.agreed_day(seed, number), contact.withdrawn_day(seed, number)
    agrees = agreed < contact.NEVER
    asked = draw.uniform(seed, "permission:asked", person, number) < ASKED
    days = -contact.EARLIEST_DAY
    asked_day = contact.EARLIEST_DAY + draw.below(draw.uniform(seed, "permission:asked:day", person, number), days)
    shown_day = F.when(agrees, agreed).when(asked, asked_day)
    denied = draw.uniform(seed, "permission:denied", person, number) < 0.6
    return [
        _act(F.lit("shown"), shown_day, number, 0, params),
        F.when(agrees, _act(F.lit("granted"), agreed, number, 1, params)),
        F.when(~agrees & denied, _act(F.lit("denied"), shown_day, number, 2, params)),
        _act(F.lit("withdrawn"), withdrawn, number, 3, params),
    ]


def _objection(params: SimulateParams) -> Column:
    day = contact.objected_day(params.seed)
    return _act(F.lit("objected"), day, len(CHANNELS), 4, params)


def _act(action: Column, day: Column, number: int, turn: int, params: SimulateParams) -> Column:
    """Return an act as a struct; NULL for one that never happens, or after the world's end."""
    fields = (
        F.lit(number).alias("channel_no"),
        action.alias("action"),
        day.cast("int").alias("day"),
        F.lit(turn).alias("turn"),
    )
    return F.when(day < params.days, F.struct(*fields))


def _span(number: int, seed: int) -> Column:
    agreed, ended = contact.agreed_day(seed, number), contact.ended_day(seed, number)
    fields = (
        F.lit(CHANNELS[number]).alias("channel"),
        agreed.cast("int").alias("from_day"),
        ended.cast("int").alias("to_day"),
    )
    return F.when(agreed < ended, F.struct(*fields))
