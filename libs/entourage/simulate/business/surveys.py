"""Ask people, and keep who did not answer.

in: orders, troubles, persons ▶ out: rows in wire columns: invitations with their answers, poll votes, contest entries.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.simulate import accounts, clocks, draw
from entourage.simulate import records as books
from entourage.simulate.accounts import DAY_MS, end_ms, epoch_ms
from entourage.simulate.business.orders import nightly_ms
from entourage.simulate.params import SimulateParams
from entourage.simulate.people import TOPIC_NAMES

INVITED = 0.30  # share of the orders after which the buyer is asked
POLL_DAYS = 91
CONTEST_DAYS = 120
ENTERS, TICKS, NAMES_HANDLE = 0.03, 0.45, 0.5
QUESTIONS = ("Which department should grow?", "What do you read us for?", "Where did you last hear of us?")
REASONS = ("price", "quality", "service", "delivery", "choice")


def invitations(orders: DataFrame, troubles: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row an invitation to rate an order; score 0 to 10 and the rest NULL for who did not answer.

    The very content and the very angry answer more often than the others: the mean of the answers is not the mean.
    """
    seed, key = params.seed, F.col("occasion_key")
    asked = orders.where((draw.uniform(seed, "survey", key) < INVITED) & ~F.col("is_void"))
    joined = asked.alias("o").join(
        troubles.select("order_id", "is_solved").alias("t"),
        on=F.col("o.order_id") == F.col("t.order_id"),
        how="left",
    )
    known = joined.select("o.occasion_key", "o.person", "o.order_id", "o.email", "o.occurred_ms", "t.is_solved")
    level = F.when(F.col("is_solved").isNull(), 8.1).when(F.col("is_solved"), 7.4).otherwise(3.9)
    feeling = F.greatest(F.lit(0.0), F.least(F.lit(10.0), level + 1.9 * draw.normal(seed, "survey:score", key)))
    scored = draw.settled(known, {"feeling": feeling})
    answers = draw.uniform(seed, "survey:answers", key) < 0.08 + 0.012 * F.pow(F.abs(F.col("feeling") - 6), F.lit(2.0))
    asked_ms = F.col("occurred_ms") + 8 * DAY_MS
    answered_ms = asked_ms + F.floor(draw.lognormal(seed, "survey:delay", key, median=9.0, sigma=1.2) * clocks.HOUR_MS)
    did = answers & (answered_ms < end_ms(params))
    return scored.where(asked_ms < end_ms(params)).select(
        F.concat(F.lit("NPS-"), F.substring("order_id", 3, 13)).alias("invitation"),
        "order_id",
        F.col("email"),
        clocks.iso(asked_ms.cast("bigint")).alias("asked_at"),
        F.when(did, clocks.iso(answered_ms.cast("bigint"))).alias("answered_at"),
        F.when(did, F.round("feeling").cast("int")).alias("score"),
        F.when(did, draw.choose(REASONS, draw.uniform(seed, "survey:reason", key))).alias("reason"),
        F.round("feeling", 2).alias("feeling"),
        F.col("person"),
    )


def polls(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row a reader of the newsletter and quarterly poll; `choice` is NULL for who did not vote."""
    seed, person, poll = params.seed, F.col("person"), F.col("poll")
    epoch_day = epoch_ms(params) // DAY_MS
    first, last = (epoch_day + params.first_day) // POLL_DAYS + 1, (epoch_day + params.days - 1) // POLL_DAYS
    issues = F.sequence(F.lit(first), F.lit(last)) if last >= first else F.array().cast("array<int>")
    in_book = persons.where(books.is_in(seed, person, books.NEWSLETTER))
    each = in_book.select("person", "topic", "second_topic", F.explode(issues).alias("poll"))
    u = draw.uniform(seed, "poll:choice", person, poll)
    any_topic = draw.below(draw.uniform(seed, "poll:any", person, poll), len(TOPIC_NAMES))
    choice = F.when(u < 0.55, F.col("topic")).when(u < 0.7, F.col("second_topic")).otherwise(any_topic)
    at_ms = (
        (poll * POLL_DAYS).cast("bigint") * DAY_MS + F.floor(draw.uniform(seed, "poll:when", person, poll) * 5 * DAY_MS)
    ).cast("bigint")
    is_past = at_ms < end_ms(params)
    votes = (draw.uniform(seed, "poll:votes", person, poll) < 0.12) & is_past
    return each.select(
        F.concat(F.lit("poll_"), poll.cast("string")).alias("poll"),
        books.native_id(seed, person, number=books.NEWSLETTER).alias("subscriber_id"),
        draw.lookup(QUESTIONS, poll % len(QUESTIONS)).alias("question"),
        F.when(votes, draw.lookup(TOPIC_NAMES, choice)).alias("choice"),
        F.when(votes, clocks.iso(at_ms)).alias("voted_at"),
    )


def contests(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row an entry: a form with e-mail address, for some a handle, and a box for the newsletter."""
    seed, person, contest = params.seed, F.col("person"), F.col("contest")
    epoch_day = epoch_ms(params) // DAY_MS
    first, last = (epoch_day + params.first_day) // CONTEST_DAYS, (epoch_day + params.days - 1) // CONTEST_DAYS
    each = persons.select(
        *("person", "email", "given_name", "birth_date", "consent_propensity"),
        F.explode(F.sequence(F.lit(first), F.lit(last))).alias("contest"),
    )
    enters = draw.uniform(seed, "contest", person, contest) < ENTERS
    at_ms = (
        (contest * CONTEST_DAYS).cast("bigint") * DAY_MS
        + F.floor(draw.uniform(seed, "contest:when", person, contest) * 20 * DAY_MS)
    ).cast("bigint")
    is_within = at_ms.between(epoch_ms(params) + params.first_day * DAY_MS, end_ms(params) - 1)
    owner = accounts.entity(accounts.PERSON, person)
    has_x = accounts.has_account(seed, "x", owner)
    native = accounts.native_id(seed, F.lit("x"), owner, start_ms=epoch_ms(params))
    was_made = accounts.created_ms(seed, F.lit("x"), owner, start_ms=epoch_ms(params)) < at_ms
    names_it = has_x & was_made & (draw.uniform(seed, "contest:handle", person, contest) < NAMES_HANDLE)
    ticks = draw.uniform(seed, "contest:ticks", person, contest) < TICKS + 0.4 * F.col("consent_propensity")
    key = draw.key(seed, "contest:entry", person, contest)
    is_adult = F.datediff(F.timestamp_millis(at_ms).cast("date"), F.col("birth_date")) >= 18 * 365.25
    return each.where(enters & is_within & is_adult).select(
        F.lower(F.hex(key)).alias("entry_id"),
        F.concat(F.lit("contest_"), contest.cast("string")).alias("contest"),
        F.col("given_name").alias("first_name"),
        "email",
        F.when(names_it, accounts.account_id(F.lit("x"), native)).alias("account"),
        F.date_format("birth_date", "yyyy").alias("born_in"),
        ticks.alias("newsletter_ticked"),
        clocks.iso(at_ms).alias("entered_at"),
        clocks.iso(nightly_ms(seed, "contest", key, at_ms)).alias("exported_at"),
    )
