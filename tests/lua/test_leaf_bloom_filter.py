"""Bloom filters on the server: positions compared with whole numbers of any size, and sections on several servers."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
import redis

from redicts import ParameterMismatch, Proxy
from redicts.core import scripts
from redicts.core.keys import KeySpace
from redicts.leaves.parts.bloom_hash import ELEMENT, hash_all
from redicts.leaves.parts.bloom_shape import HEADER, LARGEST, shape_of
from redicts.pool.database import Database
from tests.support.backends import Backend, server_backend
from tests.support.servers import Server
from tests.support.trees import tree_of

POSITIONS = """
local seen = {}
call = function(_, _, at)
  seen[#seen + 1] = string.format('%.0f', at)
  return 1
end
local x, y, z = words(ARGV[1], 1)
has({}, {from = tonumber(ARGV[2]), bits = tonumber(ARGV[3]), hashes = tonumber(ARGV[4])}, nil, x, y, z)
return seen
"""
"""What ``has`` asks for."""


def positions(element: bytes, start: int, bits: int, hashes: int) -> list[int]:
    """The same, with Python's integers."""
    x, y, z = (int.from_bytes(element[a:b], "big") for a, b in ((0, 6), (6, 11), (11, 16)))
    found = []
    for step in range(1, hashes + 1):
        found.append(start + x % bits)
        x, y = x + y, y + z + step
    return found


def elements(chance: random.Random) -> list[bytes]:
    """Hashes: those at the ends of what there is, and others."""
    ends = [bytes([each]) * ELEMENT for each in (0, 1, 0x7F, 0x80, 0xFE, 0xFF)]
    return [
        *ends,
        *[b"\xff" * at + b"\0" * (ELEMENT - at) for at in range(ELEMENT)],
        *[chance.randbytes(16) for _ in range(150)],
    ]


def test_positions_are_exact(real_backend: Backend) -> None:
    """For sizes at which a quotient is as near to a whole number as it can be, too."""
    text = scripts._source("redicts.core.prelude", "bloom") + POSITIONS
    client: Any = real_backend.client
    chance = random.Random(1)
    sizes = [13, 969, 9_694_641, 2**31 - 1, 2**32 - 1, 2**32 - 2048, 2**32 - 5, 4_000_000_007, 2**32 // 3]
    for number, element in enumerate(elements(chance)):
        for bits in (sizes[number % len(sizes)], chance.randrange(2, LARGEST), *[sizes[-3], 2**32 - 1][: number < 22]):
            found = client.eval(text, 0, element, 8 * HEADER, bits, 40)
            assert [int(each) for each in found] == positions(element, 8 * HEADER, bits, 40), (element.hex(), bits)


def test_the_quotient_is_never_rounded_up(real_backend: Backend) -> None:
    """One below each multiple of a size, up to the largest word."""
    text = """
    local b, bad = tonumber(ARGV[1]), 0
    local top = math.floor(2 ^ 48 / b)
    for _, first in ipairs({1, math.max(1, top - 2000)}) do
      for q = first, first + 2000 do
        if q <= top and (b * q - 1) % b ~= b - 1 then bad = q end
      end
    end
    return bad
    """
    client: Any = real_backend.client
    for bits in (3, 13, 969, 65_537, 9_694_641, 2**31 - 1, 2**32 - 1, 2**32 - 5):
        assert client.eval(text, 0, bits) == 0


def test_large_numbers_are_spelled_whole(real_backend: Backend) -> None:
    client: Any = real_backend.client
    for number in (2**31, 2**32 - 1, 4_294_960_000, 10**9):
        assert client.eval("return redis.call('ECHO', tonumber(ARGV[1]))", 0, number) == str(number).encode()
        assert client.eval("return redis.call('GETBIT', KEYS[1], tonumber(ARGV[1]))", 1, "none", number) == 0


@pytest.mark.parametrize("scalable", [False, True])
def test_the_bits_that_are_set_are_those(real_backend: Backend, scalable: bool) -> None:
    tree, client = tree_of(real_backend), real_backend.client
    bloom = tree.get("a.x").as_bloom_filter(capacity=300, error_rate=0.001, scalable=scalable)
    shape = shape_of(300, 0.001, scalable)
    texts = [f'"{number}"' for number in range(200)]
    assert bloom.update(str(number) for number in range(200)) == 200
    raw: Any = client.get(real_backend.database.space.body(("a", "x")))
    expected = {at for text in texts for at in positions(hash_all([text]), 8 * HEADER, shape.bits, shape.hashes)}
    found = {8 * at + bit for at in range(HEADER, len(raw)) for bit in range(8) if raw[at] << bit & 128}
    assert found == expected
    header = raw[:HEADER].decode()
    assert header.startswith(
        f"{shape.same}bits={shape.bits} hashes={shape.hashes} layers=1 set={len(found)} length=200."
    )
    assert header.endswith(" \n")
    assert len(raw) == HEADER + -(-shape.bits // 8), "it is not larger than it must be"


def test_what_a_script_answers_does_not_depend_on_how_many_are_asked(real_backend: Backend) -> None:
    """One of them looks at bits, many at a copy."""
    bloom = tree_of(real_backend).get("x").as_bloom_filter(capacity=3000, error_rate=0.2, scalable=True)
    _ = bloom.update(range(9000))
    asked = range(8900, 9300)
    assert bloom.contains_many(asked) == [bloom.contains(number) for number in asked]


@pytest.fixture
def spread(real_backend: Backend) -> Proxy:
    """A place of a cluster, as far as its keys are concerned."""
    made = Proxy("a.one")
    made._database = Database(real_backend.client, namespace=real_backend.namespace)
    made._database.space = KeySpace(real_backend.namespace, spread=True)
    return made


def test_of_other_sections(spread: Proxy, real_backend: Backend) -> None:
    one, beside = (place.as_bloom_filter(capacity=100) for place in (spread, spread.parent.get("two")))
    far, farther = (spread._at((section, "x")).as_bloom_filter(capacity=100) for section in ("b", "c"))
    assert [leaf.update(values) for leaf, values in ((beside, [1, 2]), (far, [2, 3]), (farther, "ab"))] == [2] * 3
    keys = real_backend.keys()
    one.union_update(far, beside)
    assert one.contains_many([1, 2, 3, "a"]) == [True, True, True, False]
    one.union_update(farther, one)
    assert one.contains_many([1, 2, 3, "a", "b"]) == [True] * 5
    assert {*real_backend.keys()} - {*keys} == {real_backend.database.space.body(("a", "one"))}, "what was lent is gone"
    _ = spread._at(("b", "y")).as_bloom_filter(capacity=200).add(1)
    before = real_backend.keys()
    with pytest.raises(ParameterMismatch):
        one.union_update(spread._at(("b", "y")).as_bloom_filter(capacity=100))
    assert real_backend.keys() == before
    assert spread.check() == []


def test_a_server_that_allows_less(start_server: Callable[..., Server]) -> None:
    """What cannot be made leaves no place behind; what cannot grow keeps what it had."""
    backend = server_backend(start_server(proto_max_bulk_len=1 << 20), 3)
    tree = tree_of(backend)
    with pytest.raises(redis.ResponseError, match="out of range"):
        tree.get("a.large").as_bloom_filter(capacity=10**6).add(1)
    assert backend.keys() == []
    grown = tree.get("a.grown").as_bloom_filter(capacity=350_000, scalable=True)
    assert grown.update(range(100)) == 100
    body, half = backend.database.space.body(("a", "grown")), shape_of(350_000, 0.01, True).bits // 2
    raw: Any = backend.client.getrange(body, 0, HEADER - 1)
    nearly = re.sub(rb" set=\d+ ", b" set=%d " % (half - 100), raw)  # as if room for twelve were left
    backend.client.setrange(body, 0, nearly[: HEADER - 1])
    with pytest.raises(redis.ResponseError, match="out of range"):
        grown.update(range(1000, 2000))
    assert grown.length() == 112
    assert all(grown.contains_many([*range(100), *range(1000, 1012)]))
    assert not any(grown.contains_many(range(1012, 2000)))
    backend.close()
