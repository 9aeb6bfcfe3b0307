"""How real is the made-up world? Its graph, records, posts, answers and orders next to real ones, as tables and plots.

    .venv/bin/python benchmarks/realism.py --world WORLD --lake LAKE
        [--graphs DIR] [--posts-lake LAKE] [--febrl FILE] [--pseudopeople DIR] [--plots DIR]

WORLD is what `entourage simulate` wrote, LAKE what `entourage run ingest_posts --input WORLD/landing/posts` made of it.
The others are real, or what others make up: graphs as Parquet with src and dst, a lake of real posts, a CSV of FEBRL
(docs/real-data.md names their sources), and noised.csv and clean.csv of pseudopeople's `generate_decennial_census`
(seed 1; clean: with `config=NO_NOISE`). A part whose other side is not given shows the made-up side alone. No text of
the real posts is shown.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.feature import HashingTF, RegexTokenizer
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rapidfuzz.distance import OSA
from scipy import optimize, sparse, special

from entourage import config, session
from entourage.tables import Tables

GRAPHS = ("wiki_vote", "higgs_reply", "lastfm_asia", "twitch_de")
SAMPLED = 4_000  # vertices whose clustering is looked at
HOLD_OUT_DAYS = 182
VARIETY = 1_300  # posts whose words are compared


def graph_figures(edges: pd.DataFrame) -> dict[str, float]:
    """Return the figures of a graph, given once as src ▶ dst without loops."""
    names, ends = np.unique(edges.to_numpy(), return_inverse=True)
    src, dst = ends.reshape(-1, 2).T
    count = len(names)
    matrix = sparse.csr_matrix((np.ones(len(src), dtype=np.int64), (src, dst)), shape=(count, count))
    matrix.data[:] = 1
    into, out = np.asarray(matrix.sum(axis=0)).ravel(), np.asarray(matrix.sum(axis=1)).ravel()
    mutual = matrix.multiply(matrix.T).nnz
    least = max(10, int(np.quantile(into[into > 0], 0.9)))
    tail = into[into >= least]
    return {
        "accounts": count,
        "edges": matrix.nnz,
        "mean followers": matrix.nnz / count,
        "most followers, as a share": into.max() / count,
        "exponent of followers": 1 + len(tail) / np.log(tail / (least - 0.5)).sum(),
        "reciprocity": mutual / matrix.nnz,
        "clustering": clustering(matrix),
        "2-paths an edge": float((into * out).sum() - mutual) / matrix.nnz,
    }


def clustering(matrix: sparse.csr_matrix) -> float:
    """Return the mean local clustering of a sample, directions left out (Watts and Strogatz 1998)."""
    both = ((matrix + matrix.T) > 0).astype(np.int64).tocsr()
    degrees = np.asarray(both.sum(axis=1)).ravel()
    eligible = np.flatnonzero(degrees > 1)
    chosen = np.random.default_rng(1).choice(eligible, min(SAMPLED, len(eligible)), replace=False)
    rows = both[chosen]
    closed = np.asarray((rows @ both).multiply(rows).sum(axis=1)).ravel()
    return float((closed / (degrees[chosen] * (degrees[chosen] - 1))).mean())


def degree_plot(degrees: dict[str, np.ndarray]) -> alt.Chart:
    """Return the share of accounts with at least so many followers, on logarithmic axes."""
    rows = []
    for name, into in degrees.items():
        levels = np.unique(np.geomspace(1, into.max(), 60).astype(int))
        rows += [{"graph": name, "followers": int(n), "share": float((into >= n).mean())} for n in levels]
    return (
        alt.Chart(pd.DataFrame(rows), title="Accounts with at least so many followers")
        .mark_line()
        .encode(
            x=alt.X("followers:Q", scale=alt.Scale(type="log")),
            y=alt.Y("share:Q", scale=alt.Scale(type="log")),
            color="graph:N",
        )
    )


def errors(pairs: Iterable[tuple[str | None, str | None]]) -> dict[str, float]:
    """Return how a field differs between two records of one person."""
    found = list(pairs)
    both = [(one, other) for one, other in found if one and other]
    distances = np.array([OSA.distance(one, other) for one, other in both])
    return {
        "pairs": len(found),
        "missing in one": sum(bool(one) != bool(other) for one, other in found) / max(1, len(found)),
        "differ": float((distances > 0).mean()) if both else math.nan,
        "by one edit": float((distances == 1).mean()) if both else math.nan,
        "by two": float((distances == 2).mean()) if both else math.nan,
        "by more": float((distances > 2).mean()) if both else math.nan,
    }


def world_pairs(world: Path, system: str, key: str, fields: dict[str, str]) -> pd.DataFrame:
    """Return records of a system next to what is true of their persons."""
    people = pd.read_parquet(
        world / "truth/people.parquet", columns=["person", "given_name", "family_name", "email", "phone", "birth_date"]
    )
    rows = pd.concat(
        pd.read_csv(file, dtype=str) for file in sorted((world / f"landing/records/{system}").glob("*.csv"))
    )
    truth = pd.concat(pd.read_csv(file, dtype=str) for file in sorted((world / "truth/identities.csv").glob("*.csv")))
    owners = truth[truth.record_id.str.startswith(f"{system}:")].assign(
        record=lambda each: each.record_id.str.split(":").str[1],
        person=lambda each: each.cluster.str.split("-").str[1].astype("int64"),
    )
    joined = rows.merge(owners, left_on=key, right_on="record").merge(people, on="person")
    return pd.DataFrame(
        {
            name: list(zip(joined[column], joined[truth_of(name)].astype(str), strict=True))
            for name, column in fields.items()
        }
    )


def truth_of(field: str) -> str:
    return {"given name": "given_name", "family name": "family_name", "date of birth": "birth_date"}.get(field, field)


def febrl_pairs(file: Path) -> pd.DataFrame:
    """Return FEBRL's duplicates next to their originals."""
    rows = pd.read_csv(file, dtype=str, skipinitialspace=True).rename(columns=str.strip)
    rows["number"] = rows.rec_id.str.split("-").str[1]
    originals = rows[rows.rec_id.str.endswith("-org")]
    doubles = rows[rows.rec_id.str.contains("-dup-")]
    joined = doubles.merge(originals, on="number", suffixes=("", "_org"))
    fields = {"given name": "given_name", "family name": "surname", "date of birth": "date_of_birth"}
    return pd.DataFrame(
        {name: list(zip(joined[column], joined[f"{column}_org"], strict=True)) for name, column in fields.items()}
    )


