"""``as_string()`` in every face: text and bytes as they are, parts and bits of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from redicts import InvalidElement, Proxy, WrongType
from redicts.leaves.string import LARGEST, String
from tests.contract.variants import once_each, sync_only
from tests.support.backends import Backend
from tests.support.trees import nothing_written


@pytest.fixture
def note(tree: Proxy) -> String:
    """A string at a place where nothing is."""
    return tree.get("app.note").as_string()


def test_nothing_is_there_before_it_is_written(note: String, tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        assert (note.get(), note.get_bytes(), note.length()) == ("", b"", 0)
        assert (note.get_range(), note.get_range(-3, 2), note.get_range(0, 1)) == (b"", b"", b"")
        assert (note.get_bit(7), note.count_bits(), note.count_bits(0, 9)) == (0, 0, 0)
        assert (note.find_bit(0), note.find_bit(1)) == (-1, -1)
        assert note.set_range(10, "") == 0
        note.clear()
    assert not tree.get("app").exists()


def test_text_and_bytes(note: String, tree: Proxy) -> None:
    note.set("naïve €")
    assert (note.get(), note.get_bytes(), note.length()) == ("naïve €", "naïve €".encode(), 10)
    assert tree.get("app.note").kind() == "string"
    assert note.append(" or ") == 14
    assert note.append(b"\x00") == 15
    assert note.append(bytearray(b"x")) == note.length() == 16
    assert note.append(memoryview(b"")) == 16
    assert tree.val() == {"app": {"note": "naïve € or \x00x"}}
    note.clear()
    assert tree.val() == {}


@pytest.mark.parametrize("write", ["set", "append"])
def test_the_empty_text_is_there(note: String, tree: Proxy, write: str) -> None:
    getattr(note, write)("")
    assert tree.get("app.note").exists()
    assert tree.val() == {"app": {"note": ""}}
    assert note.get() == ""
    note.clear()
    assert not tree.get("app.note").exists()


SHOWN = [
    bytes(range(256)), bytes(range(128)), "".join(map(chr, range(1, 0x800))).encode(),
    "\0\"\\/\x7f\u2028😀\U0010ffff".encode(), b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xe2\x82",
    b"\x80", b"a\xffz", b"\xf0\x9f\x98", b"\xc2\xa0\xa0", b"\xe0\x80\x80",
    b"%s %z", b'"},"x":{"', b"\xf0\x80\x80\x80", b"\xef\xbf\xbf",
]  # fmt: skip


@once_each
def test_it_is_shown_as_json_text(note: String, tree: Proxy) -> None:
    """UTF-8 as the text that it is; else each byte as the character of its number."""
    for raw in SHOWN:
        note.set(raw)
        assert note.get_bytes() == raw
        try:
            text: str | None = raw.decode()
        except UnicodeDecodeError:
            text = None
        expected = raw.decode("latin-1") if text is None else text
        assert tree.get("app.note").val() == expected
        assert tree.val() == {"app": {"note": expected}}
        if text is None:
            with pytest.raises(InvalidElement, match="get_bytes"):
                note.get()
        else:
            assert note.get() == text


def test_what_utf_8_cannot_carry_is_refused(note: String, backend: Backend) -> None:
    with nothing_written(backend):
        for text in ("\ud800", "x\udc80", "\udcff"):
            for write in (note.set, note.append, lambda text: note.set_range(0, text)):
                with pytest.raises(InvalidElement, match="nothing was written"):
                    write(text)
        for value in (1, None, ["x"]):
            for take in (note.set, note.append, lambda value: note.set_range(0, value)):
                with pytest.raises(TypeError):
                    take(value)  # type: ignore[arg-type]


@once_each
def test_parts_are_slices(note: String) -> None:
    raw = b"\xe2\x82\xac uro"
    note.set(raw)
    bounds = [None, *range(-9, 10, 2), 0, 2**70, -(2**70)]
    for start in bounds:
        for stop in bounds:
            part = raw[start:stop]
            assert note.get_range(start, stop) == part
            assert note.count_bits(start, stop) == sum(byte.bit_count() for byte in part)
            first = 8 * slice(start, stop).indices(len(raw))[0]
            bits = "".join(f"{byte:08b}" for byte in part)
            for bit in (0, 1):
                at = bits.find(str(bit))
                assert note.find_bit(bit, start, stop) == (-1 if at < 0 else first + at)


def test_parts_are_written(note: String, tree: Proxy) -> None:
    assert note.set_range(2, "ab") == 4
    assert note.get_bytes() == b"\0\0ab"
    assert note.set_range(0, b"\xff") == 4
    assert note.set_range(3, "€") == note.length() == 6
    assert note.get_bytes() == b"\xff\0a\xe2\x82\xac"


def test_bits(note: String, tree: Proxy) -> None:
    assert note.set_bit(0, 0) == 0
    assert note.get_bytes() == b"\0"
    assert note.set_bit(15, True) == 0
    assert note.set_bit(15, 1) == 1
    assert (note.get_bit(15), note.get_bit(14), note.get_bit(8 * LARGEST - 1)) == (1, 0, 0)
    assert (note.count_bits(), note.count_bits(0, 1), note.find_bit(1), note.find_bit(1, 0, 1)) == (1, 0, 15, -1)
    note.set(b"\xff")
    assert note.find_bit(0) == -1, "no bits are thought to follow"


def test_numbers_that_are_none(note: String, backend: Backend) -> None:
    with nothing_written(backend):
        refused: tuple[Callable[[], object], ...] = (
            lambda: note.set_bit(-1, 1), lambda: note.set_bit(8 * LARGEST, 1), lambda: note.set_bit(0, 2),
            lambda: note.get_bit(-1), lambda: note.find_bit(2), lambda: note.set_range(-1, "x"),
            lambda: note.set_range(LARGEST, "x"),
        )  # fmt: skip
        for act in refused:
            with pytest.raises(ValueError, match=r"offset|bit"):
                act()
        wrong: Any = ("1", 1.5)
        for number in wrong:
            for take in (note.get_bit, note.get_range, note.find_bit, lambda at: note.set_range(at, "x")):
                with pytest.raises(TypeError):
                    take(number)


@pytest.mark.parametrize("value", [1, "text", [], {"x": 1}])
def test_another_kind_is_left_alone(note: String, tree: Proxy, backend: Backend, value: Any) -> None:
    tree.set("app.note", value)
    with nothing_written(backend):
        for act in (
            note.get, note.get_bytes, note.length, note.clear, lambda: note.set("x"), lambda: note.append("x"),
            lambda: note.get_range(1, 2), note.get_range, lambda: note.set_range(0, "x"), lambda: note.get_bit(0),
            lambda: note.set_bit(0, 1), note.count_bits, lambda: note.count_bits(1), lambda: note.find_bit(1),
        ):  # fmt: skip
            with pytest.raises(WrongType) as caught:
                act()
            assert caught.value.expected == "string"
    assert tree.get("app.note").val() == value


def test_time_to_live_stays(note: String, tree: Proxy) -> None:
    note.set("x")
    tree.get("app.note").expire(1000)
    for write in (
        lambda: note.set("y"),
        lambda: note.append("z"),
        lambda: note.set_range(1, "q"),
        lambda: note.set_bit(0, 1),
    ):
        write()
        assert 990 < tree.get("app.note").time_to_live() <= 1000


@sync_only
def test_what_python_does_with_it(note: String) -> None:
    assert not note
    note += "né"
    note += b"\x00"
    assert note
    assert (len(note), bytes(note)) == (4, "né\0".encode())
    with pytest.raises(TypeError):
        note += 1  # type: ignore[arg-type]
    assert repr(note) == "String('app.note')"
    assert note == note
    assert note != "né\0"  # type: ignore[comparison-overlap]
