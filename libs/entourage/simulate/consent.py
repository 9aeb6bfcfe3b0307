"""Let some people prove their accounts by a social login, and some consent to have them linked.

in: accounts joined with persons ▶ out: social logins as JSON lines, consent events as rows. Most do neither.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import accounts, draw
from entourage.simulate.params import SimulateParams

SHARE_OF_LOGINS = 0.15
SHARE_OF_CONSENTS = 0.10
SHARE_OF_WITHDRAWN = 0.08
SHARE_OF_DENIED = 0.04
LOGIN_DAYS = 700
SHARE_OF_LIKES = 0.55


def social_logins(owned: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Make the log of social logins.

    Args:
        owned: persons' accounts with the persons' columns, see `owned_accounts`.
        params: of the world.

    Returns:
        One row a login, key `login_id`; with `person` (truth) and `line` (JSON).
    """
    seed, entity = params.seed, F.col("entity")
    login_id = F.concat(F.lit("S"), F.lpad(_number(params), 11, "0"))
    moment = logged_in_at(params)
    shares_mail = draw.uniform(seed, "login:mail", entity) < 0.85
    main_mail = draw.uniform(seed, "login:which", entity) < 0.8
    mail = F.when(main_mail, F.col("email")).otherwise(F.col("second_email"))
    fields = F.struct(
        login_id.alias("login_id"),
        F.col("network").alias("provider"),
        F.col("native_id").alias("provider_user_id"),
        F.when(shares_mail, mail).alias("email"),
        F.col("display_name").alias("name"),
        F.date_format(moment, "yyyy-MM-dd'T'HH:mm:ss'Z'").alias("granted_at"),
        F.array_compact(
            F.array(
                F.lit("public_profile"),
                F.when(shares_mail, F.lit("email")),
                F.when(grants_likes(seed), F.lit("user_likes")),
            )
        ).alias("scopes"),
    )
    return owned.where(logs_in(seed)).select("person", login_id.alias("login_id"), F.to_json(fields).alias("line"))


def logs_in(seed: int) -> Column:
    """Tell whether the owner of an account logs in by it somewhere, from `network`, `entity`."""
    return _u(seed, "login") < SHARE_OF_LOGINS


def logged_in_at(params: SimulateParams) -> Column:
    """Return when the owner of an account logged in by it first, from `network`, `entity`."""
    return _moment(params, "login:when", days=LOGIN_DAYS)


def grants_likes(seed: int) -> Column:
    """Tell whether a login by Facebook hands over the pages that its owner likes, from `network`, `entity`."""
    return (F.col("network") == "facebook") & (_u(seed, "login:likes") < SHARE_OF_LIKES)


def consents(owned: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Make the log of consents to link an account with business records.

    Returns:
        One row an act on one account: granted or denied, some later withdrawn; wire columns of `consents`.
    """
    seed = params.seed
    u = _u(seed, "consent")
    is_asked = u < SHARE_OF_CONSENTS + SHARE_OF_DENIED
    is_granted = u < SHARE_OF_CONSENTS
    withdraws = is_granted & (_u(seed, "consent:withdrawn") < SHARE_OF_WITHDRAWN)
    granted_at = _moment(params, "consent:when", days=LOGIN_DAYS)
    withdrawn_at = granted_at + _seconds(_u(seed, "withdrawn:when") * 60 * 86_400)
    first = _act(F.when(is_granted, "granted").otherwise("denied"), granted_at)
    acts = F.when(withdraws, F.array(first, _act(F.lit("withdrawn"), withdrawn_at))).otherwise(F.array(first))
    late = _seconds(_u(seed, "consent:late") * 7_200)
    asked = owned.where(is_asked).select(
        "*", F.explode(acts).alias("act"), F.concat(F.lit("form-"), _number(params)).alias("form")
    )
    return asked.select(
        F.lit("account").alias("identifier_kind"),
        F.col("account_id").alias("identifier"),
        F.lit("account_linking").alias("purpose"),
        F.lit("web").alias("channel"),
        F.col("act.action").alias("action"),
        F.lit("consent").alias("basis"),
        F.col("form").alias("evidence"),
        _iso(F.col("act.at")).alias("effective_at"),
        _iso(F.col("act.at") + late).alias("recorded_at"),
    )


def owned_accounts(world_accounts: DataFrame, persons: DataFrame) -> DataFrame:
    """Join persons' accounts with what they would type into a form.

    Returns:
        One row an account of a person: `network`, `entity`, `account_id`, `native_id`, `display_name`, `person`,
        `email`, `second_email`.
    """
    owned = world_accounts.where(F.col("kind") == "person").select(
        "network",
        "entity",
        "account_id",
        "native_id",
        "display_name",
        accounts.index_of(F.col("entity")).alias("owner"),
    )
    joined = owned.alias("a").join(persons.alias("p"), on=F.col("a.owner") == F.col("p.person"), how="inner")
    return joined.select(
        "a.network",
        "a.entity",
        "a.account_id",
        "a.native_id",
        "a.display_name",
        "p.person",
        "p.email",
        "p.second_email",
    )


def _act(action: Column, at: Column) -> Column:
    return F.struct(action.alias("action"), at.alias("at"))


def _seconds(count: Column) -> Column:
    return F.make_dt_interval(F.lit(0), F.lit(0), F.lit(0), F.floor(count).cast("decimal(18,6)"))


def _moment(params: SimulateParams, stream: str, *, days: int) -> Column:
    """Return a moment in the days before the world's start."""
    seconds = draw.below(_u(params.seed, stream), days * 86_400)
    return F.timestamp_seconds(F.lit(accounts.epoch_ms(params) // 1000) - seconds)


def _number(params: SimulateParams) -> Column:
    """Return a serial number that tells nothing of the person, as text."""
    return ((F.col("entity") * 3 + _network_number()) * 6_700_417 % 10**11 + params.seed).cast("string")


def _u(seed: int, stream: str) -> Column:
    return draw.uniform(seed, stream, F.col("entity"), _network_number())


def _network_number() -> Column:
    return F.when(F.col("network") == "x", 0).when(F.col("network") == "bluesky", 1).otherwise(2)


def _iso(moment: Column) -> Column:
    return F.date_format(moment, "yyyy-MM-dd'T'HH:mm:ss'Z'")
