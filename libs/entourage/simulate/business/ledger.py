"""Send invoices, book payments, and bill plans month by month.

in: orders, persons ▶ out: rows and lines in wire columns.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import clocks, draw, wires
from entourage.simulate import records as books
from entourage.simulate.accounts import DAY_MS, day_ms, end_ms
from entourage.simulate.business.catalog import Plan, currency, plans
from entourage.simulate.business.orders import nightly_ms
from entourage.simulate.business.shop import money
from entourage.simulate.params import SimulateParams
from entourage.simulate.places import COUNTRIES

DUE_DAYS = 30
METHODS = ("card", "transfer", "direct debit", "wallet")
METHOD_SHARES = (0.62, 0.14, 0.10, 0.14)
LATE, NEVER_PAID, FAILED_FIRST = 0.08, 0.012, 0.03
REFUND, REFUND_DAYS = 3, 6  # what the third booking of an invoice is: a return, refunded so many days later
MONTH_DAYS = 30
MOST_MONTHS = 60
PAUSED = 0.01  # of the months


def invoices(orders: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row an invoice: of each order that was not made at a till."""
    person = F.col("person")
    has_account = books.is_in(params.seed, person, books.BILLING)
    return _billed(orders).select(
        "invoice_id",
        F.when(has_account, books.native_id(params.seed, person, number=books.BILLING)).alias("account"),
        "order_id",
        clocks.iso(F.col("occurred_ms")).alias("issued_at"),
        F.date_format(F.timestamp_millis(F.col("occurred_ms") + DUE_DAYS * DAY_MS), "yyyy-MM-dd").alias("due_on"),
        money(F.col("total_cents")).alias("amount"),
        "currency",
        F.when(F.col("is_void"), "credited").otherwise("issued").alias("status"),
        clocks.iso(F.col("received_ms")).alias("exported_at"),
    )


