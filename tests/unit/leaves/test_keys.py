"""Keys of mappings: what can be one, how it is spelled; and iterations that come by a key again."""

from __future__ import annotations

import math
import sys
from collections import OrderedDict
from enum import Enum, IntEnum
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from redicts.errors import InternalError, InvalidElement
from redicts.leaves.parts.keys import Keys, Scan
from redicts.leaves.parts.seen import FEW, Seen
from tests.support.trees import canonical

PLACE = "app.ages"


def where() -> str:
    return PLACE


ANY: Keys[Any] = Keys()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


class Level(IntEnum):
    LOW = 1


class Colour(Enum):
    RED = "red"


class Pair(NamedTuple):
    one: int
    two: str


class User(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str


@given(st.recursive(SCALARS, lambda below: st.lists(below, max_size=3).map(tuple), max_leaves=5))
def test_a_key_is_read_as_it_was(key: Any) -> None:
    text = ANY.spell(key, where)
    for found in (ANY.read(text, where), ANY.read_all(["1", text], where)[1]):
        assert canonical(found) == canonical(key)
        assert hash(found) == hash(key) or key != key or "nan" in repr(key)
        assert type(found) is type(key)
    assert ANY.find(key, where) == text


def test_how_keys_are_spelled() -> None:
    spelled = {
        canonical(key): ANY.spell(key, where) for key in (1, True, 1.0, -0.0, None, "1", 'é"', math.nan, math.inf)
    }
    assert [*spelled.values()] == ["1", "true", "1.0", "-0.0", "null", '"1"', r'"\u00e9\""', "NaN", "Infinity"]
    assert (ANY.spell(Level.LOW, where), ANY.spell(Pair(1, "x"), where), ANY.spell((), where)) == ("1", '[1,"x"]', "[]")


@pytest.mark.parametrize("key", [[], {}, set(), ([],), ({},), OrderedDict()])
def test_what_is_not_hashable_is_no_key_anywhere(key: Any) -> None:
    for keys in (ANY, Keys(int), Keys(Any)):
        for act in (keys.spell, keys.find):
            with pytest.raises(TypeError, match="unhashable"):
                act(key, where)


@pytest.mark.parametrize("key", [object(), b"", 1j, frozenset(), Colour.RED, UUID(int=1), User(name="x"), (1, b"")])
def test_what_json_has_not_is_not_there(key: Any) -> None:
    assert ANY.find(key, where) is None
    with pytest.raises(TypeError):
        ANY.spell(key, where)


def test_keys_of_a_type() -> None:
    numbers = Keys(int)
    assert (numbers.find("x", where), numbers.find(None, where), numbers.checked, ANY.checked) == (
        None,
        None,
        True,
        False,
    )
    with pytest.raises(InvalidElement):
        numbers.spell("x", where)  # type: ignore[arg-type]
    with pytest.raises(InvalidElement):
        numbers.read('"x"', where)
    assert Keys(UUID).read(f'"{UUID(int=1)}"', where) == UUID(int=1)
    assert Keys(Pair).read_all(['[1,"x"]'], where) == [Pair(1, "x")]
    for keys, key in ((Keys(User), User(name="x")), (Keys(frozenset[int]), frozenset({1}))):
        with pytest.raises(TypeError, match=r"cannot be a key at 'app\.ages'"):
            keys.spell(key, where)  # type: ignore[arg-type]


def test_what_is_no_key_in_the_store() -> None:
    with pytest.raises(InternalError):
        ANY.read("}", where)


def test_an_iteration_gives_a_key_once() -> None:
    """A hash that shrinks gives some again."""
    scan = Scan()
    assert scan.feed(["17", ["a", "1", "b", "2"]]) == (["a", "b"], ["1", "2"])
    assert scan.cursor == "17"
    assert scan.feed([5, ["b", "9", "c", "3", "c", "4"]]) == (["c"], ["3"])
    assert scan.feed(["0", ["a", "1"]]) == ([], [])
    assert scan.cursor is None
    assert Scan().feed(["0", []]) == ([], [])


def test_of_many_keys_little_is_remembered() -> None:
    seen, count = Seen(), 3 * FEW
    texts = [str(number) for number in range(count)]
    assert all(map(seen.add, texts))
    assert not any(map(seen.add, texts))
    kept = sum(map(sys.getsizeof, seen._many))
    assert (seen._few, len(seen._many)) == (None, 2**14)
    assert kept < 32 * count, "of each, 16 bytes and the room to grow"
    assert seen.add("\ud800")
    assert not seen.add("\ud800")


def test_a_digest_across_two_others_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    class Digest:
        """As blake2b, with digests that begin alike."""

        def __init__(self, text: bytes, digest_size: int) -> None:
            self._text = text.decode()[-digest_size:].rjust(digest_size, "x")

        def digest(self) -> bytes:
            return self._text.encode()

    monkeypatch.setattr("redicts.leaves.parts.seen.blake2b", Digest)
    monkeypatch.setattr("redicts.leaves.parts.seen.FEW", 1)
    monkeypatch.setattr("redicts.leaves.parts.seen._BUCKETS", 1)
    seen = Seen()
    assert [seen.add("first"), seen.add("ab" * 8), seen.add("cd" * 8), seen.add("ab" * 4 + "cd" * 4)] == [True] * 4
    assert [seen.add("cd" * 8), seen.add("ab" * 4 + "cd" * 4), seen.add("cd" * 4 + "ab" * 4)] == [False, False, True]
