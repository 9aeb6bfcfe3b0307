"""Write down what the house did to win orders: exposures, messages and what became of them, costs, codes, guests.

in: persons ▶ out: rows and lines in wire columns, and the truth of each touch.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from entourage.rows import local_frame
from entourage.simulate import clocks, draw, wires
from entourage.simulate import records as books
from entourage.simulate.accounts import DAY_MS, date_of, day_ms, end_ms, epoch_ms
from entourage.simulate.business import contact, programs
from entourage.simulate.business.catalog import Campaign, campaigns, friends_program
from entourage.simulate.business.orders import code, device, holds_code, nightly_ms
from entourage.simulate.business.scenarios import TIME_EFFECT
from entourage.simulate.business.touches import HOURS, NOTICED, attention, mean_attention, touch
from entourage.simulate.latents import CHANNELS
from entourage.simulate.params import SimulateParams
from entourage.simulate.places import utc_offset

MONTH_DAYS = 30
TOUCH = {
    "campaign": "string", "channel": "string", "variant": "string", "propensity": "double", "sent_ms": "bigint",
    "is_sent": "boolean", "is_allowed": "boolean", "is_noticed": "boolean", "lift": "double",
}  # fmt: skip
BOUNCED, PREFETCHED, CLICKED, COMPLAINED = 0.025, 0.12, 0.16, 0.0008


def touches(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row a person that a campaign aimed at (truth), key `campaign`, `person`.

    Columns: variant (`hold_out` for those left alone), propensity, sent_ms, is_sent, is_allowed, is_noticed, lift (of
    the chance of an order at each occasion within the window; 0 where it was not noticed).
    """
    seed = params.seed
    each = [_touched(campaign, params) for campaign in campaigns() if _runs(campaign, params)]
    none = F.lit(None).cast(f"struct<{','.join(f'{name}:{kind}' for name, kind in TOUCH.items())}>")
    carried = ("person", "country", "email", "phone", "devices", "owl_hours")
    known = {
        "subscriber_id": books.native_id(seed, F.col("person"), number=books.NEWSLETTER),
        "customer_no": F.when(
            books.is_in(seed, F.col("person"), books.CRM), books.native_id(seed, F.col("person"), number=books.CRM)
        ),
    }
    columns = [field.alias(name) for name, field in known.items()]
    aimed = draw.unfolded(persons.select("*", *columns), each or [none])
    return aimed.select(*carried, *known, *TOUCH)