def pseudopeople_pairs(folder: Path) -> pd.DataFrame:
    """Return pseudopeople's census next to the same without noise."""
    noised, clean = (
        pd.read_csv(folder / f"{name}.csv", dtype=str).drop_duplicates("simulant_id") for name in ("noised", "clean")
    )
    joined = noised.merge(clean, on="simulant_id", suffixes=("", "_clean"))
    fields = {"given name": "first_name", "family name": "last_name", "date of birth": "date_of_birth"}
    return pd.DataFrame(
        {name: list(zip(joined[column], joined[f"{column}_clean"], strict=True)) for name, column in fields.items()}
    )


def post_figures(posts: DataFrame) -> dict[str, float]:
    """Return lengths and habits of current posts, shares apart."""
    current = posts.where("is_current AND deleted_at IS NULL")
    written = current.where("kind <> 'share'").select(
        F.length("text").alias("length"), "hashtags", "urls", "mentions", "media", "kind"
    )
    has = {f"with {name}": F.coalesce(F.size(name), F.lit(0)) > 0 for name in ("hashtags", "urls", "mentions", "media")}
    quantiles = {f"length, {share:.0%}": F.percentile_approx("length", share) for share in (0.1, 0.5, 0.9)}
    row = written.agg(
        F.count("*").alias("posts"),
        *(value.alias(name) for name, value in quantiles.items()),
        *(F.avg(flag.cast("int")).alias(name) for name, flag in has.items()),
        F.avg((F.col("kind") == "reply").cast("int")).alias("replies"),
    ).first()
    shares = current.agg(F.avg((F.col("kind") == "share").cast("int"))).first()
    assert row is not None and shares is not None
    return {**row.asDict(), "bare shares of all": shares[0]}


