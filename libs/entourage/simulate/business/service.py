"""Let orders go wrong, people turn to the service desk, and the desk answer, well or badly.

in: orders ▶ out: troubles (truth), tickets as JSON lines, calls as rows.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import clocks, draw, wires
from entourage.simulate import records as books
from entourage.simulate.accounts import DAY_MS, end_ms
from entourage.simulate.business import letters
from entourage.simulate.business.catalog import departments, products
from entourage.simulate.business.orders import nightly_ms
from entourage.simulate.params import SimulateParams
from entourage.simulate.places import utc_offset

# Chance that an order of a department goes wrong, and what is wrong then.
WRONG = {"cars": 0.12, "phones": 0.10, "fashion": 0.07, "food": 0.03, "travel": 0.10, "beauty": 0.04, "home": 0.10}
SHARES = {"delivery": 0.32, "quality": 0.27, "service": 0.12, "billing": 0.13, "bug": 0.06, "question": 0.10}
CONTACTS = 0.62  # of those with a trouble turn to the desk
WAYS = ("email", "form", "phone", "chat")
WAY_SHARES = (0.38, 0.20, 0.30, 0.12)
MEDIAN_HOURS = {"email": 9.0, "form": 12.0, "phone": 0.08, "chat": 0.05}  # until the first answer
SOLVED = {"delivery": 0.74, "quality": 0.68, "service": 0.5, "billing": 0.8, "bug": 0.55, "question": 0.92}
REOPENED, RATED = 0.09, 0.25
AGENTS = 24
CARRIED = (
    "person", "language", "given_name", "family_name", "typed_mail", "email", "phone", "order_id", "department",
    "lines",
)  # fmt: skip


def troubles(orders: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return what goes wrong (truth).

    Returns:
        One row a trouble, key `trouble_key`; `person`, `order_id`, `trouble`, trouble_ms, `contacts`, `way`,
        first_answer_ms, is_solved, closed_ms, satisfaction (1 to 5).
    """
    begun = _begun(orders, seed=params.seed)
    within = F.col("trouble_ms") < end_ms(params)
    return _handled(begun.where(within), seed=params.seed)