def exposures(touches: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row a person that a campaign aimed at, by the identifier that its channel knows; hold-outs too."""
    at_ms = F.col("sent_ms")
    known_as = (
        F.when(F.col("channel") == "email", F.col("subscriber_id"))
        .when(F.col("channel").isin("text", "post"), F.col("customer_no"))
        .when(F.col("channel") == "display", device(params.seed, F.col("person"), 1, day=_day_of(at_ms, params)))
        .otherwise(F.sha2(F.lower("email"), 256))
    )
    kind = (
        F.when(F.col("channel") == "email", "subscriber_id")
        .when(F.col("channel").isin("text", "post"), "customer_no")
        .when(F.col("channel") == "display", "device_id")
        .otherwise("email_sha256")
    )
    is_held_out = F.col("variant") == "hold_out"
    return touches.where(F.col("is_sent") | is_held_out).select(
        "campaign",
        kind.alias("identifier_kind"),
        known_as.alias("identifier"),
        F.when(~is_held_out, F.col("variant")).alias("variant"),
        is_held_out.alias("held_out"),
        F.round("propensity", 4).alias("propensity"),
        F.when(~is_held_out, clocks.iso(at_ms)).alias("exposed_at"),
        clocks.iso(nightly_ms(params.seed, "exposure", F.xxhash64("person", "campaign"), at_ms)).alias("exported_at"),
    )


def messages(touches: DataFrame, persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row an e-mail sent (kept by the world): campaigns' and the monthly newsletter's."""
    by_campaign = touches.where((F.col("channel") == "email") & F.col("is_sent")).select(
        *("person", "email", "subscriber_id", "campaign", "variant", "sent_ms", "is_noticed"),
        draw.key(params.seed, "mail:message", F.col("person"), F.crc32("campaign")).alias("message_key"),
    )
    return by_campaign.unionByName(_newsletters(persons, params=params))


def email_events(messages: DataFrame, persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return what a mailing service's hook sends, as JSON lines: what became of each e-mail, and who unsubscribed."""
    happened = _fates(messages, seed=params.seed).unionByName(_unsubscribed(persons, params=params))
    body = F.struct(
        F.concat_ws("-", F.lower(F.hex("message_key")), "event", F.col("is_machine").cast("int").cast("string")).alias(
            "event_id"
        ),
        "event",
        F.lower("email").alias("email"),
        F.col("subscriber_id").alias("subscriber"),
        F.when(F.col("event") != "unsubscribe", F.lower(F.hex("message_key"))).alias("message_id"),
        "campaign",
        "variant",
        F.floor(F.col("event_ms") / 1_000).alias("timestamp"),
        F.when(F.col("event") == "open", F.col("is_machine")).alias("machine_open"),
    )
    event_key = F.xxhash64("message_key", "event", "is_machine")
    received = clocks.received_ms(params.seed, "mail", event_key, F.col("event_ms"))
    return wires.json_lines(
        happened.where(F.col("event_ms") < end_ms(params)), at_ms=received, line_key=event_key, body=body
    )


def costs(spark: SparkSession, *, params: SimulateParams) -> DataFrame:
    """Return one row a campaign and day: what it cost, in euros."""
    rows = [
        (campaign.id, day, campaign.channel, campaign.cost_a_day)
        for campaign in campaigns()
        if params.has(campaign.mechanism)
        for day in range(max(campaign.from_day, params.first_day), min(campaign.to_day, params.days - 1) + 1)
    ]
    frame = local_frame(spark, rows, "campaign string, day int, channel string, a_day int")
    wobble = 0.85 + 0.3 * draw.uniform(params.seed, "cost", F.crc32("campaign"), F.col("day"))
    return frame.select(
        "campaign",
        date_of(params, F.col("day")).alias("day"),
        "channel",
        F.format_string("%.2f", F.col("a_day") * wobble).alias("cost_eur"),
    )


def referral_codes(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row a code that a customer may give to friends."""
    seed, person = params.seed, F.col("person")
    friends = friends_program()
    since = F.lit(friends.from_day)
    issued = day_ms(params, since) + 12 * clocks.HOUR_MS
    holders = persons.where(holds_code(seed, person) & F.lit(params.has(friends.mechanism)))
    return holders.select(
        code(person).alias("code"),
        F.lit(friends.id).alias("program"),
        books.native_id(seed, person, number=books.CRM).alias("customer_no"),
        clocks.iso(issued.cast("bigint")).alias("issued_at"),
    )


def guests(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return one row a guest of a program, by customer number or, where the CRM knows none, by e-mail address."""
    seed, person = params.seed, F.col("person")
    invited = [
        F.when(
            programs.is_guest(seed, person, program),
            F.struct(F.lit(program.id).alias("program"), F.lit(program.from_day).alias("from_day")),
        )
        for program in programs.hosting()
        if params.has(program.mechanism)
    ]
    none = F.lit(None).cast("struct<program:string,from_day:int>")
    each = draw.unfolded(persons.select("person", "email"), invited or [none])
    day = F.col("from_day") + draw.below(draw.uniform(seed, "guest:day", person), 30)
    return each.where(day >= params.first_day).select(
        "program",
        F.when(books.is_in(seed, person, books.CRM), books.native_id(seed, person, number=books.CRM)).alias(
            "customer_no"
        ),
        F.col("email"),
        date_of(params, day).alias("invited_on"),
    )


def _runs(campaign: Campaign, params: SimulateParams) -> bool:
    return params.has(campaign.mechanism) and campaign.to_day >= params.first_day and campaign.from_day < params.days


def _touched(campaign: Campaign, params: SimulateParams) -> Column:
    sent = touch(campaign, seed=params.seed)
    is_noticed = sent.is_noticed if params.has(TIME_EFFECT) else sent.is_noticed_flat
    variants = ["hold_out", *(name for name, _, _ in campaign.variants)]
    local_ms = (day_ms(params, sent.day) + (sent.hour - utc_offset(F.col("country"))) * clocks.HOUR_MS).cast("bigint")
    within = sent.day.between(params.first_day, params.days - 1)
    return F.when(
        sent.arm.isNotNull() & within & (sent.is_sent | (sent.arm == 0)),
        F.struct(
            F.lit(campaign.id).alias("campaign"),
            F.lit(campaign.channel).alias("channel"),
            draw.lookup(variants, sent.arm).alias("variant"),
            sent.propensity.alias("propensity"),
            local_ms.alias("sent_ms"),
            sent.is_sent.alias("is_sent"),
            sent.is_allowed.alias("is_allowed"),
            (sent.is_sent & is_noticed).alias("is_noticed"),
            F.when(sent.is_sent & is_noticed, sent.lift).otherwise(0.0).alias("lift"),
        ),
    )


def _fates(messages: DataFrame, *, seed: int) -> DataFrame:
    """Return one row an event of an e-mail: `event`, event_ms, `is_machine`."""
    key, sent, opens = F.col("message_key"), F.col("sent_ms"), F.col("is_noticed")

    def u(stream: str) -> Column:
        return draw.uniform(seed, f"mail:{stream}", key)

    def after(stream: str, median_minutes: float) -> Column:
        minutes = draw.lognormal(seed, f"mail:{stream}:delay", key, median=median_minutes, sigma=1.2)
        return F.floor(F.least(minutes, F.lit(7_200.0)) * clocks.MINUTE_MS) + 1_000

    arrives = u("bounce") >= BOUNCED
    delivered = sent + F.floor(u("relay") * 20_000) + 500
    opened = delivered + after("open", 55.0)
    clicks = opens & (u("click") < CLICKED)
    each = (
        _event("processed", sent),
        F.when(arrives, _event("delivered", delivered)).otherwise(_event("bounce", delivered)),
        F.when(arrives & (u("prefetch") < PREFETCHED), _event("open", delivered + 2_000, machine=True)),
        F.when(arrives & opens, _event("open", opened)),
        F.when(arrives & clicks, _event("click", opened + after("click", 1.5))),
        F.when(arrives & (u("complaint") < COMPLAINED), _event("spamreport", delivered + after("complaint", 300.0))),
    )
    carried = ("message_key", "email", "subscriber_id", "campaign", "variant")
    return draw.unfolded(messages, each).select(*carried, "event", "event_ms", "is_machine")


def _unsubscribed(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return, as events, the subscribers who took back their yes to e-mails: by the link in one of them."""
    seed, person = params.seed, F.col("person")
    day = contact.withdrawn_day(seed, CHANNELS.index("email"))
    hour = draw.uniform(seed, "unsubscribe:hour", person)
    nothing = F.lit(None).cast("string")
    left = persons.where(books.is_in(seed, person, books.NEWSLETTER) & day.between(params.first_day, params.days - 1))
    return left.select(
        draw.key(seed, "unsubscribe", person).alias("message_key"),
        "email",
        books.native_id(seed, person, number=books.NEWSLETTER).alias("subscriber_id"),
        nothing.alias("campaign"),
        nothing.alias("variant"),
        F.lit("unsubscribe").alias("event"),
        (day_ms(params, day) + F.floor(hour * DAY_MS)).cast("bigint").alias("event_ms"),
        F.lit(False).alias("is_machine"),
    )


def _newsletters(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the newsletter's issues, one a month, to those who had agreed; each is sent at an hour drawn anew."""
    seed, person, issue = params.seed, F.col("person"), F.col("issue")
    epoch_day = epoch_ms(params) // DAY_MS
    first, last = (epoch_day + params.first_day) // MONTH_DAYS, (epoch_day + params.days - 1) // MONTH_DAYS
    in_book = persons.where(books.is_in(seed, person, books.NEWSLETTER))
    each = in_book.select(
        *("person", "email", "country", "owl_hours", "consent_propensity", "response"),
        F.explode(F.sequence(F.lit(first), F.lit(last))).alias("issue"),
    )
    day = issue * MONTH_DAYS + 3 - epoch_day
    hour = HOURS[0] + draw.below(draw.uniform(seed, "newsletter:hour", person, issue), len(HOURS))
    allowed = contact.is_allowed(seed, CHANNELS.index("email"), day)
    chance = NOTICED * (attention(hour) if params.has(TIME_EFFECT) else F.lit(mean_attention()))
    notices = draw.uniform(seed, "newsletter:noticed", person, issue) < chance * (0.5 + F.get("response", F.lit(0)))
    sent = day_ms(params, day) + (hour - utc_offset(F.col("country"))) * clocks.HOUR_MS
    return each.where(allowed & day.between(params.first_day, params.days - 1)).select(
        *("person", "email"),
        books.native_id(seed, person, number=books.NEWSLETTER).alias("subscriber_id"),
        F.concat(F.lit("newsletter_"), issue.cast("string")).alias("campaign"),
        F.lit(None).cast("string").alias("variant"),
        sent.cast("bigint").alias("sent_ms"),
        notices.alias("is_noticed"),
        draw.key(seed, "newsletter", person, issue).alias("message_key"),
    )


def _day_of(at_ms: Column, params: SimulateParams) -> Column:
    return F.floor((at_ms - epoch_ms(params)) / DAY_MS)


def _event(name: str, at_ms: Column, *, machine: bool = False) -> Column:
    return F.struct(
        F.lit(name).alias("event"), at_ms.cast("bigint").alias("event_ms"), F.lit(machine).alias("is_machine")
    )
