"""Bring e-mail addresses, telephone numbers, postal lines and dates to one form, and drop junk.

in: Columns as systems write them ▶ out: Columns that are equal where the thing is; NULL for junk, by rule.
"""

from __future__ import annotations

import functools

import pandas as pd
import phonenumbers
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.types import ArrayType, StringType

from entourage.identity.names import empty_as_null, fold, let

ROLES = (
    "info|infos|contact|contacts|admin|administrator|noreply|no-reply|donotreply|do-not-reply|sales|support|hello|bonjour"
    "|accueil|office|postmaster|webmaster|hostmaster|newsletter|marketing|service|services|billing|compta|comptabilite"
    "|facturation|help|jobs|rh|hr|team|press|presse|secretariat|abuse|root"
)
_JUNK_LOCALS = (
    "test|tests|testing|tester|example|exemple|none|null|nil|na|nomail|noemail|no-email|sansmail|sans-mail|pasdemail"
    "|unknown|inconnu|xxx|xx|x|a|aa|aaa|abc|asdf|qwerty|azerty|dummy|fake|toto|foo|bar|email|mail|user|nobody|anonymous"
)
_JUNK_DOMAINS = (
    "test|test.com|test.fr|a.com|aa.com|aaa.com|none.com|nomail.com|noemail.com|null.com|mail.mail|email.email|toto.fr"
)
_DOTLESS = ("gmail.com", "googlemail.com")
_REGIONS = {
    "FR": "fr|fra|france",
    "GB": "gb|gbr|uk|united kingdom|great britain|england|scotland|wales|royaume uni|angleterre",
    "US": "us|usa|united states|united states of america|etats unis",
    "CA": "ca|can|canada",
    "BE": "be|bel|belgium|belgique",
    "CH": "ch|che|switzerland|suisse",
    "DE": "de|deu|germany|allemagne",
    "IE": "ie|irl|ireland|irlande",
    "ES": "es|esp|spain|espagne",
    "IT": "it|ita|italy|italie",
    "LU": "lu|lux|luxembourg",
    "NL": "nl|nld|netherlands|pays bas",
    "PT": "pt|prt|portugal",
    "AU": "au|aus|australia|australie",
    "NZ": "nz|nzl|new zealand",
}
_STREET_WORDS = (
    "street|str|st|road|rd|avenue|ave|av|boulevard|blvd|bd|bld|lane|ln|drive|dr|court|ct|close|cl|place|pl|square|sq"
    "|terrace|tce|crescent|cres|cr|circuit|cct|parade|pde|way|highway|hwy|grove|gr|gardens|gdns|rue|r|chemin|che|chem|ch"
    "|allee|allees|all|impasse|imp|route|rte|quai|cours|faubourg|fbg|fg|ruelle|sentier|villa|cite|residence|res|hameau"
    "|passage|pass|de|du|des|d|la|le|les|l|the|of|bis|ter|quater|apt|apartment|appt|appartement|flat|unit|bat|batiment|suite"
)


def clean_email(email: Column) -> Column:
    """Return an address in lower case, by its provider's rules; junk and malformed ones are NULL.

    A part after + names no other mailbox; Gmail ignores dots. Role addresses (info@) stay: see `is_role`.
    """
    return let(F.lower(F.trim(F.regexp_replace(email, r"^(?i:mailto:)", ""))), _mailbox)


