"""Put the business side together: every folder of it.

in: persons, accounts, edges, `SimulateParams`, a workspace ▶ out: `Business`, and a list of `Output`. A solver: what
several outputs share is kept in the workspace once.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from entourage.schemas import Workspace
from entourage.simulate import wires
from entourage.simulate.accounts import date_of
from entourage.simulate.business import (
    brand_posts,
    courting,
    demand,
    ledger,
    life,
    likes,
    occasions,
    orders,
    organizations,
    ownership,
    permissions,
    programs,
    reference,
    service,
    shop,
    states,
    surveys,
    truth,
    visits,
)
from entourage.simulate.params import Output, SimulateParams
from entourage.simulate.wires import table


@dataclass(frozen=True)
class Business:
    """The kept frames that outputs and posts follow from."""

    occasions: DataFrame
    outcomes: DataFrame
    orders: DataFrame
    troubles: DataFrame
    life_events: DataFrame
    states: DataFrame


def make(persons: DataFrame, edges: DataFrame, *, params: SimulateParams, workspace: Workspace) -> Business:
    """Make what people buy, what goes wrong, what happens to them, and what they post of it."""
    followed = programs.followed_guests(edges, params=params)
    arisen = workspace.keep("occasions", occasions.occasions(persons, followed, params=params))
    outcomes = workspace.keep("outcomes", demand.outcomes(arisen, params=params, workspace=workspace))
    bought = workspace.keep("orders", orders.orders(outcomes, persons, params=params))
    troubles = workspace.keep("troubles", service.troubles(bought, params=params))
    life_events = life.life_events(persons, params=params)
    moved = states.states(
        occasions=arisen,
        orders=bought,
        troubles=troubles,
        life_events=life_events,
        persons=persons,
        params=params,
    )
    return Business(arisen, outcomes, bought, troubles, life_events, workspace.keep("states", moved))


def commerce(business: Business, persons: DataFrame, *, params: SimulateParams, workspace: Workspace) -> list[Output]:
    """Return the layer of orders, money, ownership and visits."""
    spark, bought = persons.sparkSession, business.orders
    visited = workspace.keep("visits", visits.visits(bought, persons, params=params))
    owned = workspace.keep("ownership", ownership.ownership(bought, params=params))
    return [
        table("landing/reference/brands", reference.brand_accounts(spark), ("brand", "network"), params),
        table("landing/reference/products", reference.articles(spark), ("gtin",), params),
        table("landing/reference/plans", reference.subscription_plans(spark), ("plan",), params),
        table("landing/reference/shops", reference.shops(spark), ("shop",), params),
        _text("landing/commerce/web_orders", shop.web_orders(bought), params),
        table(
            "landing/commerce/receipts",
            shop.receipts(bought),
            ("receipt", "line"),
            params,
            sep=";",
            encoding="windows-1252",
        ),
        table("landing/commerce/returns", shop.returns(bought, params=params), ("return_id",), params),
        table("landing/commerce/invoices", ledger.invoices(bought, params=params), ("invoice_id",), params),
        table("landing/commerce/payments", ledger.payments(bought, params=params), ("booking",), params, sep=";"),
        _text("landing/commerce/subscriptions", ledger.subscriptions(persons, params=params), params),
        table(
            "landing/commerce/registrations",
            ownership.registrations(owned, persons, params=params),
            ("registration_id",),
            params,
        ),
        _text("landing/web/visits", visits.lines(visited, params=params), params),
        _truth("orders", truth.counterfactuals(business.outcomes, params=params), "order_id", params),
        _truth(
            "purchases", truth.purchases(business.occasions, business.outcomes, params=params), "occasion_id", params
        ),
        _truth("ownership", _dated(owned.drop("occasion_key"), params), "serial_no", params),
        _truth("devices", truth.devices(bought, visited), "device_id", params),
        _truth("life_events", _dated(business.life_events, params), "event_key", params),
    ]


def care(business: Business, *, params: SimulateParams) -> list[Output]:
    """Return the layer of the service desk."""
    troubles = business.troubles
    known = ("person", "order_id", "trouble", "way", "contacts", "is_solved", "satisfaction")
    return [
        _text("landing/service/tickets", service.tickets(troubles, params=params), params),
        table("landing/service/calls", service.calls(troubles, params=params), ("call_id",), params),
        _truth("troubles", troubles.select(*known), "order_id", params),
    ]


def courtship(persons: DataFrame, *, params: SimulateParams, workspace: Workspace) -> list[Output]:
    """Return the layer of campaigns, programs and brands' posts."""
    spark = persons.sparkSession
    touched = workspace.keep("touches", courting.touches(persons, params=params))
    sent = courting.messages(touched, persons, params=params)
    known = ("campaign", "person", "variant", "propensity", "sent_ms", "is_sent", "is_allowed", "is_noticed", "lift")
    return [
        table(
            "landing/campaigns/campaigns",
            reference.campaign_variants(spark, params=params, with_lift=False),
            ("campaign", "variant"),
            params,
        ),
        table("landing/campaigns/programs", reference.program_terms(spark, params=params), ("program",), params),
        table(
            "landing/campaigns/exposures",
            courting.exposures(touched, params=params),
            ("campaign", "identifier", "variant", "exposed_at", "propensity", "exported_at"),
            params,
        ),
        table("landing/campaigns/costs", courting.costs(spark, params=params), ("campaign", "day"), params),
        table("landing/campaigns/referral_codes", courting.referral_codes(persons, params=params), ("code",), params),
        table(
            "landing/campaigns/guests",
            courting.guests(persons, params=params),
            ("program", "email", "customer_no", "invited_on"),
            params,
        ),
        _text("landing/campaigns/email_events", courting.email_events(sent, persons, params=params), params),
        table("landing/brands/readings", brand_posts.readings(spark, params=params), ("post_id", "read_at"), params),
        _truth("touches", touched.select(*known), "person", params),
        table(
            "truth/campaigns.csv",
            reference.campaign_variants(spark, params=params, with_lift=True),
            ("campaign", "variant"),
            params,
        ),
        table("truth/audiences.csv", brand_posts.laws(spark, params=params), ("brand",), params),
    ]


