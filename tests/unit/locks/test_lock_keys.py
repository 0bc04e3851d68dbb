"""The keys that a lock has to do with: all that may stand in the way is read, all of a section lies in one slot."""

from __future__ import annotations

from hypothesis import example, given
from redis.crc import key_slot

from redicts.core.keys import KeySpace, encode_component, parse_tail
from redicts.core.paths import Path
from tests.support.values import paths

SPACE = KeySpace("ns")


def test_the_keys_of_a_path() -> None:
    assert SPACE.locks(("a", "b.c", "d"))._asdict() == {
        "at": r"ns:l:{a}.b\u002ec.d",
        "around": (r"ns:l:{a}.b\u002ec.d", r"ns:l:{a}.b\u002ec", "ns:l:{a}", "ns:l:", r"ns:b:{a}.b\u002ec.d"),
        "entered": (r"ns:l:{a}.b\u002ec.d", r"ns:b:{a}.b\u002ec", "ns:b:{a}", "ns:b:"),
        "wake_ups": r"ns:w:{a}.b\u002ec.d",
        "upgrades": r"ns:u:{a}.b\u002ec.d",
        "fence": "ns:f:{a}",
        "section": ("ns:l:{a}", "ns:b:{a}"),
        "tail": r"{a}.b\u002ec.d",
    }


def test_the_keys_of_the_root() -> None:
    keys = SPACE.locks(())
    assert (keys.at, keys.around, keys.entered) == ("ns:l:", ("ns:l:", "ns:b:"), ("ns:l:",))
    assert (keys.wake_ups, keys.upgrades, keys.fence, keys.tail) == ("ns:w:", "ns:u:", "ns:f:", "")


@given(paths.filter(bool))
@example(("}{", "a"))
@example(("{", "}"))
def test_all_keys_but_the_roots_lie_in_the_sections_slot(path: Path) -> None:
    keys, root = SPACE.locks(path), SPACE.locks(())
    roots = {root.at, *root.around}
    own = {*keys.around, *keys.entered, keys.wake_ups, keys.upgrades, keys.fence, *keys.section} - roots
    assert {key_slot(key.encode()) for key in own} == {key_slot(encode_component(path[0]).encode())}
    assert keys.around[-2] in roots
    assert keys.entered[-1] in roots


@given(paths, paths)
def test_of_two_locks_that_meet_each_reads_where_the_other_stands(one: Path, other: Path) -> None:
    meet = one[: len(other)] == other or other[: len(one)] == one
    assert bool(set(SPACE.locks(one).around) & set(SPACE.locks(other).entered)) is meet


@given(paths)
def test_the_tail_of_a_path_is_read_back(path: Path) -> None:
    assert parse_tail(SPACE.locks(path).tail) == path
