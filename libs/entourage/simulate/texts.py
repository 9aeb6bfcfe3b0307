"""Write the texts of posts from the stock: choose one, fill its slots, and let the hand slip.

in: posts with the columns named at each function ▶ out: posts with text, class, topic, type, sentiment. No text comes
from an example that trains a model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from entourage.rows import local_frame
from entourage.simulate import brands, draw, lists, names, noise
from entourage.simulate.stocks import DEPARTMENTS, TOPICS, Stock

MENTIONS = ("", "2", "3")  # a slot drawn at each mention: first, second, third
HANDLE_NETWORKS = ("x", "bluesky", "facebook")


def chosen(posts: DataFrame, *, stock: Stock, wish: Column, seed: int, stream: str) -> DataFrame:
    """Give each post a text of the stock that fits its wish.

    Args:
        posts: with `post_key`.
        stock: posts' or replies'.
        wish: number of the wish, see stocks.py.
        seed: of the world.
        stream: of the draw.

    Returns:
        The same rows with `template`, `class`, `topic` (index into TOPICS, or `stocks.NO_TOPIC`), `type`, `sentiment`,
        `holder` (of an intent or an event of life; NULL for others).
    """
    counts = draw.lookup_number(stock.count, wish)
    number = draw.lookup_number(stock.first, wish) + draw.below(draw.uniform(seed, stream, F.col("post_key")), counts)
    wished = posts.withColumn("_number", number.cast("int"))
    rows = [(r.number, r.text, r.post_class, r.topic, r.type, r.sentiment, r.holder) for r in stock.realizations]
    texts = local_frame(
        posts.sparkSession,
        rows,
        "number int, template string, class string, topic int, type string, sentiment string, holder string",
    )
    joined = wished.alias("p").join(
        F.broadcast(texts).alias("t"), on=F.col("p._number") == F.col("t.number"), how="inner"
    )
    return joined.select(
        *(f"p.{name}" for name in posts.columns),
        "t.template",
        "t.class",
        "t.topic",
        "t.type",
        "t.sentiment",
        "t.holder",
    )


def filled(posts: DataFrame, *, seed: int) -> DataFrame:
    """Fill the slots of `template`.

    Args:
        posts: `post_key`, `template`, `class`, `topic`, `sentiment`, `language`, `network`, `brand` (index).
        seed: of the world.

    Returns:
        The same rows with `text` for `template`, and `names_brand` (by name, product or handle), `calls_brand` (by
        handle).
    """
    text, template = F.col("template"), F.col("template")
    for slot, value in _values(seed).items():
        # A value is drawn only where it is needed: most texts have few slots.
        text = F.replace(text, F.lit(slot), F.when(template.contains(slot), value).otherwise(""))
    names_brand = template.contains("{brand}") | template.contains("{product}") | template.contains("{handle}")
    others = [name for name in posts.columns if name != "template"]
    return posts.select(
        *others,
        text.alias("text"),
        names_brand.alias("names_brand"),
        template.contains("{handle}").alias("calls_brand"),
    )


def with_manner(posts: DataFrame, *, seed: int) -> DataFrame:
    """Put openers before and tails after templates of people's posts, both seldom; slots in them are filled later."""
    u_opener, u_tail = (draw.uniform(seed, stream, F.col("post_key")) for stream in ("opener?", "tail?"))
    has_manner = F.col("by_person")
    opener, tail = (_spoken(lists.read("stock", "slots.yaml")[part], seed, part) for part in ("openers", "tails"))
    template = F.col("template")
    lowered = F.concat(F.lower(template.substr(1, 1)), template.substr(F.lit(2), F.length(template)))
    opened = F.when(has_manner & (u_opener < 0.12), F.concat_ws(" ", opener, lowered)).otherwise(template)
    tailed = F.when(has_manner & (u_tail < 0.35), F.concat_ws(" ", opened, _second_mentions(tail))).otherwise(opened)
    return posts.withColumn("template", tailed)


def slipped(posts: DataFrame, *, seed: int) -> DataFrame:
    """Let people type wrong, shout, or leave accents out; texts with addresses or handles stay as they are."""
    text = F.col("text")
    keyed = posts.withColumn("_bits", draw.key(seed, "slip", F.col("post_key")))
    u = draw.bits_as_uniform(F.col("_bits"), 0, 16)
    is_plain = ~text.contains("@") & ~text.contains("://") & (F.length(text) > 12)
    slipped_text = (
        F.when(u < 0.05, noise.typed(text, F.col("_bits")))
        .when(u < 0.09, F.lower(text))
        .when(u < 0.10, F.upper(text))
        .when(u < 0.15, names.unaccented(text))
        .otherwise(text)
    )
    return keyed.withColumn("text", F.when(F.col("by_person") & is_plain, slipped_text).otherwise(text)).drop("_bits")


