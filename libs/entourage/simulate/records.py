"""Write people into the books of a CRM, a billing system, a service desk and a newsletter tool, with their errors.

in: persons ▶ out: records, all systems in one frame, then one frame a system in its own wire columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import accounts, draw, noise
from entourage.simulate.params import SimulateParams


@dataclass(frozen=True)
class System:
    """One source system: who is in it, and how well it is kept.

    Attributes:
        name: of the system.
        share: of the persons who are in it.
        twice: of those, who are in it a second time.
        typos: share of names with an error.
        stale: share of its records that still hold an old address or a birth name.
        nickname_share: share of its records that know a person by nickname.
        no_mail: share of its records without an e-mail address.
    """

    name: str
    share: float
    twice: float
    typos: float
    stale: float
    nickname_share: float
    no_mail: float


SYSTEMS = (
    System("crm", share=0.78, twice=0.09, typos=0.05, stale=0.4, nickname_share=0.10, no_mail=0.18),
    System("billing", share=0.66, twice=0.05, typos=0.03, stale=0.2, nickname_share=0.03, no_mail=0.20),
    System("service", share=0.52, twice=0.12, typos=0.09, stale=0.5, nickname_share=0.14, no_mail=0.18),
    System("newsletter", share=0.55, twice=0.08, typos=0.06, stale=0.7, nickname_share=0.13, no_mail=0.0),
)
CRM, BILLING, SERVICE, NEWSLETTER = range(len(SYSTEMS))  # their numbers
PRIMES = (6_700_417, 15_485_863, 32_452_843, 49_979_687)
HISTORY_DAYS = 1_400
SHARE_OF_SHARED_CARDS = 0.08
FIELDS = ("first", "last", "line", "city", "mail", "tel")
ISO = "yyyy-MM-dd'T'HH:mm:ss'Z'"


def records(persons: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Write persons into the systems, as the systems' people heard, typed and kept them.

    Returns:
        One row a record, key `system`, `native_id`; with `person` (truth), and the spoiled fields that all systems
        draw from.
    """
    known = _known(_held(persons, seed=params.seed))
    return _styled(_misspelled(known), start=str(params.start))


def crm(records: DataFrame) -> DataFrame:
    """Return the CRM's export, one row a customer, with `person` (truth)."""
    swapped = draw.bits_as_uniform(F.col("extra_bits"), 0, 12) < 0.015
    return records.where(F.col("system") == "crm").select(
        "person",
        F.col("native_id").alias("customer_no"),
        F.when(swapped, F.col("last")).otherwise(F.col("first")).alias("first_name"),
        F.when(swapped, F.col("first")).otherwise(F.col("last")).alias("last_name"),
        F.col("mail").alias("email"),
        F.col("tel").alias("phone"),
        F.col("line").alias("street"),
        "postcode",
        "city",
        "country",
        F.date_format("born", "yyyy-MM-dd").alias("birthdate"),
        _known_in(0.8, 12, F.when(F.col("is_male"), "M").otherwise("F")).alias("gender"),
        _known_in(0.4, 20, F.col("company")).alias("company"),
        _known_in(0.5, 28, _household_number()).alias("household_no"),
        _known_in(0.45, 36, _loyalty_number()).alias("loyalty_no"),
        "language",
        F.date_format("changed_at", ISO).alias("modified"),
    )


def billing(records: DataFrame) -> DataFrame:
    """Return the billing system's export, one row an account, with `person` (truth)."""
    return records.where(F.col("system") == "billing").select(
        "person",
        F.col("native_id").alias("account"),
        F.concat_ws(" ", F.upper("last"), "first").alias("name"),
        "mail",
        "tel",
        F.col("line").alias("address_line"),
        F.col("postcode").alias("zip"),
        F.col("city").alias("town"),
        "country",
        F.date_format("born", "dd/MM/yyyy").alias("dob"),
        _known_in(0.3, 36, _loyalty_number()).alias("loyalty_card"),
        F.unix_timestamp("changed_at").alias("updated"),
    )