def tickets(troubles: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the desk's tickets as JSON lines: one a state of a ticket (new, solved or closed, reopened)."""
    seed, key = params.seed, F.col("trouble_key")
    written = _lettered(troubles.where(F.col("contacts") & (F.col("way") != "phone")), seed=seed)
    each = draw.unfolded(written, _states())
    is_rated = ~F.col("state").isin("new", "open") & (draw.uniform(seed, "ticket:rated", key) < RATED)
    body = F.struct(
        _ticket_id().alias("id"),
        F.col("state").alias("status"),
        _requester(seed).alias("requester"),
        F.col("way").alias("via"),
        "order_id",
        F.when(F.col("state") != "new", F.col("trouble")).alias("category"),
        _comments().alias("comments"),
        F.when(is_rated, F.col("satisfaction")).alias("satisfaction"),
        clocks.iso(F.col("trouble_ms")).alias("created_at"),
        clocks.iso(F.col("state_ms")).alias("updated_at"),
    )
    state_key = F.xxhash64("trouble_key", "state")
    received = clocks.received_ms(seed, "ticket", state_key, F.col("state_ms"))
    return wires.json_lines(
        each.where(F.col("state_ms") < end_ms(params)), at_ms=received, line_key=state_key, body=body
    )


def calls(troubles: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the telephone system's export: one row a call."""
    seed, key = params.seed, F.col("trouble_key")
    wait = F.floor(draw.lognormal(seed, "call:wait", key, median=75.0, sigma=1.1)).cast("int")
    gives_up = wait > 900
    seconds = F.floor(draw.lognormal(seed, "call:talk", key, median=260.0, sigma=0.7)).cast("int")
    agent = draw.below(draw.uniform(seed, "call:agent", key), AGENTS) + 1
    return troubles.where(F.col("contacts") & (F.col("way") == "phone")).select(
        F.concat(F.lit("CALL-"), F.substring(_ticket_id(), 3, 19)).alias("call_id"),
        F.when(draw.uniform(seed, "call:hidden", key) >= 0.12, F.col("phone")).alias("caller"),
        F.date_format(F.timestamp_millis("trouble_ms"), "yyyy-MM-dd HH:mm:ss").alias("started_utc"),
        F.least(wait, F.lit(1_200)).alias("wait_s"),
        F.when(gives_up, 0).otherwise(seconds).alias("talk_s"),
        F.when(~gives_up, F.format_string("agent%02d", agent)).alias("agent"),
        F.when(gives_up, "abandoned").when(F.col("is_solved"), "solved").otherwise("passed on").alias("outcome"),
        F.when(~gives_up & (draw.uniform(seed, "call:order", key) < 0.6), F.col("order_id")).alias("order_id"),
        F.when(~gives_up, F.col("trouble")).alias("reason"),
        clocks.iso(nightly_ms(seed, "call", key, F.col("trouble_ms"))).alias("exported_at"),
    )


def _begun(orders: DataFrame, *, seed: int) -> DataFrame:
    """Return the orders that go wrong: how, when it is noticed, and which way the person would turn to the desk."""
    chance = draw.lookup_real([WRONG[each.name] for each in departments()], F.col("department"))
    wrong = orders.where((_u(seed, "wrong") < chance) & ~F.col("is_void"))
    kind = draw.choose(tuple(SHARES), _u(seed, "kind"), weights=tuple(SHARES.values()))
    way = draw.choose(WAYS, _u(seed, "way"), weights=WAY_SHARES)
    begun = F.col("occurred_ms") + F.floor((0.5 + 9 * _u(seed, "begin")) * DAY_MS)
    # The telephone and the chat are answered from eight to eight.
    opening = 8 - utc_offset(F.col("country")) + 12 * _u(seed, "hour")
    in_hours = (F.floor(begun / DAY_MS) + 1) * DAY_MS + F.floor(opening * clocks.HOUR_MS)
    return draw.settled(
        wrong.select("occasion_key", "occurred_ms", "place", "country", *CARRIED),
        {
            "trouble_key": draw.key(seed, "trouble", F.col("occasion_key")),
            "trouble_ms": F.when(way.isin("phone", "chat"), in_hours).otherwise(begun).cast("bigint"),
            "way": way,
            # Nothing is delivered that was bought in a shop.
            "trouble": F.when((F.col("place") == "store") & (kind == "delivery"), "quality").otherwise(kind),
        },
    )


def _handled(begun: DataFrame, *, seed: int) -> DataFrame:
    """Add whether the person turns to the desk, what it does, and how content he is in the end."""
    key = F.col("occasion_key")
    hours = draw.lognormal(seed, "trouble:first", key, median=_of("way", MEDIAN_HOURS), sigma=1.1)
    days = draw.lognormal(seed, "trouble:close", key, median=1.6, sigma=0.9)
    is_solved = _u(seed, "solved") < _of("trouble", SOLVED)
    first_ms = F.col("trouble_ms") + F.floor(F.least(hours, F.lit(240.0)) * clocks.HOUR_MS) + 20_000
    impatience = F.least(F.lit(1.2), hours / 60)
    mood = F.when(is_solved, 3.6).otherwise(1.7) - impatience + 0.9 * draw.normal(seed, "trouble:mood", key)
    return begun.select(
        "*",
        (_u(seed, "contacts") < CONTACTS).alias("contacts"),
        is_solved.alias("is_solved"),
        (_u(seed, "reopened") < REOPENED).alias("is_reopened"),
        first_ms.cast("bigint").alias("first_answer_ms"),
        (first_ms + F.floor(F.least(days, F.lit(30.0)) * DAY_MS)).cast("bigint").alias("closed_ms"),
        F.greatest(F.lit(1), F.least(F.lit(5), F.round(mood).cast("int"))).alias("satisfaction"),
    )


def _u(seed: int, stream: str) -> Column:
    return draw.uniform(seed, f"trouble:{stream}", F.col("occasion_key"))


def _lettered(troubles: DataFrame, *, seed: int) -> DataFrame:
    key = F.col("trouble_key")
    spoken = F.when(F.col("language") == "fr", _article([p.fr for p in products()])).otherwise(
        _article([p.en for p in products()])
    )
    slots = {
        "order_id": F.col("order_id"),
        "product": spoken,
        "name": F.col("given_name"),
        "days": 2 + draw.below(draw.uniform(seed, "letter:days", key), 12),
    }
    raw = draw.settled(
        troubles,
        {
            "_letter": letters.complaint(
                draw.uniform(seed, "letter", key), language=F.col("language"), trouble=F.col("trouble")
            ),
            "_reply": letters.answer(
                draw.uniform(seed, "letter:answer", key), language=F.col("language"), is_solved=F.col("is_solved")
            ),
        },
    )
    return raw.select(
        "*",
        letters.filled(F.col("_letter"), **slots).alias("letter"),
        letters.filled(F.col("_reply"), **slots).alias("reply"),
    )


def _article(spoken: list[str]) -> Column:
    """Return the name of the first article of an order, by its number among all."""
    gtins = [product.gtin for product in products()]
    table = F.str_to_map(
        F.lit("|".join(f"{gtin}={name}" for gtin, name in zip(gtins, spoken, strict=True))), F.lit("\\|"), F.lit("=")
    )
    return F.try_element_at(table, F.get("lines", F.lit(0))["gtin"])


def _states() -> tuple[Column, ...]:
    """Return the states of a ticket, each with the comments it has by then."""
    closed_ms = F.col("closed_ms")
    closed = F.when(F.col("is_solved"), _state("solved", closed_ms, 2)).otherwise(_state("closed", closed_ms, 2))
    reopened = F.when(F.col("is_reopened"), _state("reopened", closed_ms + DAY_MS, 3))
    new, opened = _state("new", F.col("trouble_ms"), 1), _state("open", F.col("first_answer_ms"), 2)
    return new, opened, closed, reopened


def _state(name: str, at_ms: Column, comments: int) -> Column:
    return F.struct(F.lit(name).alias("state"), at_ms.alias("state_ms"), F.lit(comments).alias("comment_count"))


def _requester(seed: int) -> Column:
    person = F.col("person")
    is_known = books.is_in(seed, person, books.SERVICE)
    return F.struct(
        F.when(is_known, books.native_id(seed, person, number=books.SERVICE)).alias("contact_id"),
        F.coalesce("typed_mail", "email").alias("email"),
        F.concat_ws(" ", "given_name", "family_name").alias("name"),
    )


def _comments() -> Column:
    each = (
        _comment("customer", F.col("trouble_ms"), F.col("letter"), 1),
        _comment("agent", F.col("first_answer_ms"), F.col("reply"), 2),
        _comment("customer", F.col("closed_ms") + DAY_MS, F.col("letter"), 3),
    )
    return F.array_compact(F.array(*each))


def _comment(author: str, at_ms: Column, text: Column, turn: int) -> Column:
    comment = F.struct(F.lit(author).alias("author"), clocks.iso(at_ms).alias("at"), text.alias("body"))
    return F.when(F.col("comment_count") >= turn, comment)


def _ticket_id() -> Column:
    return F.concat(F.lit("T-"), F.lpad(F.conv(F.hex(F.shiftrightunsigned("trouble_key", 4)), 16, 10), 19, "0"))


def _of(column: str, table: dict[str, float]) -> Column:
    return draw.lookup_real(tuple(table.values()), draw.number_of(tuple(table), F.col(column)))
