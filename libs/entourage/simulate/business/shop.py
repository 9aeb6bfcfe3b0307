"""Write orders as the web shop and the tills export them, and what comes back.

in: orders ▶ out: lines and rows in wire columns.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.simulate import clocks, wires
from entourage.simulate.accounts import DAY_MS, day_ms
from entourage.simulate.business.orders import nightly_ms, total_cents
from entourage.simulate.params import SimulateParams
from entourage.simulate.places import utc_offset

CORRECTED_AFTER_MS = 2 * DAY_MS
VOID_AFTER_MS = 5 * clocks.HOUR_MS


def web_orders(orders: DataFrame) -> DataFrame:
    """Return orders of the web shop, the app and the telephone as JSON lines: one a version of an order.

    A corrected order comes again with version 2 and without its last line; a void one with status `cancelled`.
    """
    remote = orders.where(F.col("place") != "store")
    first = F.struct(F.lit(1).alias("version"), F.lit("paid").alias("status"), F.col("received_ms").alias("at_ms"))
    second = F.struct(
        F.lit(2).alias("version"),
        F.when(F.col("is_void"), "cancelled").otherwise("corrected").alias("status"),
        (F.col("received_ms") + F.when(F.col("is_void"), VOID_AFTER_MS).otherwise(CORRECTED_AFTER_MS)).alias("at_ms"),
    )
    changes = F.col("is_void") | F.col("is_corrected")
    versions = remote.select("*", F.inline(F.when(changes, F.array(first, second)).otherwise(F.array(first))))
    return wires.json_lines(versions, at_ms="at_ms", line_key=F.xxhash64("order_id", "version"), body=_order())


def receipts(orders: DataFrame) -> DataFrame:
    """Return the tills' export: one row a line of a receipt, local time without a zone, decimal comma."""
    local = F.timestamp_millis(F.col("occurred_ms") + utc_offset(F.col("country")) * clocks.HOUR_MS)
    rows = orders.where((F.col("place") == "store") & ~F.col("is_void")).select(
        "order_id", "store", "loyalty_no", "campaign", "currency", local.alias("local"), F.inline("lines")
    )
    return rows.select(
        F.col("order_id").alias("receipt"),
        F.col("store").alias("shop"),
        F.date_format("local", "dd/MM/yyyy HH:mm").alias("sold"),
        "line",
        F.col("code").alias("article"),
        "quantity",
        F.translate(money(F.col("unit_cents") * F.col("quantity")), ".", ",").alias("amount"),
        "currency",
        F.col("loyalty_no").alias("card"),
        F.col("campaign").alias("promotion"),
    )


def returns(orders: DataFrame, *, params: SimulateParams) -> DataFrame:
    """Return what came back: one row a return of the first line of an order."""
    came_back = orders.where(
        F.col("returned_day").isNotNull() & ~F.col("is_void") & (F.col("returned_day") < params.days)
    )
    at_ms = day_ms(params, F.col("returned_day")) + 14 * clocks.HOUR_MS
    received = nightly_ms(params.seed, "return", F.col("occasion_key"), at_ms)
    first = F.get("lines", F.lit(0))
    return came_back.select(
        F.concat(F.lit("R-"), F.col("order_id")).alias("return_id"),
        "order_id",
        first["gtin"].alias("gtin"),
        F.lit(1).alias("quantity"),
        F.col("return_reason").alias("reason"),
        money(first["unit_cents"]).alias("refund"),
        "currency",
        clocks.iso(at_ms).alias("returned_at"),
        clocks.iso(received).alias("exported_at"),
    )


def _order() -> Column:
    """Return an order as the shop's interface gives it, from its columns, `version`, `status` and `at_ms`."""
    kept = F.when((F.col("version") == 1) | F.col("is_void"), F.col("first_lines")).otherwise(F.col("lines"))
    lines = F.transform(
        kept,
        lambda line: F.struct(
            line.gtin.alias("gtin"), line.quantity.alias("quantity"), money(line.unit_cents).alias("unit_price")
        ),
    )
    name = F.when(
        F.col("customer_no").isNotNull() | (F.col("place") == "phone"), F.concat_ws(" ", "given_name", "family_name")
    )
    customer = F.struct(
        F.col("customer_no").alias("no"),
        F.col("typed_mail").alias("email"),
        F.col("typed_phone").alias("phone"),
        name.alias("name"),
        F.when(F.col("place") != "app", F.col("postcode")).alias("ship_to"),
    )
    return F.struct(
        F.col("order_id").alias("id"),
        "version",
        "status",
        F.col("place").alias("channel"),
        clocks.iso(F.col("occurred_ms")).alias("created_at"),
        clocks.iso(F.col("at_ms")).alias("exported_at"),
        customer.alias("customer"),
        "device_id",
        "currency",
        lines.alias("lines"),
        money(total_cents(kept)).alias("total"),
        F.col("campaign").alias("promotion"),
        "referral_code",
    )


def money(cents: Column) -> Column:
    """Return cents as a decimal text with a point."""
    return (cents.cast("decimal(14,2)") / F.lit(100).cast("decimal(3,0)")).cast("decimal(14,2)").cast("string")
