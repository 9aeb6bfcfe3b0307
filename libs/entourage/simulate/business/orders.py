"""Write out the orders that happen: where, what, for how much, and what comes back.

in: outcomes, persons ▶ out: orders with their lines. Money is in cents of the order's currency.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import clocks, draw
from entourage.simulate import records as books
from entourage.simulate.accounts import DAY_MS, date_of, day_ms, epoch_ms
from entourage.simulate.business.catalog import campaigns, currency, departments, friends_program, products, stores
from entourage.simulate.business.demand import is_in
from entourage.simulate.business.occasions import SLOT_DAYS, is_running
from entourage.simulate.business.scenarios import ACTUAL, REFERRAL
from entourage.simulate.params import SimulateParams
from entourage.simulate.people import TOPIC_NAMES
from entourage.simulate.places import COUNTRIES, utc_offset

PLACES = ("web", "store", "app", "phone")
PLACE_SHARES = (0.42, 0.42, 0.11, 0.05)
FASHION = TOPIC_NAMES.index("fashion")
SERIAL_PRIME = 700_001
CODE_PRIME = 86_028_121
# By department: chance that an order comes back in part; lines beyond the first, on average.
RETURNED = {"cars": 0.01, "phones": 0.06, "fashion": 0.18, "food": 0.01, "travel": 0.04, "beauty": 0.04, "home": 0.08}
MORE_LINES = {"cars": 0.05, "phones": 0.3, "fashion": 0.9, "food": 2.2, "travel": 0.3, "beauty": 1.1, "home": 0.7}
RETURN_REASONS = ("changed my mind", "damaged", "not as described", "late")
SIZE_REASONS = ("too small", "too large")  # of half of the clothes that come back
USES_CODE = 0.6  # of those whom a friend prompted; and of those with a friend who had ordered:
USES_CODE_ANYWAY = 0.15
CODE_HOLDERS = 0.6  # of the customers in the CRM
CLEARS, CLEARED_DAYS = 0.35, 180  # share of the devices whose cookies are cleared, and how often
CORRECTED = 0.015
TYPED = ("given_name", "family_name", "email", "second_email", "phone")
VOID = 0.006


def orders(outcomes: DataFrame, persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Make the orders that happen.

    Returns:
        One row an order, key `order_id`; `person` (truth), what the person types or shows, place, store,
        currency, campaign, referral_code, `lines` (line, code, gtin, quantity, unit_cents) and `first_lines` before any
        correction, total_cents, returned_day (NULL: kept), return_reason, is_corrected, is_void, occurred_ms,
        received_ms.
    """
    happened = outcomes.where(is_in(F.col("mask"), ACTUAL))
    named = happened.alias("o").join(persons.alias("p"), on=F.col("o.person") == F.col("p.person"), how="inner")
    known = named.select("o.*", *(f"p.{name}" for name in TYPED), _lived(params).alias("postcode"))
    return _dated(
        _priced(_settled_up(_recognized(_placed(known, seed=params.seed), params=params), seed=params.seed)),
        params=params,
    )