def service(records: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return the service desk's export, one row a contact, with `person` (truth)."""
    return records.where(F.col("system") == "service").select(
        "person",
        F.col("native_id").alias("contact_id"),
        F.concat_ws(" ", "first", "last").alias("full_name"),
        F.col("mail").alias("email"),
        F.col("tel").alias("mobile"),
        _known_in(0.65, 12, F.col("city")).alias("city"),
        _stated_account(params).alias("social"),
        F.date_format("changed_at", ISO).alias("last_contact"),
    )


def newsletter(records: DataFrame) -> DataFrame:
    """Return the newsletter tool's export, one row a subscriber, with `person` (truth)."""
    return records.where(F.col("system") == "newsletter").select(
        "person",
        F.col("native_id").alias("subscriber_id"),
        F.col("mail").alias("email"),
        F.col("first").alias("first_name"),
        _known_in(0.55, 12, F.col("last")).alias("last_name"),
        _known_in(0.5, 20, F.col("postcode")).alias("postcode"),
        F.col("language").alias("lang"),
        F.date_format("changed_at", ISO).alias("subscribed_at"),
    )


def _held(persons: DataFrame, *, seed: int) -> DataFrame:
    """Return one row a record, with the habits of its system and the random bits of its fields."""
    person = F.col("person")
    systems = F.array(*(_system(seed, number, system, person) for number, system in enumerate(SYSTEMS)))
    held = persons.select("*", F.inline(F.flatten(systems)))
    key = person * 16 + F.col("number") * 2 + F.col("copy")
    bits = {f"{field}_bits": draw.key(seed, f"record:{field}", key) for field in (*FIELDS, "belief", "extra", "born")}
    style = {f"{field}_style": draw.key(seed, f"record:style:{field}", key) for field in FIELDS}
    native = native_id(seed, person, number=F.col("number"), copy=F.col("copy"))
    return draw.settled(held, {"native_id": native, **bits, **style})


def native_id(seed: int, person: Column, *, number: Column | int, copy: Column | int = 0) -> Column:
    """Return the id that a person's record has in one of SYSTEMS, by its number there."""
    # Each system counts with a prime of its own, a permutation: its numbers tell nothing of the other systems'.
    index = number if isinstance(number, Column) else F.lit(number)
    prime = draw.lookup_number(PRIMES, index)
    serial = ((person * 2 + copy) * prime + prime % 1_000_003 * (seed % 1_000)) % 10**10
    initial = draw.lookup([system.name[0].upper() for system in SYSTEMS], index)
    return F.concat(initial, F.lpad(serial.cast("string"), 10, "0"))


def is_in(seed: int, person: Column, number: int) -> Column:
    """Tell whether a person is in one of SYSTEMS."""
    return draw.uniform(seed, "record:in", person, number) < SYSTEMS[number].share


def _system(seed: int, number: int, system: System, person: Column) -> Column:
    """Return the array of a person's records in one system: none, one or two."""
    is_held = is_in(seed, person, number)
    is_twice = draw.uniform(seed, "record:twice", person, number) < system.twice
    habits = [
        F.lit(value).alias(name) for name, value in vars(system).items() if name not in {"name", "share", "twice"}
    ]
    copies = [
        F.struct(F.lit(system.name).alias("system"), F.lit(number).alias("number"), F.lit(copy).alias("copy"), *habits)
        for copy in (0, 1)
    ]
    none = F.slice(F.array(copies[0]), 1, 0)
    return F.when(is_held & is_twice, F.array(*copies)).when(is_held, F.array(copies[0])).otherwise(none)


def _known(held: DataFrame) -> DataFrame:
    """Add what the system believes before any slip of the pen: nickname, birth name, old address, another mailbox."""
    belief = F.col("belief_bits")
    is_stale = draw.bits_as_uniform(belief, 0, 12) < F.col("stale")
    goes_by_nickname = draw.bits_as_uniform(belief, 12, 12) < F.col("nickname_share")
    line = draw.bits_as_uniform(belief, 34, 10)
    place = F.when(is_stale & F.col("moved_on").isNotNull(), F.col("old_address")).otherwise(F.col("address"))
    first = F.when(goes_by_nickname, F.coalesce("nickname", "given_name")).otherwise(F.col("given_name"))
    return held.select(
        *_CARRIED,
        place.alias("place"),
        first.alias("first"),
        F.when(is_stale, F.col("birth_family_name")).otherwise(F.col("family_name")).alias("last"),
        _mailbox(draw.bits_as_uniform(belief, 24, 10)).alias("mail"),
        F.when(line < 0.8, F.col("phone")).otherwise(F.col("household_phone")).alias("tel"),
    )


def _mailbox(u: Column) -> Column:
    """Return one of a person's mailboxes: the first, the second, the family's, or a role address of the company."""
    family = F.regexp_replace(F.lower("family_name"), "[^a-z]", "")
    company = F.regexp_replace(F.lower("company"), "[^a-z]", "")
    familys = F.concat(F.lit("famille."), family, F.col("household").cast("string"), F.lit("@courriel.example"))
    role = F.concat(F.lit("contact@"), company, F.lit(".example"))
    return (
        F.when(u < 0.72, F.col("email"))
        .when(u < 0.90, F.col("second_email"))
        .when(u < 0.96, familys)
        .otherwise(F.coalesce(role, F.col("email")))
    )


_BITS = tuple(f"{field}_{part}" for field in FIELDS for part in ("bits", "style"))
_CARRIED = (
    "person", "household", "system", "native_id", "country", "language", "is_male", "company", "birth_date", "typos",
    "no_mail", "extra_bits", "born_bits", *_BITS,
)  # fmt: skip


def _misspelled(known: DataFrame) -> DataFrame:
    shares = {"first": 1.0, "last": 1.0, "line": 1.0, "city": 0.5, "mail": 0.5, "tel": 0.5}
    placed = known.select("*", "place.line", "place.postcode", "place.city").drop("place")
    others = [name for name in placed.columns if name not in FIELDS]
    spoiled = (
        noise.misspelled(F.col(field), F.col(f"{field}_bits"), share=F.col("typos") * shares[field]).alias(field)
        for field in FIELDS
    )
    return placed.select(*others, *spoiled)


def _styled(misspelled: DataFrame, *, start: str) -> DataFrame:
    carried = ("person", "household", "system", "native_id", "country", "language", "is_male", "company")
    styled = {
        field: noise.restyled(F.col(field), F.col(f"{field}_style")) for field in ("first", "last", "line", "city")
    }
    has_address = draw.bits_as_uniform(F.col("line_style"), 12, 12) >= 0.08
    first = noise.junk(styled["first"], F.col("first_style"), values=noise.JUNK_NAMES, share=0.006)
    age = draw.below(draw.bits_as_uniform(F.col("extra_bits"), 44, 19), HISTORY_DAYS * 86_400)
    return misspelled.select(
        *carried,
        "extra_bits",
        "born_bits",
        first.alias("first"),
        styled["last"].alias("last"),
        F.when(has_address, styled["line"]).alias("line"),
        F.when(has_address, F.col("postcode")).alias("postcode"),
        F.when(has_address, styled["city"]).alias("city"),
        _mail(F.col("mail"), F.col("mail_style")).alias("mail"),
        _tel(F.col("tel"), F.col("tel_style")).alias("tel"),
        _born(F.col("birth_date"), F.col("born_bits")).alias("born"),
        F.timestamp_seconds(F.unix_timestamp(F.lit(start).cast("timestamp")) - age).alias("changed_at"),
    )


def _mail(mail: Column, bits: Column) -> Column:
    styled = F.when(draw.bits_as_uniform(bits, 0, 12) < 0.04, F.upper(mail)).otherwise(mail)
    present = noise.missing(styled, bits, share=F.col("no_mail"))
    return noise.junk(present, bits, values=noise.JUNK_EMAILS, share=0.015)


def _tel(tel: Column, bits: Column) -> Column:
    """Return a number as people write it: with blanks, dots, a country code, or none of these."""
    u = draw.bits_as_uniform(bits, 0, 12)
    code = F.when(F.col("country") == "FR", "33").when(F.col("country") == "GB", "44").otherwise("1")
    in_pairs = F.regexp_replace(tel, r"(\d\d)(?=\d)", "$1 ")
    in_groups = F.regexp_replace(tel, r"^(\d{3,5}?)(\d{3})(\d{3,4})$", "$1 $2 $3")
    grouped = F.when(F.col("country") == "FR", in_pairs).otherwise(in_groups)
    abroad = F.concat(F.when(u < 0.93, "+").otherwise("00"), code, F.regexp_replace(tel, "^0", ""))
    styled = F.when(u < 0.40, tel).when(u < 0.75, F.when(u < 0.65, grouped).otherwise(F.translate(grouped, " ", ".")))
    present = noise.missing(styled.otherwise(abroad), bits, share=0.25)
    return noise.junk(present, bits, values=noise.JUNK_PHONES, share=0.012)


def _born(born: Column, bits: Column) -> Column:
    """Return a date of birth: missing, defaulted to 1900, with day and month exchanged, or a day or a year off."""
    u = draw.bits_as_uniform(bits, 0, 16)
    exchanged = F.make_date(F.year(born), F.least(F.dayofmonth(born), F.lit(12)), F.month(born))
    return (
        F.when(u < 0.20, F.lit(None).cast("date"))
        .when(u < 0.22, F.lit("1900-01-01").cast("date"))
        .when((u < 0.235) & (F.dayofmonth(born) <= 12), exchanged)
        .when(u < 0.25, F.date_add(born, 1))
        .when(u < 0.26, F.add_months(born, 12))
        .otherwise(born)
    )


def _known_in(share: float, shift: int, value: Column) -> Column:
    """Return a value that a share of the records has; `shift` tells which of the record's random bits decide."""
    return F.when(draw.bits_as_uniform(F.col("extra_bits"), shift, 8) < share, value)


def _loyalty_number() -> Column:
    """Return the number of a loyalty card; some use that of the head of their household."""
    is_shared = draw.bits_as_uniform(F.col("born_bits"), 20, 10) < SHARE_OF_SHARED_CARDS
    return loyalty_number(F.when(is_shared, F.col("household")).otherwise(F.col("person")))


def loyalty_number(holder: Column) -> Column:
    """Return the number of a person's loyalty card."""
    return F.concat(F.lit("L"), F.lpad(((holder + 17) * 7_368_787 % 10**9).cast("string"), 9, "0"))


def _household_number() -> Column:
    return F.concat(F.lit("H"), F.lpad(((F.col("household") + 5) * 5_915_587 % 10**9).cast("string"), 9, "0"))


def _stated_account(params: SimulateParams) -> Column:
    """Return the account that a caller named in a form; almost nobody does."""
    owner = accounts.entity(accounts.PERSON, F.col("person"))
    has_x = accounts.has_account(params.seed, "x", owner)
    native = accounts.native_id(params.seed, F.lit("x"), owner, start_ms=accounts.epoch_ms(params))
    return _known_in(0.06, 20, F.when(has_x, accounts.account_id(F.lit("x"), native)))