def _values(seed: int) -> dict[str, Column]:
    """Return the value of each slot; what is drawn at each mention has a draw of its own."""
    once = {
        "{handle}": _handle(),
        "{product}": _product(seed),
        "{brand}": _brand_as_spelled(seed),
        "{competitor}": _competitor(seed),
        "{place}": _spoken(_slots()["places"], seed, "places"),
        "{name}": _spoken(_slots()["names"], seed, "names"),
    }
    each: dict[str, Callable[[str], Column]] = {
        "hashtag": lambda mention: _by_topic(_slots()["hashtags"], seed, f"hashtag{mention}"),
        "amount": lambda mention: _by_topic(_slots()["amounts"], seed, f"amount{mention}"),
        "day": lambda mention: _spoken(_slots()["days"], seed, "days", mention),
        "number": lambda mention: draw.choose([str(n) for n in _slots()["numbers"]], _u(seed, f"number{mention}")),
        "emoji": lambda mention: _emoji(seed, mention),
        "url": lambda mention: _url(seed, mention),
    }
    return once | {f"{{{slot}{mention}}}": value(mention) for slot, value in each.items() for mention in MENTIONS}


def _second_mentions(tail: Column) -> Column:
    """Number a tail's slots apart from those of the text before it."""
    twice = F.replace(tail, F.lit("{hashtag} {hashtag}"), F.lit("{hashtag2} {hashtag3}"))
    for slot in ("{hashtag}", "{day}"):
        twice = F.replace(twice, F.lit(slot), F.lit(slot.replace("}", "2}")))
    return twice


def _handle() -> Column:
    handles = [brand["handles"][network] for network in HANDLE_NETWORKS for brand in brands.brands()]
    network = F.when(F.col("network") == "x", 0).when(F.col("network") == "bluesky", 1).otherwise(2)
    return draw.lookup(handles, network * len(brands.SHARES) + F.col("brand"))


def _brand_as_spelled(seed: int) -> Column:
    spellings = [brand["spellings"][n] for brand in brands.brands() for n in range(4)]
    u = _u(seed, "spelling")
    how = F.when(F.col("class") == "brand_reply", 0).when(u < 0.78, 0).when(u < 0.92, 1).when(u < 0.96, 2).otherwise(3)
    return draw.lookup(spellings, F.col("brand") * 4 + how)


def _competitor(seed: int) -> Column:
    other = (F.col("brand") + 1 + draw.below(_u(seed, "competitor"), len(brands.SHARES) - 1)) % len(brands.SHARES)
    return draw.lookup([brand["name"] for brand in brands.brands()], other)


def _product(seed: int) -> Column:
    table = _slots()["products"]
    products = [
        each[spoken]
        for spoken in names.LANGUAGES
        for topic in TOPICS[:DEPARTMENTS]
        for brand in brands.brands()
        for each in table[topic][brand["key"]][:3]
    ]
    department = F.when(F.col("topic") < DEPARTMENTS, F.col("topic")).otherwise(F.col("brand"))
    row = (_language() * DEPARTMENTS + department) * len(brands.SHARES) + F.col("brand")
    return draw.lookup(products, row * 3 + draw.below(_u(seed, "product"), 3))


def _spoken(table: dict[str, list[str]], seed: int, stream: str, mention: str = "") -> Column:
    """Return one of a list a language; the lists may differ in length."""
    each = [
        draw.choose([str(v) for v in table[spoken]], _u(seed, f"slot:{stream}{mention}")) for spoken in names.LANGUAGES
    ]
    return F.when(F.col("language") == "fr", each[0]).otherwise(each[1])


def _by_topic(table: dict[str, dict[str, list[str]]], seed: int, stream: str) -> Column:
    most = max(len(values) for spoken in table.values() for values in spoken.values())
    rows = [
        table[spoken].get(topic, table[spoken]["other"]) for spoken in names.LANGUAGES for topic in (*TOPICS, "other")
    ]
    padded = [values[n % len(values)] for values in rows for n in range(most)]
    row = _language() * (len(TOPICS) + 1) + F.col("topic")
    return draw.lookup(padded, row * most + draw.below(_u(seed, stream), most))


def _emoji(seed: int, mention: str) -> Column:
    table = _slots()["emoji"]
    each = {
        label: draw.choose(table[label], _u(seed, f"emoji{mention}")) for label in ("positive", "neutral", "negative")
    }
    label = F.col("sentiment")
    return (
        F.when(label == "positive", each["positive"])
        .when(label == "negative", each["negative"])
        .otherwise(each["neutral"])
    )


def _url(seed: int, mention: str) -> Column:
    plain, spam = (draw.choose(_slots()["urls"][kind], _u(seed, f"url{mention}")) for kind in ("plain", "spam"))
    segment = F.lower(F.hex(draw.key(seed, f"url:segment{mention}", F.col("post_key"))).substr(-6, 6))
    return F.concat(F.when(F.col("class") == "spam", spam).otherwise(plain), F.lit("/"), segment)


def _language() -> Column:
    return F.when(F.col("language") == "fr", 0).otherwise(1)


def _u(seed: int, stream: str) -> Column:
    return draw.uniform(seed, stream, F.col("post_key"))


def _slots() -> dict[str, Any]:
    slots: dict[str, Any] = lists.read("stock", "slots.yaml")
    return slots