def order_id(params: SimulateParams) -> Column:
    """Return an order's number, from `person` and `day`: a permutation, hence no two alike."""
    slot = F.floor((F.col("day") + epoch_ms(params) // DAY_MS) / SLOT_DAYS)
    serial = (F.col("person") * 10_000 + slot) * SERIAL_PRIME % 10**13
    return F.concat(F.lit("LU"), F.lpad(serial.cast("string"), 13, "0"))


def code(person: Column) -> Column:
    """Return the code that a person gives to friends."""
    serial = (person + 11) * CODE_PRIME % (36**6)
    return F.concat(F.lit("AMI-"), F.lpad(F.upper(F.conv(serial.cast("string"), 10, 36)), 6, "0"))


def _lived(params: SimulateParams) -> Column:
    """Return the postcode where a person lived on the day of an order."""
    is_before = date_of(params, F.col("o.day")) < F.col("p.moved_on")
    return F.when(is_before, F.col("p.old_address.postcode")).otherwise(F.col("p.address.postcode"))


def _placed(named: DataFrame, *, seed: int) -> DataFrame:
    """Add where it was ordered: most go to the shop that they are used to."""
    person, country = F.col("person"), draw.number_of(COUNTRIES, F.col("country"))
    shops = [store for country in COUNTRIES for store in stores(country)]
    firsts = [sum(len(stores(country)) for country in COUNTRIES[:n]) for n in range(len(COUNTRIES))]
    counts = draw.lookup_number([len(stores(country)) for country in COUNTRIES], country)
    is_usual = _u(seed, "shop?") < 0.85
    shop = F.when(is_usual, draw.uniform(seed, "order:shop", person)).otherwise(_u(seed, "shop"))
    index = draw.lookup_number(firsts, country) + draw.below(shop, counts)
    place = draw.choose(PLACES, _u(seed, "place"), weights=PLACE_SHARES)
    return draw.settled(named, {"place": place, "store": F.when(place == "store", draw.lookup(shops, index))})


def _recognized(placed: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Add what the house knows the person by: number, address, telephone, card, device; and the codes he gives."""
    seed, person, place = params.seed, F.col("person"), F.col("place")
    is_remote, is_online = place != "store", place.isin("web", "app")
    logs_in = books.is_in(seed, person, books.CRM) & (_u(seed, "login") < 0.7)
    typed = F.when(_u(seed, "mail") < 0.9, F.col("email")).otherwise(F.col("second_email"))
    tells_phone = (place == "phone") | (is_remote & (_u(seed, "tel") < 0.4))
    shows_card = (draw.uniform(seed, "order:card", person) < 0.5) & (_u(seed, "card") < 0.8)
    number = 1 + draw.below(_u(seed, "device"), F.col("devices"))
    return placed.select(
        "*",
        F.when(is_remote & logs_in, books.native_id(seed, person, number=books.CRM)).alias("customer_no"),
        F.when(is_online, typed).alias("typed_mail"),
        F.when(tells_phone, F.col("phone")).alias("typed_phone"),
        F.when(~is_remote & shows_card, books.loyalty_number(person)).alias("loyalty_no"),
        F.when(is_online, device(seed, person, number, day=F.col("day"))).alias("device_id"),
        _campaign().alias("campaign"),
        _friends_code(_u(seed, "code"), params=params).alias("referral_code"),
    )


def _settled_up(recognized: DataFrame, *, seed: int) -> DataFrame:
    """Add what becomes of the order: corrected, void, or back in part."""
    comes_back = _u(seed, "returned") < _of_department(RETURNED)
    is_size = (F.col("department") == FASHION) & (_u(seed, "size") < 0.5)
    reasons = (draw.choose(each, _u(seed, "reason")) for each in (SIZE_REASONS, RETURN_REASONS))
    by_size, other = reasons
    return recognized.select(
        "*",
        (_u(seed, "corrected") < CORRECTED).alias("is_corrected"),
        (_u(seed, "void") < VOID).alias("is_void"),
        F.when(is_size, by_size).otherwise(other).alias("return_reason"),
        F.when(comes_back, F.col("day") + 3 + draw.below(_u(seed, "returned:day"), 24)).alias("returned_day"),
        draw.key(seed, "order:articles", F.col("occasion_key")).alias("line_bits"),
        _u(seed, "lines").alias("line_u"),
    )


def _u(seed: int, stream: str) -> Column:
    return draw.uniform(seed, f"order:{stream}", F.col("occasion_key"))


def device(seed: int, person: Column, number: Column | int, *, day: Column) -> Column:
    """Return the id by which the web shop knows one of a person's devices on a day: some clear their cookies."""
    clears = draw.uniform(seed, "device:clears", person, number) < CLEARS
    offset = draw.below(draw.uniform(seed, "device:offset", person, number), CLEARED_DAYS)
    era = F.when(clears, F.floor((day + offset) / CLEARED_DAYS)).otherwise(0)
    return F.lower(F.lpad(F.hex(draw.key(seed, "device", person, number, era)), 16, "0"))


def holds_code(seed: int, person: Column) -> Column:
    """Tell whether a person has a code to give to friends."""
    return books.is_in(seed, person, books.CRM) & (draw.uniform(seed, "code", person) < CODE_HOLDERS)


def _campaign() -> Column:
    """Return the campaign whose discount the person uses: the latest that was noticed."""
    turns = [F.when(F.col(f"n_{each.id}") & F.lit(each.discount > 0), F.lit(each.id)) for each in reversed(campaigns())]
    return F.coalesce(*turns)


def _friends_code(u: Column, *, params: SimulateParams) -> Column:
    friends = friends_program()
    if not (params.has(friends.mechanism) and params.has(REFERRAL)):
        return F.lit(None).cast("string")
    was_prompted = F.col("because_of_key").isNotNull() & ~is_in(F.col("mask"), REFERRAL)
    uses = F.when(was_prompted, u < USES_CODE).otherwise(u < USES_CODE_ANYWAY)
    friend = F.col("because_of_person")
    may = friend.isNotNull() & holds_code(params.seed, friend) & is_running(friends)
    return F.when(may & uses, code(friend))


def _priced(placed: DataFrame) -> DataFrame:
    """Add what was bought, and its price in the country's money."""
    first, count = _ranges()
    more = draw.geometric(F.col("line_u"), mean=_of_department(MORE_LINES))
    department = F.col("department")
    rate = draw.lookup_number(
        [round(currency(country)[1] * 1_000) for country in COUNTRIES], draw.number_of(COUNTRIES, F.col("country"))
    )
    reduced = F.coalesce(
        draw.lookup_number(
            [round(each.discount * 100) for each in campaigns()],
            draw.number_of([each.id for each in campaigns()], F.col("campaign")),
        ),
        F.when(F.col("referral_code").isNotNull(), round(100 * friends_program().discount)),
        F.lit(0),
    )
    settled = draw.settled(
        placed,
        {
            "line_count": F.least(F.lit(7), more) + 1,
            "rate": rate,
            "discount": reduced,
            "first": draw.lookup_number(first, department),
            "count": draw.lookup_number(count, department),
        },
    )
    lines = F.transform(F.sequence(F.lit(1), F.col("line_count")), _line)
    # A corrected order loses its last line.
    kept = F.when(F.col("is_corrected") & (F.col("line_count") > 1), F.slice("first_lines", 1, F.col("line_count") - 1))
    with_lines = settled.withColumn("first_lines", lines).withColumn("lines", F.coalesce(kept, F.col("first_lines")))
    money = draw.lookup([currency(country)[0] for country in COUNTRIES], draw.number_of(COUNTRIES, F.col("country")))
    return with_lines.select("*", total_cents(F.col("lines")).alias("total_cents"), money.alias("currency")).drop(
        "first", "count", "rate"
    )


def total_cents(lines: Column) -> Column:
    """Return what the lines of an order cost together."""
    return F.aggregate(lines, F.lit(0).cast("bigint"), lambda sum_, line: sum_ + line.quantity * line.unit_cents)


def _line(number: Column) -> Column:
    """Return one line of an order: the cheaper articles and smaller sizes are bought more often."""
    u = draw.bits_as_uniform(F.xxhash64(F.col("line_bits"), number), 11, 40)
    index = F.col("first") + F.floor(F.pow(u, F.lit(1.3)) * F.col("count"))
    bits = F.xxhash64(F.col("line_bits"), number, F.lit(1))
    often = draw.lookup_number([int(department.rate > 3) for department in departments()], F.col("department"))
    quantity = 1 + F.floor(draw.bits_as_uniform(bits, 0, 16) * draw.bits_as_uniform(bits, 16, 16) * (1 + 3 * often))
    cents = draw.lookup_number([product.price_cents for product in products()], index)
    return F.struct(
        number.alias("line"),
        draw.lookup([product.code for product in products()], index).alias("code"),
        draw.lookup([product.gtin for product in products()], index).alias("gtin"),
        quantity.cast("int").alias("quantity"),
        F.floor(cents * F.col("rate") * (100 - F.col("discount")) / 100_000).cast("bigint").alias("unit_cents"),
    )


def _dated(priced: DataFrame, *, params: SimulateParams) -> DataFrame:
    seed, key = params.seed, F.col("occasion_key")
    shift = F.col("owl_hours") - utc_offset(F.col("country"))
    opened = clocks.local_ms(seed, "order", key, shift_hours=shift)
    # Shops open at ten and close at eight.
    in_shop = (
        (10.0 - utc_offset(F.col("country")) + 10.0 * draw.uniform(seed, "order:shop:hour", key)) * clocks.HOUR_MS
    ).cast("bigint")
    within = F.when(F.col("place") == "store", in_shop).otherwise(opened)
    occurred = (day_ms(params, F.col("day")) + within).cast("bigint")
    return draw.settled(priced, {"order_id": order_id(params), "occurred_ms": occurred}).select(
        "*", nightly_ms(seed, "order", key, F.col("occurred_ms")).alias("received_ms")
    )


def nightly_ms(seed: int, stream: str, key: Column, occurred: Column) -> Column:
    """Return when a nightly export brings an event: at two the next morning, or days late in a few cases."""
    days_late = F.when(
        draw.uniform(seed, f"{stream}:late?", key) < clocks.LATE,
        1 + draw.below(draw.uniform(seed, f"{stream}:late", key), 6),
    ).otherwise(0)
    return ((F.floor(occurred / DAY_MS) + 1 + days_late) * DAY_MS + 2 * clocks.HOUR_MS).cast("bigint")


def _of_department(table: dict[str, float]) -> Column:
    return draw.lookup_real([table[each.name] for each in departments()], F.col("department"))


def _ranges() -> tuple[list[int], list[int]]:
    """Return where each department's articles begin in `products`, and how many they are."""
    each = [
        [n for n, product in enumerate(products()) if product.department == number]
        for number in range(len(departments()))
    ]
    return [numbers[0] for numbers in each], [len(numbers) for numbers in each]