def variety(posts: DataFrame) -> dict[str, float]:
    """Return how often words come again in so many posts, links, hashtags and mentions left out."""
    plain = F.lower(F.regexp_replace("text", r"https?://\S+|[@#]\S+", ""))
    wanted = posts.where("is_current AND deleted_at IS NULL AND kind <> 'share'").select("post_id", plain.alias("text"))
    drawn = wanted.orderBy(F.xxhash64("post_id")).limit(VARIETY).toPandas()["text"]
    words = drawn.str.findall(r"[^\W_][\w']*").drop_duplicates()
    figures: dict[str, float] = {"posts": len(drawn), "distinct texts": drawn.nunique() / len(drawn)}
    for n in (1, 2, 4):
        grams = words.map(lambda each, n=n: list({tuple(each[i : i + n]) for i in range(len(each) - n + 1)}))
        seen = grams.explode().dropna().value_counts()
        figures[f"{n}-grams that another post has"] = seen[seen > 1].sum() / seen.sum()
    return figures


def answer_figures(posts: DataFrame, brands: list[str]) -> pd.Series:
    """Return the minutes until brands answered, in public."""
    current = posts.where("is_current")
    joined = current.alias("r").join(
        current.alias("p"), on=F.col("r.in_reply_to_post_id") == F.col("p.post_id"), how="inner"
    )
    answers = joined.where(F.col("r.account_id").isin(brands) & ~F.col("p.account_id").isin(brands))
    minutes = (F.unix_millis("r.created_at") - F.unix_millis("p.created_at")) / 60_000
    return answers.select(minutes.alias("minutes")).toPandas()["minutes"]


def told_apart(one: DataFrame, other: DataFrame) -> float:
    """Return how well a bag of words tells two sets of posts apart: area under the curve on held-out posts."""
    wanted = "is_current AND deleted_at IS NULL AND kind <> 'share' AND length(text) > 15"
    rows = [
        posts.where(wanted).select("text", F.lit(label).alias("label")).distinct()
        for label, posts in ((1.0, one), (0.0, other))
    ]
    fewest = min(each.count() for each in rows)
    drawn = [each.orderBy(F.xxhash64("text")).limit(fewest) for each in rows]
    both = drawn[0].unionByName(drawn[1]).withColumn("fold", F.pmod(F.xxhash64("text", F.lit(7)), F.lit(5)))
    stages = [
        RegexTokenizer(inputCol="text", outputCol="words", pattern=r"[^\p{L}\p{N}#@']+"),
        HashingTF(inputCol="words", outputCol="features", numFeatures=1 << 16, binary=True),
        LogisticRegression(regParam=0.01),
    ]
    model = Pipeline(stages=stages).fit(both.where("fold > 0"))
    return float(BinaryClassificationEvaluator().evaluate(model.transform(both.where("fold = 0"))))


