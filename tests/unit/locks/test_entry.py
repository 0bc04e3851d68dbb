"""Lock entries: text and back, whatever owners, hosts and paths are called; what redicts did not write is refused."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redicts.core.keys import KeySpace
from redicts.core.paths import Path
from redicts.errors import InternalError
from redicts.locks.entry import Entry, Standing, deadline_of, read_standings
from tests.support.values import AWKWARD_NAMES, components, paths

SPACE = KeySpace("ns")
KEY = "ns:l:{a}.b"

HOSTILE = (
    "", " ", "a b", " x", "x ", "\u00a0", "\u2003", "\u3000", "\n", "a\nb", "\t", "\\u0020", "\\", "\\\\", '"', "{}",
    "a.b", "\x00", "é", "😀", "s", "x", "0", "x n 1 o h 2 {a}", "x" * 1024,
)  # fmt: skip
words = (components | st.sampled_from([*AWKWARD_NAMES, *HOSTILE])).filter(bool)
nonces = st.from_regex(r"\A[0-9a-f]{16}:[1-9][0-9]{0,8}\Z")
times = st.integers(0, 2**53)

entries = st.builds(Entry, st.booleans(), nonces, times, words, words, st.integers(0, 2**31), paths)


def text_of(entry: Entry) -> str:
    return entry.text(SPACE.locks(entry.path).tail)


@given(entries)
@example(Entry(True, "n:1", 0, " ", "\u2003 \u00a0", 1, (" ", "\n", "\\", "{.}")))
def test_an_entry_is_read_back(entry: Entry) -> None:
    assert Entry.read(text_of(entry), KEY) == entry


@given(entries)
def test_an_entry_has_seven_words_but_for_the_spaces_of_its_path(entry: Entry) -> None:
    assert text_of(entry).split(" ", 6)[6] == SPACE.locks(entry.path).tail
    assert "\n" not in text_of(entry)


@settings(max_examples=50)
@given(entries, entries)
def test_two_entries_are_never_spelled_alike(one: Entry, other: Entry) -> None:
    assert (text_of(one) == text_of(other)) is (one == other)


def test_an_ordinary_entry_is_readable() -> None:
    entry = Entry(False, "ab:1", 1700, "job 7", "node-1.example.org", 12, ("a", "b.c"))
    assert text_of(entry) == r"x ab:1 1700 job\u00207 node-1\u002eexample\u002eorg 12 {a}.b\u002ec"
    assert text_of(entry._replace(path=(), shared=True)).endswith(" 12 ")


TAMPERED = [
    "",
    "rubbish",
    "y n:1 1 o h 2 {a}",
    "X n:1 1 o h 2 {a}",
    "x n:1 1 o h 2",
    "x n:1 1 o h {a}",
    "x  1 o h 2 {a}",
    "x n:1 -1 o h 2 {a}",
    "x n:1 1.5 o h 2 {a}",
    "x n:1 1 o h 2x {a}",
    "x n:1 ١ o h 2 {a}",
    "x n:1 1  h 2 {a}",
    "x n:1 1 o  2 {a}",
    " x n:1 1 o h 2 {a}",
    "x n:1 1 o h 2 a",
    "x n:1 1 o h 2 {a} ",
    "x n:1 1 o h 2 {a}.",
    "x n:1 1 o h 2 {a}..b",
    "x n:1 1 o h 2 {a}b",
    "x n:1 1 o h 2 {}",
    "x n:1 1 o h 2 {a}.{b}",
    "x n:1 1 o h 2 {a}\n",
    r"x n:1 1 o h 2 {a}.\u0062",
    r"x n:1 1 o h 2 {a}.\ud800",
    "x n:1 1 o h 2 {a}.\udc80",
    r"x n:1 1 o.p h 2 {a}",
    r"x n:1 1 \u006f h 2 {a}",
    r"x n:1 1 \ud800 h 2 {a}",
    r"x n:1 1 o\ h 2 {a}",
    'x n:1 1 o" h 2 {a}',
    "x n:1 1 o\n h 2 {a}",
    "x n:1 1 o {h} 2 {a}",
    "x n:1 1 o\udc80 h 2 {a}",
    "x n:1 1 o h\udc80 2 {a}",
    "x n\udc80:1 1 o h 2 {a}",
    "x n:1 01 o h 2 {a}",
    "x n:1 1 o h 02 {a}",
    "x n:1 " + "9" * 5000 + " o h 2 {a}",
    "x n:1 1 o h " + "9" * 5000 + " {a}",
    "x n:1 1 o h 2 {" + "a" * 1025 + "}",
]


@pytest.mark.parametrize("text", TAMPERED, ids=lambda text: text[:40].encode("unicode_escape").decode())
def test_what_redicts_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(InternalError, match="no lock entry") as caught:
        _ = Entry.read(text, KEY)
    assert caught.value.key == KEY
    assert repr(KEY) in str(caught.value)
    assert len(str(caught.value)) < 400


spoiled = st.builds(lambda entry, at, more: text_of(entry)[:at] + more, entries, st.integers(0, 60), st.text())


@given(st.text() | spoiled)
def test_what_is_read_is_what_would_be_written(text: str) -> None:
    try:
        entry = Entry.read(text, KEY)
    except InternalError:
        return
    assert text_of(entry) == text


@settings(max_examples=25)
@given(st.lists(st.tuples(entries, st.integers(0, 2**52)), max_size=3))
def test_sets_are_read_with_their_deadlines(found: list[tuple[Entry, int]]) -> None:
    reply = [word for entry, deadline in found for word in (text_of(entry), str(deadline))]
    assert read_standings(reply, KEY) == [Standing(entry, deadline, text_of(entry)) for entry, deadline in found]


@pytest.mark.parametrize(
    ("score", "deadline"),
    [("1700000000123", 1700000000123), ("1.700000000123e12", 1700000000123), ("0", 0), ("-5", -5), ("1.5", 1)],
)
def test_scores_are_deadlines(score: str, deadline: int) -> None:
    assert deadline_of(score, KEY) == deadline


@pytest.mark.parametrize("score", ["inf", "-inf", "nan", "", "x"])
def test_scores_that_are_none_are_refused(score: str) -> None:
    with pytest.raises(InternalError, match="a deadline of") as caught:
        _ = deadline_of(score, KEY)
    assert caught.value.key == KEY


def test_one_that_is_tampered_spoils_the_set() -> None:
    path: Path = ("a",)
    good = text_of(Entry(False, "n:1", 1, "o", "h", 1, path))
    with pytest.raises(InternalError):
        _ = read_standings([good, "5", "rubbish", "5"], KEY)