def payments(orders: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row a booking: amounts in cents without a point, as banks send them; below zero for refunds."""
    due = _billed(orders).where(~F.col("is_void") & (_u(params.seed, "never") >= NEVER_PAID))
    billed = due.select("*", draw.choose(METHODS, _u(params.seed, "method"), weights=METHOD_SHARES).alias("method"))
    refund = _booking("BOOKED", day_ms(params, F.col("returned_day") + REFUND_DAYS), REFUND)
    refunds = billed.where(F.col("returned_day").isNotNull()).select("*", F.inline(F.array(refund)))
    booked = billed.select("*", F.inline(_bookings(params.seed))).unionByName(refunds)
    first = F.get("lines", F.lit(0))["unit_cents"]
    return booked.where(F.col("booked_ms") < end_ms(params)).select(
        F.concat("invoice_id", F.lit("-"), F.col("turn").cast("string")).alias("booking"),
        F.col("invoice_id").alias("reference"),
        F.when(F.col("turn") == REFUND, -first).otherwise(F.col("total_cents")).alias("amount_cents"),
        "currency",
        "method",
        "state",
        F.date_format(F.timestamp_millis("booked_ms"), "yyyyMMdd").alias("booked"),
        clocks.iso(nightly_ms(params.seed, "payment", F.col("occasion_key"), F.col("booked_ms"))).alias("exported_at"),
    )


def _bookings(seed: int) -> Column:
    """Return what a bill is booked as: paid at once or within weeks; a few fail first."""
    days = _u(seed, "days")
    late = F.when(_u(seed, "late") < LATE, DUE_DAYS + 3 + draw.below(days, 60)).otherwise(draw.below(days, DUE_DAYS))
    delay_days = F.when(F.col("method").isin("card", "wallet"), 0).otherwise(late)
    paid_ms = F.col("occurred_ms") + delay_days.cast("bigint") * DAY_MS + clocks.HOUR_MS
    again_ms = paid_ms + 2 * DAY_MS
    return F.when(
        _u(seed, "failed") < FAILED_FIRST, F.array(_booking("FAILED", paid_ms, 1), _booking("BOOKED", again_ms, 2))
    ).otherwise(F.array(_booking("BOOKED", paid_ms, 2)))


def _booking(state: str, booked_ms: Column, turn: int) -> Column:
    return F.struct(F.lit(state).alias("state"), booked_ms.alias("booked_ms"), F.lit(turn).alias("turn"))


def _u(seed: int, stream: str) -> Column:
    return draw.uniform(seed, f"payment:{stream}", F.col("occasion_key"))


def subscriptions(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the events of plans as JSON lines: created, renewed each month, paused or canceled."""
    events = _plan_events(persons, params=params)
    country = draw.number_of(COUNTRIES, F.col("country"))
    per_mille = draw.lookup_number([round(currency(code)[1] * 1_000) for code in COUNTRIES], country)
    body = F.struct(
        F.concat_ws("-", "subscription_id", F.col("month").cast("string"), "type").alias("event_id"),
        F.concat(F.lit("subscription."), F.col("type")).alias("type"),
        "subscription_id",
        F.col("account").alias("billing_account"),
        "plan",
        F.floor(F.col("price_cents") * per_mille / 1_000).alias("amount_cents"),
        draw.lookup([currency(code)[0] for code in COUNTRIES], country).alias("currency"),
        clocks.iso(F.col("occurred_ms")).alias("occurred_at"),
    )
    key = F.xxhash64("subscription_id", "month", "type")
    at_ms = clocks.received_ms(params.seed, "subscription", key, F.col("occurred_ms"))
    return wires.json_lines(events, at_ms=at_ms, line_key=key, body=body)


def _plan_events(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    seed, person = params.seed, F.col("person")
    account = books.native_id(seed, person, number=books.BILLING).alias("account")
    known = persons.where(books.is_in(seed, person, books.BILLING)).select("person", "country", "joined_day", account)
    taken = draw.unfolded(known, [_held(number, plan, seed=seed) for number, plan in enumerate(plans())])
    each = taken.select("*", F.explode(F.sequence(F.lit(0), F.col("months"))).alias("month"))
    key = (person, F.col("number"), F.col("month"))
    kind = (
        F.when(F.col("month") == 0, "created")
        .when(F.col("month") == F.col("months"), "canceled")
        .when(draw.uniform(seed, "plan:pause", *key) < PAUSED, "paused")
        .otherwise("renewed")
    )
    day = F.col("since_day") + F.col("month") * MONTH_DAYS
    within = (draw.uniform(seed, "plan:hour", *key) * DAY_MS).cast("bigint")
    serial = (person * len(plans()) + F.col("number") + 3) * 7_368_787 % 10**10
    return each.where(day.between(params.first_day, params.days - 1)).select(
        F.concat(F.lit("SUB-"), serial.cast("string")).alias("subscription_id"),
        *("person", "country", "account", "plan", "price_cents", "month"),
        kind.alias("type"),
        (day_ms(params, day) + within).cast("bigint").alias("occurred_ms"),
    )


def _held(number: int, plan: Plan, *, seed: int) -> Column:
    """Return a plan that a person holds, since when and for how many months; NULL where he does not."""
    person = F.col("person")
    since = F.col("joined_day") + draw.below(draw.uniform(seed, "plan:since", person, number), 500)
    months = 1 + F.floor(-F.log(1 - draw.uniform(seed, "plan:months", person, number)) / plan.leave)
    held = F.struct(
        F.lit(number).alias("number"),
        F.lit(plan.id).alias("plan"),
        F.lit(plan.price_cents).alias("price_cents"),
        since.alias("since_day"),
        F.least(months, F.lit(MOST_MONTHS)).cast("int").alias("months"),
    )
    return F.when(draw.uniform(seed, "plan?", person, number) < plan.share, held)


def _billed(orders: DataFrame) -> DataFrame:
    number = F.concat(F.lit("INV-"), F.substring("order_id", 3, 13)).alias("invoice_id")
    return orders.where(F.col("place") != "store").select("*", number)