def _mailbox(lowered: Column) -> Column:
    local = F.regexp_replace(F.regexp_extract(lowered, r"^([^@]+)@", 1), r"\+.*$", "")
    domain = F.regexp_extract(lowered, r"@([^@]+)$", 1)
    parts = F.struct(local.alias("local"), domain.alias("domain"))
    is_valid = lowered.rlike(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$")
    return F.when(is_valid, let(parts, lambda box: F.when(~_is_junk(box), _address(box))))


def _address(box: Column) -> Column:
    is_dotless = box["domain"].isin(*_DOTLESS)
    bare = F.concat(F.replace(box["local"], F.lit("."), F.lit("")), F.lit(f"@{_DOTLESS[0]}"))
    return F.when(is_dotless, bare).otherwise(F.concat(box["local"], F.lit("@"), box["domain"]))


def _is_junk(box: Column) -> Column:
    local, domain = box["local"], box["domain"]
    is_junk_local = local.rlike(rf"^(?:{_JUNK_LOCALS})\d{{0,3}}$") | local.rlike(r"^(.)\1{2,}$") | (local == "")
    return is_junk_local | domain.rlike(rf"^(?:{_JUNK_DOMAINS})$")


def is_role(email: Column) -> Column:
    """Tell whether an address is a desk's (info@, contact@), not a person's."""
    return email.rlike(rf"^(?:{ROLES})\d{{0,2}}@")


def region_of(country: Column, *, default: str) -> Column:
    """Return the ISO 3166 alpha-2 code of a country written in French, English or code."""

    def coded(folded: Column) -> Column:
        region = F.lit(default)
        for code, words in _REGIONS.items():
            region = F.when(folded.isin(*words.split("|")), F.lit(code)).otherwise(region)
        return region

    return let(fold(country), coded)


# A number that its country's plan does not know may be of one of these: systems often know no country.
_PLANS = ("FR", "GB", "US")


@functools.lru_cache(maxsize=100_000)
def _e164(text: str, region: str) -> str | None:
    digits = "".join(character for character in text if character.isdigit())
    if (
        len(digits) < 7
        or len(set(digits[-7:])) == 1
        or digits.lstrip("0") == ""
        or digits.endswith(("1234567", "123456789"))
    ):
        return None
    possible = []
    for plan in dict.fromkeys((region, *_PLANS)):
        try:
            number = phonenumbers.parse(text, plan)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if phonenumbers.is_possible_number(number):
            possible.append(number)
    return phonenumbers.format_number(possible[0], phonenumbers.PhoneNumberFormat.E164) if possible else digits


# A pandas UDF because phonenumbers' plans of 240 countries have no native expression. Measured: 36 µs a distinct
# number, thrice that where its country does not know it: about a second for 30,000 records.
@pandas_udf(ArrayType(StringType()))  # type: ignore[call-overload,untyped-decorator]
def clean_phones(phones: pd.Series, region: pd.Series) -> pd.Series:
    """Return numbers in E.164, read in the record's country; junk is left out, the unreadable keeps its digits."""
    cleaned = [
        sorted({number for text in texts if text and (number := _e164(text, code))}) if texts is not None else []
        for texts, code in zip(phones, region, strict=True)
    ]
    return pd.Series(cleaned, dtype=object)


def clean_birth_date(birth_date: Column) -> Column:
    """Return a date of birth; placeholders (1 January 1900, 1 January 1970) and impossible years are NULL."""
    placeholders = ("1900-01-01", "1900-01-02", "1901-01-01", "1970-01-01", "1111-11-11", "1899-12-30", "1899-12-31")
    is_junk = birth_date.cast("string").isin(*placeholders) | ~F.year(birth_date).between(1880, 2100)
    return F.when(~is_junk, birth_date)


def clean_postcode(postcode: Column) -> Column:
    """Return a postcode's letters and digits, folded; all zeros or nines are NULL."""
    compact = F.replace(fold(postcode), F.lit(" "), F.lit(""))
    return let(compact, lambda code: F.when(~code.rlike(r"^(?:0+|9{4,}|x+|na|none|null)$"), code))


def clean_city(city: Column) -> Column:
    """Return a city folded, `st` written out, districts and CEDEX left out; junk is NULL."""
    name = F.regexp_replace(fold(city), r"\b(?:cedex|\p{N}+(?:er|e|eme)?|arrondissement)\b", " ")
    name = F.regexp_replace(F.regexp_replace(name, r"\bst\b", "saint"), r"\bste\b", "sainte")
    name = empty_as_null(F.trim(F.regexp_replace(name, r"\s+", " ")))
    junk = ("unknown", "inconnu", "na", "n a", "none", "null", "xxx", "test")
    return let(name, lambda place: F.when(~place.isin(*junk), place))


def street_number(line: Column) -> Column:
    """Return the first number of a street line, leading zeros dropped; NULL where there is none."""
    return empty_as_null(F.regexp_extract(fold(line), r"\b0*(\d{1,5})(?:\s?[a-f])?\b", 1))


def street_name(line: Column) -> Column:
    """Return a street line's telling words (numbers, types, articles left out), joined by spaces."""
    words = F.regexp_replace(fold(line), rf"\b(?:\S*\d\S*|{_STREET_WORDS})\b", " ")
    return empty_as_null(F.trim(F.regexp_replace(words, r"\s+", " ")))
