"""What waiting connections are called."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from redicts.core.keys import KeySpace
from redicts.core.labels import read_label, spell_label
from tests.support.values import paths

SPACE = KeySpace("ns")


@given(paths, st.sampled_from("wu"))
@example((), "w")
@example(("a b", "100%", "%41", "é\n", "."), "u")
def test_a_label_is_read_back(path: tuple[str, ...], letter: str) -> None:
    key = SPACE.key(letter, path)
    name = spell_label(key)
    assert all("!" <= character <= "~" for character in name)
    assert read_label(name) == key
    assert SPACE.parse_key(read_label(name)) == (letter, path)


def test_ordinary_names_stay_readable() -> None:
    assert spell_label("redicts:w:{a}.b-c_d") == "redicts:w:{a}.b-c_d"


@given(st.text(alphabet=st.characters(codec="ascii")))
@example("%")
@example("%ff%")
def test_a_name_that_others_gave_is_no_error(name: str) -> None:
    assert isinstance(read_label(name), str)
