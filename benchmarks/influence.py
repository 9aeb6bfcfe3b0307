"""How long do influence scores take, and are they right? Ours and DuckDB's SQL, on one made-up graph.

    .venv/bin/python benchmarks/influence.py [--edges 300000] [--accounts 20000] [--file edges.parquet]

The graph has followers by a power law (exponent near 2.2), or is read from a Parquet file with src and dst. No account
belongs to a known person: accounts alone are ranked.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from entourage import config, session
from entourage.influence import InfluenceParams, score_influence
from entourage.tables import ScratchSpace

DAY = dt.date(2026, 6, 15)
DAMPING = 0.85


def power_law_graph(edges: int, accounts: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    popularity = np.arange(1, accounts + 1) ** (-1 / 1.2)  # in-degree exponent 1 + 1.2
    src = random.integers(0, accounts, edges)
    dst = random.choice(accounts, edges, p=popularity / popularity.sum())
    return pd.DataFrame({"src": src, "dst": dst})


def cleaned(graph: pd.DataFrame) -> pd.DataFrame:
    pairs = graph.iloc[:, :2].set_axis(["src", "dst"], axis=1)
    return pairs[pairs.src != pairs.dst].drop_duplicates().reset_index(drop=True)


def ours(graph: pd.DataFrame, exact_paths: int, cores: int) -> tuple[pd.DataFrame, tuple[float, float]]:
    settings = config.load("local", {"spark.master": f"local[{cores}]"})
    spark = session.build(settings, app_name="benchmark-influence")
    with tempfile.TemporaryDirectory() as folder:
        names = "x:" + graph.astype(str)
        edges = names.set_axis(["src_account_id", "dst_account_id"], axis=1).assign(network="x", verb="follow")
        path = f"{folder}/edges.parquet"
        edges.to_parquet(path)
        rows = spark.read.parquet(path).selectExpr("*", "timestamp(null) occurred_at", "timestamp(null) ended_at")
        crosswalk = spark.createDataFrame(
            [], "source_id string, source_kind string, person_id string, valid_to timestamp"
        )
        started, used = time.perf_counter(), cpu_seconds()
        scores = score_influence(
            rows,
            crosswalk,
            as_of=DAY,
            params=InfluenceParams(exact_paths=exact_paths),
            workspace=ScratchSpace(spark, f"{folder}/scratch"),
        )
        found = scores.where("entity_kind = 'account' and network = 'all'").toPandas()
        seconds = time.perf_counter() - started, cpu_seconds() - used
    found["vertex"] = found.entity_id.str[2:].astype("int64")
    return found.set_index("vertex")[["pagerank", "reach_1", "reach_2"]].sort_index(), seconds


def peer(graph: pd.DataFrame, rounds: int, cores: int) -> tuple[pd.DataFrame, tuple[float, float]]:
    database = duckdb.connect()
    database.execute(f"set threads = {cores}")
    database.register("graph", graph)
    started, used = time.perf_counter(), cpu_seconds()
    database.execute("create table edges as select src, dst from graph")
    database.execute("create table vertices as select src as v from edges union select dst from edges")
    database.execute(
        "create table weighted as select src, dst, 1.0 / count(*) over (partition by src) as weight from edges"
    )
    database.execute("create table ranks as select v, 1.0::double as r from vertices")
    for _ in range(rounds):
        database.execute(
            f"""create or replace table ranks as
            select v, {1 - DAMPING} + {DAMPING} * coalesce(sum(weight * r), 0) as r from vertices
            left join (select dst, weight, r from weighted join ranks on src = v) on dst = v group by v"""
        )
    found = database.execute(
        """with first_hand as (select dst, count(*) as reach_1 from edges group by dst),
        second_hand as (select distinct near.dst, far.src from edges near join edges far on near.src = far.dst
            where near.dst <> far.src and not exists
                (from edges e where e.src = far.src and e.dst = near.dst)),
        counted as (select dst, count(*) as reach_2 from second_hand group by dst)
        select v as vertex, r / sum(r) over () as pagerank, coalesce(reach_1, 0) as reach_1,
            coalesce(reach_2, 0) as reach_2
        from ranks left join first_hand f on v = f.dst left join counted c on v = c.dst"""
    ).df()
    seconds = time.perf_counter() - started, cpu_seconds() - used
    return found.set_index("vertex").sort_index(), seconds


def cpu_seconds() -> float:
    """Return what this process and its living children (the JVM) have used; Linux only."""
    ticks, mine = 0, {os.getpid()}
    for entry in sorted((p for p in Path("/proc").iterdir() if p.name.isdigit()), key=lambda p: int(p.name)):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(entry.name) in mine or int(fields[1]) in mine:
            mine.add(int(entry.name))
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def report(name: str, found: pd.DataFrame, reference: pd.DataFrame, seconds: tuple[float, float]) -> None:
    relative = (found.pagerank / reference.pagerank - 1).abs().max()
    many = reference.reach_2 >= 1000
    errors = ((found.reach_2 - reference.reach_2).abs() / reference.reach_2)[many]
    spearman = found.pagerank.rank().corr(reference.pagerank.rank())
    reach = f"mean {errors.mean():.3%}, largest {errors.max():.3%}" if many.any() else "no account with 1,000"
    cost = f"{name:<30} {seconds[0]:7.1f} s {seconds[1]:7.1f} CPU-s"
    print(f"{cost}  pagerank off by {relative:.1e} at most, Spearman {spearman:.9f}; reach_2 {reach}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, default=300_000)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--cores", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    graph = cleaned(pd.read_parquet(options.file) if options.file else power_law_graph(options.edges, options.accounts))
    accounts = pd.concat([graph.src, graph.dst]).nunique()
    print(f"{len(graph):,} edges, {accounts:,} accounts, {options.cores} cores")
    reference, seconds = peer(graph, rounds=100, cores=options.cores)
    report("DuckDB, 100 rounds, exact", reference, reference, seconds)
    again, seconds = peer(graph, rounds=50, cores=options.cores)
    report("DuckDB, 50 rounds, exact", again, reference, seconds)
    for name, exact_paths in (("ours, 50 rounds, exact, cold", 10**12), ("ours, 50 rounds, sketched", 0)):
        found, seconds = ours(graph, exact_paths, options.cores)
        report(name, found, reference, seconds)


if __name__ == "__main__":
    main()