def bg_nbd(frequency: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Fit BG/NBD; return r, alpha, a, b.

    References:
        Fader, Hardie, Lee 2005, "Counting your customers" the easy way, doi:10.1287/mksc.1040.0098, equation 6.
    """

    def loss(logs: np.ndarray) -> float:
        r, alpha, a, b = np.exp(logs)
        shared = (
            special.gammaln(r + frequency)
            - special.gammaln(r)
            + r * np.log(alpha)
            + special.betaln(a, b + frequency)
            - special.betaln(a, b)
        )
        stayed = -(r + frequency) * np.log(alpha + age)
        with np.errstate(divide="ignore"):
            left = np.where(
                frequency > 0,
                np.log(a) - np.log(b + np.maximum(frequency, 1) - 1) - (r + frequency) * np.log(alpha + recency),
                -np.inf,
            )
        return -float((shared + np.logaddexp(stayed, left)).sum())

    found = optimize.minimize(
        loss, np.zeros(4), method="Nelder-Mead", options={"maxiter": 4_000, "xatol": 1e-4, "fatol": 1e-3}
    )
    return np.exp(found.x)


def expected(
    frequency: np.ndarray, recency: np.ndarray, age: np.ndarray, ahead: float, fitted: np.ndarray
) -> np.ndarray:
    """Return the orders expected within the days ahead, given the past (equation 10 of the same)."""
    r, alpha, a, b = fitted
    z = ahead / (alpha + age + ahead)
    hypergeometric = special.hyp2f1(r + frequency, b + frequency, a + b + frequency - 1, z)
    upper = (
        (a + b + frequency - 1)
        / (a - 1)
        * (1 - ((alpha + age) / (alpha + age + ahead)) ** (r + frequency) * hypergeometric)
    )
    lower = 1 + np.where(
        frequency > 0,
        a / (b + np.maximum(frequency, 1) - 1) * ((alpha + age) / (alpha + recency)) ** (r + frequency),
        0,
    )
    return upper / lower


def repeat_figures(world: Path) -> tuple[dict[str, float], pd.DataFrame]:
    """Fit repeat purchases on all but the last half year, and hold the forecast against it."""
    orders = pd.read_parquet(world / "truth/orders.parquet", columns=["person", "ordered_on", "happened"])
    bought = orders[orders.happened].assign(
        day=lambda each: (pd.to_datetime(each.ordered_on) - pd.to_datetime(orders.ordered_on.min())).dt.days
    )
    cut = bought.day.max() - HOLD_OUT_DAYS
    past = bought[bought.day <= cut].groupby("person").day.agg(["min", "max", "nunique"])
    frequency, recency, age = (
        (past["nunique"] - 1).to_numpy(),
        (past["max"] - past["min"]).to_numpy(float),
        (cut - past["min"]).to_numpy(float),
    )
    known = age > 0
    fitted = bg_nbd(frequency[known], recency[known], age[known])
    later = bought[bought.day > cut].groupby("person").day.nunique().reindex(past.index, fill_value=0).to_numpy()
    foreseen = expected(frequency, recency, np.maximum(age, 1), HOLD_OUT_DAYS, fitted)
    table = (
        pd.DataFrame({"orders before": np.minimum(frequency + 1, 15), "came": later, "foreseen": foreseen})
        .groupby("orders before")
        .mean()
        .reset_index()
    )
    figures = {
        "customers": len(past),
        **dict(zip(("r", "alpha", "a", "b"), fitted, strict=True)),
        "orders foreseen": foreseen.sum(),
        "orders that came": later.sum(),
    }
    return figures, table


def shown(title: str, columns: dict[str, dict[str, float]]) -> None:
    """Print figures side by side as a Markdown table."""
    print(f"\n### {title}\n\n| |" + "|".join(columns) + "|\n|---" * 1 + "|---" * len(columns) + "|")
    for name in dict.fromkeys(name for figures in columns.values() for name in figures):
        print(f"| {name} | " + " | ".join(_cell(figures.get(name)) for figures in columns.values()) + " |")


def _cell(value: float | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return (
        f"{value:,}"
        if isinstance(value, (int, np.integer))
        else f"{value:,.3g}"
        if abs(value) < 1_000
        else f"{value:,.0f}"
    )


def _follows(world: Path) -> pd.DataFrame:
    files = sorted((world / "landing/posts/exports/follows").glob("*.csv"))
    rows = pd.concat(pd.read_csv(file, usecols=["src", "dst", "network"]) for file in files)
    return rows[rows.network == "x"][["src", "dst"]].drop_duplicates()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", type=Path, required=True)
    parser.add_argument("--lake", required=True)
    parser.add_argument("--graphs", type=Path)
    parser.add_argument("--posts-lake")
    parser.add_argument("--febrl", type=Path)
    parser.add_argument("--pseudopeople", type=Path)
    parser.add_argument("--plots", type=Path, default=Path("docs/world"))
    options = parser.parse_args()
    spark = session.build(config.load("local", {}), app_name="benchmark-realism")
    options.plots.mkdir(parents=True, exist_ok=True)
    for part in (graphs, records, posts, answers, repeats):
        part(options, spark)
    spark.stop()


def graphs(options: argparse.Namespace, spark: SparkSession) -> None:
    frames = {"made up (X)": _follows(options.world)}
    if options.graphs:
        for name in GRAPHS:
            edges = pd.read_parquet(options.graphs / f"{name}.parquet").iloc[:, :2].set_axis(["src", "dst"], axis=1)
            frames[name] = edges[edges.src != edges.dst].drop_duplicates()
    shown("Graph", {name: graph_figures(edges) for name, edges in frames.items()})
    degrees = {name: edges.groupby("dst").size().to_numpy() for name, edges in frames.items()}
    degree_plot(degrees).properties(width=460, height=300).save(options.plots / "degrees.svg")


def records(options: argparse.Namespace, spark: SparkSession) -> None:
    fields = {"given name": "first_name", "family name": "last_name", "date of birth": "birthdate"}
    sides = {"made up (CRM)": world_pairs(options.world, "crm", "customer_no", fields)}
    if options.febrl:
        sides["FEBRL"] = febrl_pairs(options.febrl)
    if options.pseudopeople:
        sides["pseudopeople"] = pseudopeople_pairs(options.pseudopeople)
    for field in fields:
        pairs = {
            name: [tuple(None if not isinstance(value, str) else value for value in pair) for pair in side[field]]
            for name, side in sides.items()
        }
        shown(f"Records: {field}", {name: errors(each) for name, each in pairs.items()})


def posts(options: argparse.Namespace, spark: SparkSession) -> None:
    made_up = Tables(spark, options.lake, "realism").read("silver.posts")
    networks: Callable[[DataFrame, str], DataFrame] = lambda rows, name: rows.where(F.col("network") == name)  # noqa: E731
    columns = {f"made up, {name}": post_figures(networks(made_up, name)) for name in ("x", "bluesky")}
    if options.posts_lake:
        real = Tables(spark, options.posts_lake, "realism").read("silver.posts")
        columns |= {
            f"real, {name}": post_figures(networks(real, name)) for name in ("x", "bluesky", "mastodon", "reddit")
        }
    shown("Posts", columns)
    if options.posts_lake:
        made_up_x = networks(made_up, "x").where("declared_language = 'en'")
        apart = {
            "made-up posts of X, from real ones": told_apart(made_up_x, networks(real, "x")),
            "real posts of X, from real ones of Reddit": told_apart(networks(real, "x"), networks(real, "reddit")),
        }
        shown("How well a bag of words tells posts apart", {"area under the curve": apart})
        sides = {"made up, x, English": made_up_x, "real, x": networks(real, "x")}
        shown("Variety of texts", {name: variety(side) for name, side in sides.items()})


def answers(options: argparse.Namespace, spark: SparkSession) -> None:
    table = Tables(spark, options.lake, "realism").read("silver.posts")
    accounts = Tables(spark, options.lake, "realism").read("silver.accounts")
    handles = [
        row.handle
        for file in sorted((options.world / "landing/reference/brands").glob("*.csv"))
        for row in pd.read_csv(file).itertuples()
    ]
    plain = [handle.lstrip("@") for handle in handles]
    brands = [row[0] for row in accounts.where(F.col("handle").isin(plain)).select("account_id").distinct().collect()]
    minutes = answer_figures(table, brands)
    quantiles = {
        "answers": len(minutes),
        "median": minutes.median(),
        "mean": minutes.mean(),
        "p90": minutes.quantile(0.9),
    }
    shown(
        "Minutes until a brand answers in public",
        {"made up": quantiles, "public support threads": {"median": 12, "mean": 188, "p90": 356}},
    )
    chart = alt.Chart(
        pd.DataFrame({"log10 of minutes": np.log10(minutes.clip(lower=0.05)).round(1)}),
        title="Minutes until a brand answers",
    )
    chart.mark_bar().encode(x=alt.X("log10 of minutes:Q", bin=alt.Bin(maxbins=40)), y="count()").properties(
        width=460, height=240
    ).save(options.plots / "answers.svg")


def repeats(options: argparse.Namespace, spark: SparkSession) -> None:
    figures, table = repeat_figures(options.world)
    shown("Repeat purchase, BG/NBD", {"fit": figures})
    shown(
        "Orders in the half year held out, by orders before",
        {
            f"{row['orders before']:.0f}": {"came": row["came"], "foreseen": row["foreseen"]}
            for row in table.to_dict("records")
        },
    )
    long = table.melt("orders before", var_name="which", value_name="orders later")
    alt.Chart(long, title="Orders of the next half year, by orders before").mark_line(point=True).encode(
        x="orders before:Q", y="orders later:Q", color="which:N"
    ).properties(width=460, height=280).save(options.plots / "repeats.svg")


if __name__ == "__main__":
    main()
