"""Read numbers and times, whatever they come as.

in: a text, number or any other value of JSON ▶ out: a number or a UTC time; None where the value is none.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# A post may not lie outside: such a time is a default or an error, and would live in a partition of its own for ever.
EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
MONTHS = {name: month for month, name in enumerate(calendar.month_abbr) if name}
X_DATE = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}([0-9]{1,2}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) "
    r"([+-])([0-9]{2})([0-9]{2}) ([0-9]{4})"
)
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAIL_DATE = re.compile(r"[A-Za-z]{3}, ")
AMOUNT = re.compile(r"[+-]?(?:[0-9]{1,3}(?:[,' \u00a0\u202f][0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
AMOUNT_COMMA = re.compile(r"[+-]?(?:[0-9]{1,3}(?:[.' \u00a0\u202f][0-9]{3})+|[0-9]+)?(?:,[0-9]+)?")
THOUSANDS = re.compile(r"[' \u00a0\u202f]")
MAX_BIGINT = 10**18
EXACT_DIGITS = 20  # texts of more digits are read as floats


def number(value: Any) -> int | float | None:
    """Return a number, or the one that a text is; None for all else, for NaN and infinities too."""
    if isinstance(value, str):
        value = _of_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _of_text(value: str) -> int | float | None:
    if "_" in value or not value.isascii():  # 1_000 and full-width digits are numbers in Python alone
        return None
    try:
        return int(value) if len(value) <= EXACT_DIGITS and value.lstrip("-").isdigit() else float(value)
    except ValueError:
        return None


def whole_number(value: Any) -> int | None:
    """Return a whole number below 10^18 in size, its fraction cut off; None where the value is none."""
    found = number(value)
    if found is None:
        return None
    whole = int(found)
    return whole if abs(whole) < MAX_BIGINT else None


def decimal(value: Any, *, places: int | None = None, comma: bool = False) -> Decimal | None:
    """Return an exact number; None where the value is none, or has more than 18 digits.

    Args:
        value: a number, or a text with a point; separators of thousands (comma, blank, apostrophe) only in threes.
        places: digits after the point to round to, half away from zero; None: as it is.
        comma: a text has a decimal comma, and points between thousands.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    text = str(value)
    if isinstance(value, str):
        if not (AMOUNT_COMMA if comma else AMOUNT).fullmatch(text):
            return None
        text = THOUSANDS.sub("", text.replace(".", "").replace(",", ".") if comma else text.replace(",", ""))
    try:
        found = Decimal(text)
        rounded = found if places is None else found.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    except InvalidOperation:
        return None
    is_kept = rounded.is_finite() and abs(rounded) < Decimal(10) ** (18 - (places or 0))
    return rounded if is_kept else None


def cents(value: Any) -> Decimal | None:
    """Return an amount from its hundredths; None where they are no whole number."""
    found = decimal(value)
    return found / 100 if found is not None and found == found.to_integral_value() else None


def moment(value: Any) -> dt.datetime | None:
    """Return a UTC time from ISO 8601, X's and RFC 2822's dates, or an epoch in s, ms or µs.

    Returns:
        None where the value is no time (of a day: a bare clock time would mean today), or lies outside 1990 to 2099.
    """
    try:
        found = _moment(value)
    except (ValueError, OverflowError):
        return None
    return bounded(found)


def _moment(value: Any) -> dt.datetime | None:
    if isinstance(value, str):
        if matched := X_DATE.fullmatch(value):
            month, day, hour, minute, second, sign, hours, minutes, year = matched.groups()
            offset = dt.timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
            when = dt.datetime(int(year), MONTHS.get(month, 0), int(day), int(hour), int(minute), int(second))
            return when.replace(tzinfo=dt.timezone(offset))
        if ISO_DATE.match(value):
            return iso(value)
        if MAIL_DATE.match(value):
            return parsedate_to_datetime(value)
    found = number(value)
    if found is None or found < 0:
        return None
    scale = 1 if found < 100_000_000_000 else 1_000 if found < 100_000_000_000_000 else 1_000_000
    if isinstance(found, int):
        return EPOCH + dt.timedelta(microseconds=found * (1_000_000 // scale))
    return EPOCH + dt.timedelta(seconds=found / scale)


def bounded(when: dt.datetime | None) -> dt.datetime | None:
    """Return a time in UTC (one without a zone is), or None outside 1990 to 2099."""
    found = None if when is None else in_utc(when)
    return found if found is not None and EARLIEST <= found <= LATEST else None


def iso(text: str) -> dt.datetime | None:
    """Return a UTC time of any year from ISO 8601, a blank before the zone and a one-digit hour allowed."""
    if not ISO_DATE.match(text):
        return None
    try:
        return in_utc(dt.datetime.fromisoformat(text))
    except ValueError:
        pass
    plain = text.removesuffix(" UTC").removesuffix(" GMT").replace(" +", "+").replace(" -", "-")
    hour = "0" if plain[12:13] == ":" else ""
    try:
        return in_utc(dt.datetime.fromisoformat(f"{plain[:11]}{hour}{plain[11:]}"))
    except ValueError:
        return None


def in_utc(when: dt.datetime) -> dt.datetime | None:
    """Return a time in UTC (one without a zone is); None where that lies outside the calendar."""
    try:
        return when.replace(tzinfo=dt.UTC) if when.tzinfo is None else when.astimezone(dt.UTC)
    except OverflowError:  # of the year 1 or 9999
        return None


def millis(when: dt.datetime | None) -> int | None:
    """Return milliseconds since 1970."""
    return None if when is None else (when - EPOCH) // dt.timedelta(milliseconds=1)
