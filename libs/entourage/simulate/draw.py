"""Draw at random by key: the same key gives the same draw, whatever the partitions, the order or the size of the world.

in: a stream's name and the entity's integer keys ▶ out: Columns. u = (xxhash64(seed, stream, keys) >>> 11) / 2^53,
where seed and stream travel as one number, hashed on the driver: a literal text in each of hundreds of draws would
make the plan's code several times as long. A new stream leaves the old ones as they were. Never `rand`: it follows the
partitions.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_SEPARATOR = "\x1f"


def key(seed: int, stream: str, *entity: Column | int) -> Column:
    """Return 64 random bits as a bigint, by key.

    Args:
        seed: of the world.
        stream: what is drawn; each draw has a name of its own.
        entity: integer keys, never NULL (xxhash64 skips NULLs: keys would collide).
    """
    parts = [part.cast("bigint") if isinstance(part, Column) else F.lit(part).cast("bigint") for part in entity]
    return F.xxhash64(F.lit(_stream_number(seed, stream)).cast("bigint"), *parts)


@cache
def _stream_number(seed: int, stream: str) -> int:
    digest = hashlib.sha256(f"{seed}:{stream}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def uniform(seed: int, stream: str, *entity: Column | int) -> Column:
    """Return a double in [0, 1), uniform, by key."""
    return F.shiftrightunsigned(key(seed, stream, *entity), 11) / F.lit(float(2**53))


def bits_as_uniform(bits: Column, shift: int, width: int) -> Column:
    """Return a uniform draw in [0, 1) from some of the bits of a key: many small draws from one hash."""
    mask = F.lit(2**width - 1).cast("bigint")
    return F.shiftrightunsigned(bits, shift).bitwiseAND(mask) / F.lit(float(2**width))


def normal(seed: int, stream: str, *entity: Column | int) -> Column:
    """Return a standard normal double by key (Box and Muller 1958, doi:10.1214/aoms/1177706645)."""
    radius = F.sqrt(-2.0 * F.log(1.0 - uniform(seed, stream, *entity, 1)))
    return radius * F.cos(2.0 * math.pi * uniform(seed, stream, *entity, 2))


def lognormal(seed: int, stream: str, *entity: Column | int, median: float | Column, sigma: float | Column) -> Column:
    """Return a log-normal double by key, in the unit of `median`."""
    scale = median if isinstance(median, Column) else F.lit(median)
    spread = sigma if isinstance(sigma, Column) else F.lit(sigma)
    return scale * F.exp(spread * normal(seed, stream, *entity))


def geometric(u: Column, *, mean: Column) -> Column:
    """Return a count of 0 and more with that mean, by inversion of a uniform draw."""
    return F.floor(F.log(1.0 - u) / F.log(mean / (1.0 + mean))).cast("int")


def below(u: Column, count: Column | int) -> Column:
    """Return an integer in [0, count) from a uniform draw."""
    return F.floor(u * count).cast("int")


def lookup(values: Sequence[str], index: Column) -> Column:
    """Return the value at a 0-based index of a fixed list, in constant time; NULL where there is no index.

    The list travels as one literal, split once when the plan is optimized: thousands of literals would each cost a
    call. In ANSI mode Spark takes `element_at` for never NULL: compiled, one without an index is the last element.
    """
    return F.try_element_at(F.split(F.lit(_SEPARATOR.join(values)), _SEPARATOR), index.cast("int") + 1)


def lookup_number(values: Sequence[int], index: Column) -> Column:
    """Return the number at a 0-based index of a fixed list."""
    return lookup([str(value) for value in values], index).cast("bigint")


def lookup_real(values: Sequence[float], index: Column) -> Column:
    """Return the double at a 0-based index of a fixed list."""
    return lookup([str(value) for value in values], index).cast("double")


def number_of(values: Sequence[str], value: Column) -> Column:
    """Return the 0-based index of a value in a fixed list; NULL where it is not in it."""
    return F.coalesce(*(F.when(value == name, F.lit(number)) for number, name in enumerate(values)))


def settled(rows: DataFrame, columns: Mapping[str, Column]) -> DataFrame:
    """Add columns whose long expressions the optimizer must not copy.

    A filter or a join on a computed column otherwise repeats its whole expression below each projection, until the
    generated code passes the JVM's 64 KB; it never looks through a generator.
    """
    fields = F.struct(*(column.alias(name) for name, column in columns.items()))
    return rows.select("*", F.inline(F.array(fields)))


def unfolded(rows: DataFrame, structs: Sequence[Column]) -> DataFrame:
    """Return one row for each of several structs that is not NULL: its fields behind the row's columns.

    Spark does not compile what `array_compact` has in it: the whole array would be interpreted.
    """
    each = rows.select("*", F.explode(F.array(*structs)).alias("_each")).where("_each IS NOT NULL")
    return each.select(*rows.columns, "_each.*")


def choose(values: Sequence[str], u: Column, *, weights: Sequence[float] | None = None, slots: int = 1024) -> Column:
    """Return one of some values by weight, from a uniform draw.

    Args:
        values: what to choose from; an empty text means none.
        u: uniform draw.
        weights: equal when left out; rounded to `slots`, so that no value of weight > 0 is lost.
        slots: precision.
    """
    if weights is None:
        return lookup(values, below(u, len(values)))
    return lookup(quantized(values, weights, slots=slots), below(u, slots))


def quantized(values: Sequence[str], weights: Sequence[float], *, slots: int) -> list[str]:
    """Return `slots` values, each as often as its weight says (largest remainders)."""
    total = sum(weights)
    exact = [weight / total * slots for weight in weights]
    counts = [max(int(share), 1 if share > 0 else 0) for share in exact]
    by_remainder = sorted(range(len(values)), key=lambda n: (counts[n] - exact[n], n))
    surplus = sum(counts) - slots
    for n in by_remainder[: max(-surplus, 0)]:
        counts[n] += 1
    while surplus > 0:
        largest = max(range(len(values)), key=lambda n: (counts[n], -n))
        counts[largest] -= 1
        surplus -= 1
    return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]


def zipf_weights(count: int, *, exponent: float, shift: float) -> list[float]:
    """Return weights that fall with the rank as (rank + shift)^-exponent (Mandelbrot 1953)."""
    return [(rank + shift) ** -exponent for rank in range(1, count + 1)]


def zipf_index(u: Column, count: Column, *, exponent: float, shift: float) -> Column:
    """Return an index in [0, count) that falls with the index as (index + shift)^-exponent.

    By inversion of the continuous law, so that no table of `count` weights is needed. Exponent below 1.
    """
    power = 1.0 - exponent
    low, high = shift**power, F.pow(count + F.lit(shift), F.lit(power))
    index = F.pow(F.lit(low) + u * (high - F.lit(low)), F.lit(1.0 / power)) - F.lit(shift)
    return F.greatest(F.lit(0), F.least(F.floor(index), count - 1)).cast("bigint")
