"""How large a Bloom filter is, and what its header says. Pure arithmetic and text: imports nothing of redicts.

The formulas are those of B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors" (Communications of
the ACM 13, 1970, page 422), as they are used today: with ``n`` elements, ``m`` bits and ``k`` functions a share of
``(1 - exp(-k n / m)) ** k`` of all others is taken for elements; that is least for ``k = m / n * ln 2``, and ``p`` then
for ``m = -n ln p / (ln 2) ** 2``. ``k`` is a whole number, so ``m`` is what the first formula asks for with that one:
more by 0.3 % for 10 %, less for smaller ``p``. To that come 1 % and ``60 / sqrt(n)`` %: how many bits are set is a
matter of chance, the more so the smaller a filter is. With these nearly every filter keeps its promise (of such as are
for 100 elements at 10 %, measured, 29 of 30), not only their average.

A scalable one is that of P. S. Almeida, C. Baquero, N. Preguica and D. Hutchison, "Scalable Bloom Filters" (Information
Processing Letters 101, 2007, page 255): see ``core/prelude/layers.lua``.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

__all__ = ["HEADER", "LARGEST", "Shape", "read_header", "shape_of"]

HEADER: Final = 256
"""Bytes of the header: see ``core/prelude/bloom.lua``, which is the other half of this."""

LARGEST: Final = 2**32
"""Bits that a string has at most: 512 MB, which is what a server allows if nobody told it otherwise."""

FORMAT: Final = 1
HASH: Final = "xxh3"
"""What is done with elements. Whoever changes anything of it changes its name."""

LEAST_RATE: Final = 1e-12
"""Below it the formulas promise more than positions that are made of three words can keep."""

MARGIN: Final = 0.01
CHANCE: Final = 0.6
"""What comes to the bits: always; and over the root of the capacity, which is two standard deviations of the rate."""
_FIELD: Final = re.compile(r"(\w+)=(\S+)")


class Shape(NamedTuple):
    """What a filter was asked to be, and what comes of it.

    Attributes:
        capacity: How many elements it is for.
        error_rate: What share of others it may take for elements then.
        scalable: Whether it grows.
        bits: Of its first layer.
        hashes: Functions of its first layer.
        same: What the header of every such filter begins with.
    """

    capacity: int
    error_rate: float
    scalable: bool
    bits: int
    hashes: int
    same: str

    def parameters(self) -> dict[str, Any]:
        """Give what another one must have in common with it."""
        return {
            "format": FORMAT,
            "hash": HASH,
            "capacity": self.capacity,
            "error_rate": self.error_rate,
            "scalable": self.scalable,
        }


def shape_of(capacity: object, error_rate: object, scalable: object) -> Shape:
    """Size a filter.

    Args:
        capacity: As for ``Shape``.
        error_rate: As for ``Shape``.
        scalable: As for ``Shape``.

    Raises:
        TypeError: One is of another type.
        ValueError: One is out of range, or the filter would not fit into a string.

    Example:
        >>> shape_of(1_000_000, 0.01, False)[3:5]
        (9694641, 7)
    """
    if not isinstance(capacity, int) or isinstance(capacity, bool):
        raise TypeError(f"'capacity' is an integer, not {capacity!r}")
    if not isinstance(error_rate, (int, float)) or isinstance(error_rate, bool):
        raise TypeError(f"'error_rate' is a number, not {error_rate!r}")
    if not isinstance(scalable, bool):
        raise TypeError(f"'scalable' is True or False, not {scalable!r}")
    if capacity < 1:
        raise ValueError(f"'capacity' is at least 1, not {capacity}")
    if not LEAST_RATE <= error_rate < 1:
        raise ValueError(f"'error_rate' is at least {LEAST_RATE} and below 1, as 0.01 for 1 %; not {error_rate!r}")
    return _shape(int(capacity), float(error_rate), scalable)


@lru_cache(maxsize=1024)
def _shape(capacity: int, error_rate: float, scalable: bool) -> Shape:
    capped = min(capacity, 10**15)  # far too many, and still a float
    bits, hashes = _growing(capped, error_rate) if scalable else _fixed(capped, error_rate)
    if capped < capacity or 8 * HEADER + bits > LARGEST:
        size = f"{bits / 8e9:,.1f} GB" if capped == capacity else "far more"
        raise ValueError(
            f"a Bloom filter for {capacity} elements at an error rate of {error_rate} would take {size}; a string of a "
            "server holds 0.5 GB. Ask for fewer or for a higher rate, or share the elements out among several filters"
        )
    same = f"redicts bloom {FORMAT} {HASH} capacity={capacity} error_rate={error_rate!r} scalable={int(scalable)} "
    return Shape(capacity, error_rate, scalable, bits, hashes, same)


def _fixed(capacity: int, error_rate: float) -> tuple[int, int]:
    best = max(1, math.floor(-math.log2(error_rate)))
    choices = [(-k * capacity / math.log1p(-(error_rate ** (1 / k))), k) for k in (best, best + 1)]
    bits, hashes = min(choices)
    return _enough(bits * (1 + MARGIN + CHANCE / math.sqrt(capacity)), capacity, error_rate), hashes


def _growing(capacity: int, error_rate: float) -> tuple[int, int]:
    """All layers together take for elements at most twice what the first one takes, which is 2 ** -hashes."""
    hashes = math.ceil(1 - math.log2(error_rate))
    hashes += int(2.0**-hashes > error_rate / 2)  # where rounding made it one less
    bits = hashes * (capacity / math.log(2) + 2)
    return _enough(bits, capacity, 2.0**-hashes), hashes


def _enough(bits: float, capacity: int, error_rate: float) -> int:
    """Take more bits where there are very few.

    Positions are made of three words, each below ``bits``: that all three are those of one of ``capacity`` elements
    must be much rarer than ``error_rate``. Measured: with this many it adds less than 5 % to it.
    """
    least: float = 10 * (capacity / error_rate) ** (1 / 3)
    return math.ceil(max(bits, least))


def read_header(text: str) -> dict[str, Any] | None:
    """Read what a header says; ``None`` where it is none.

    Example:
        >>> read_header(shape_of(100, 0.01, True).same + "bits=1 hashes=2")["capacity"]
        100
    """
    words = text.split(maxsplit=4)
    found: dict[str, str] = dict(_FIELD.findall(text))
    try:
        if words[:2] != ["redicts", "bloom"]:
            return None
        return {
            "format": int(words[2]),
            "hash": words[3],
            "capacity": int(found["capacity"]),
            "error_rate": float(found["error_rate"]),
            "scalable": found["scalable"] == "1",
            "bits": int(found["bits"]),
            "hashes": int(found["hashes"]),
        }
    except (IndexError, KeyError, ValueError):
        return None
