"""The rules of paths: what is one, what is not, and that text and components lead to one another."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redicts.core.paths import MAX_COMPONENT_LENGTH, MAX_COMPONENTS, Name, check_component, dotted, join, parse
from redicts.errors import PathError, RedictsError
from tests.support.values import components, paths


@given(paths)
@example(("a.b", "c\\"))
@example(("\\",))
@example((".", "..", "\\.", "\\\\"))
def test_dotted_text_leads_back_to_the_path(path: tuple[str, ...]) -> None:
    assert parse(dotted(path)) == path


@given(paths, paths)
def test_two_paths_never_have_one_text(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (dotted(one) == dotted(other)) is (one == other)


@given(paths)
def test_components_are_taken_as_they_are(path: tuple[str, ...]) -> None:
    assert parse(path) == path
    assert parse(list(path)) == path
    assert parse(iter(path)) == path


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_is_a_path_or_a_path_error(text: str) -> None:
    try:
        path = parse(text)
    except PathError:
        return
    assert all(path)
    assert dotted(path) == text, "there is one spelling for each place"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ()),
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        (r"hosts.example\.org.port", ("hosts", "example.org", "port")),
        (r"a\\.b", ("a\\", "b")),
        (r"a\\\.b", ("a\\.b",)),
        (r"\.", (".",)),
        (" ", (" ",)),
        ("a. b", ("a", " b")),
        ("a/b:c*{d}", ("a/b:c*{d}",)),
        ("a\nb.c", ("a\nb", "c")),
    ],
)
def test_dotted_text_is_split(text: str, path: tuple[str, ...]) -> None:
    assert parse(text) == path


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("a..b", "empty"),
        (".", "empty"),
        (".a", "empty"),
        ("a.", "empty"),
        (["a", ""], "empty"),
        (Name(""), "empty"),
        (r"a\b", r"write \\ for one"),
        ("a\\", r"write \\ for one"),
        ("a\\\n", r"write \\ for one"),
        ("a.\ud800", "UTF-8 cannot carry"),
        (["\udfff"], "UTF-8 cannot carry"),
        (["a", 1], "text, not 1"),
        (["a", None], "text, not None"),
        (["a", b"b"], "text, not b'b'"),
        (b"a.b", "decode b'a.b' first"),
        (bytearray(b"a"), "not bytes"),
        (None, "not None"),
        (7, "not 7"),
        (["x"] * 129, "at most 128"),
        (".".join(["x"] * 129), "at most 128"),
        (["x" * 1025], "1025 characters, at most 1024"),
    ],
)
def test_what_is_no_path_is_refused_and_said_why(path: Any, says: str) -> None:
    with pytest.raises(PathError) as caught:
        parse(path)
    assert says in str(caught.value)
    assert caught.value.path == path
    assert isinstance(caught.value, (ValueError, RedictsError))


def test_the_limits_themselves_are_allowed() -> None:
    assert len(parse(["x"] * MAX_COMPONENTS)) == MAX_COMPONENTS == 128
    assert parse("é" * MAX_COMPONENT_LENGTH) == ("é" * 1024,)


def test_a_long_component_is_not_shown_whole() -> None:
    with pytest.raises(PathError) as caught:
        parse(["x" * 100_000])
    assert len(str(caught.value)) < 200


def test_an_error_over_an_iterator_shows_the_components_and_can_be_pickled() -> None:
    with pytest.raises(PathError, match=r"\('a', 1\)") as caught:
        parse(part for part in ["a", 1])  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(caught.value)).path == ("a", 1)


def test_a_name_is_one_component() -> None:
    name = Name("example.org")
    assert parse(name) == ("example.org",)
    assert parse("example.org") == ("example", "org")
    assert name == "example.org"
    assert hash(name) == hash("example.org")
    assert type(parse(name)[0]) is str
    assert pickle.loads(pickle.dumps(name)) == name
    assert type(pickle.loads(pickle.dumps(name))) is Name


class Text(str):
    """A user's own kind of text, with an equality of its own."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    def __str__(self) -> str:
        return "something else"


def test_subclasses_of_str_become_plain_text() -> None:
    for path in (parse(Text("a.b")), parse([Text("a"), Text("b")]), join(("a",), Text("b"))):
        assert path == ("a", "b")
        assert {type(component) for component in path} == {str}


@given(paths, paths.filter(bool))
def test_join_goes_down(base: tuple[str, ...], key: tuple[str, ...]) -> None:
    assert join(base, key) == base + key
    assert join(base, dotted(key)) == base + key
    assert join(base, ()) == base


def test_join_refuses_what_parse_refuses_and_empty_text() -> None:
    for key in ("", Name("")):
        with pytest.raises(PathError, match=r"write \(\)"):
            join(("a",), key)
    with pytest.raises(PathError, match="empty"):
        join(("a",), "b..c")
    assert len(join(("x",) * 127, "y")) == 128
    with pytest.raises(PathError, match="at most 128") as caught:
        join(("x",) * 127, "y.z")
    assert caught.value.path == ("x",) * 127 + ("y", "z")


@given(components)
def test_a_component_is_checked_to_itself(component: str) -> None:
    assert check_component(component, "whole") == component


def test_spelling_the_root() -> None:
    assert dotted(()) == ""
    assert parse(()) == parse([]) == parse("") == ()