def permission(persons: DataFrame, owned: DataFrame, *, params: SimulateParams) -> list[Output]:
    """Return the layer of consent to be contacted, of requests, and of pages liked."""
    tastes = persons.select("person", "topic", "second_topic", "sensitive_trait")
    joined = owned.alias("o").join(tastes.alias("p"), on=F.col("o.person") == F.col("p.person"), how="inner")
    liking = joined.select("o.*", "p.topic", "p.second_topic", "p.sensitive_trait")
    return [
        _text("landing/consent/events", permissions.permission_events(persons, params=params), params),
        table("landing/consent/requests", permissions.requests(persons, params=params), ("request_id",), params),
        _text("landing/consent/likes", likes.grants(liking, params=params), params),
        _truth("contactability", permissions.contactability(persons, params=params), "person", params),
        table("truth/canaries.csv", permissions.canaries(persons, params=params), ("person",), params),
    ]


def asked(business: Business, persons: DataFrame, *, params: SimulateParams) -> list[Output]:
    """Return the layer of surveys, polls and contests."""
    invited = surveys.invitations(business.orders, business.troubles, params=params)
    return [
        table("landing/surveys/invitations", invited.drop("person", "feeling"), ("invitation",), params),
        table("landing/surveys/polls", surveys.polls(persons, params=params), ("poll", "subscriber_id"), params),
        table("landing/surveys/contests", surveys.contests(persons, params=params), ("entry_id",), params),
        _truth("feelings", invited.select("invitation", "person", "feeling"), "invitation", params),
    ]


def companies(persons: DataFrame, *, params: SimulateParams) -> list[Output]:
    """Return the layer of organizations and small areas."""
    spark = persons.sparkSession
    employed = organizations.members(persons, params=params)
    return [
        table(
            "landing/organizations/companies", organizations.companies(spark, params=params), ("company_id",), params
        ),
        table("landing/organizations/contacts", employed.drop("person"), ("contact_id",), params),
        table("landing/reference/areas", organizations.areas(spark, params=params), ("area",), params),
        _truth("employers", employed.select("contact_id", "company_id", "person"), "contact_id", params),
    ]


def posted(business: Business, posts: DataFrame, *, params: SimulateParams) -> list[Output]:
    """Return the truth that ties posts to what brought them about."""
    spark = posts.sparkSession
    return [
        table("truth/causes.csv", truth.causes(business.states, posts), ("post_id",), params),
        table("truth/signals.csv", truth.signals(posts), ("post_id",), params),
        table("truth/onsets.csv", truth.onsets(spark, params=params), ("kind",), params),
        table("truth/desks.csv", truth.desks(spark), ("brand",), params),
    ]


def _text(path: str, lines: DataFrame, params: SimulateParams) -> Output:
    return Output(path, "text", wires.laid_out(lines, files=max(1, params.files // 4)))


def _truth(name: str, rows: DataFrame, key: str, params: SimulateParams) -> Output:
    """Lay a truth table out; sorted by all its columns, since the key may repeat."""
    others = tuple(column for column in rows.columns if column != key)
    return wires.parquet(f"truth/{name}.parquet", rows, (key, *others), files=max(1, params.files // 4))


def _dated(rows: DataFrame, params: SimulateParams) -> DataFrame:
    """Turn days counted from the world's start into dates."""
    days = {"day": "on", "from_day": "from_date", "to_day": "to_date"}
    return rows.select(
        *(date_of(params, F.col(name)).alias(days[name]) if name in days else F.col(name) for name in rows.columns)
    )
