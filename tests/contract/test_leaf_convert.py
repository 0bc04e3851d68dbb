"""``convert``: places become typed leaves, and plain JSON again; what would lose anything is refused."""

from __future__ import annotations

import importlib
import threading
from typing import Any

import pytest

from redicts import ConfigError, InvalidElement, PathError, Proxy, WrongType
from redicts.core.kinds import KINDS
from tests.contract.variants import mostly_sync, once_each
from tests.support.backends import Backend
from tests.support.leaves import EXAMPLES, mount, same
from tests.support.trees import behind, canonical, nothing_written

CONTAINERS = [kind.name for kind in KINDS.values() if kind.is_container]
ROWS = ["list", "deque", "queue", "reliable_queue", "set"]
PLACES = [("s",), ("a", "b.c", "d")]


@pytest.mark.parametrize("path", PLACES, ids=len)
def test_plain_json_and_back(tree: Proxy, backend: Backend, path: Any) -> None:
    place = tree.get(path)
    for kind in CONTAINERS:
        shown = EXAMPLES[kind].shown
        place.set((), shown)
        assert place.convert(kind) is True
        assert place.kind() == kind
        assert same(kind, place.val(), shown)
        with nothing_written(backend):
            assert place.convert(kind) is False
        assert tree.check() == []
        assert place.convert("json") is True
        assert place.kind() == ("node" if isinstance(shown, dict) else "leaf")
        assert same(kind, place.val(), shown)
        with nothing_written(backend):
            assert place.convert("json") is False
        assert tree.check() == []


@mostly_sync
@pytest.mark.parametrize("old", CONTAINERS)
def test_one_kind_to_another(tree: Proxy, backend: Backend, old: str) -> None:
    place = tree.get("a.b")
    for new in CONTAINERS:
        mount(backend, ("a", "b"), old)
        shown = place.val()
        try:
            assert place.convert(new) is (old != new)
        except (WrongType, InvalidElement):
            assert place.kind() == old, "it was left alone"
            assert same(old, place.val(), shown)
            assert not {old, new} <= {*ROWS} - {"set"}, "rows are rows"
        else:
            assert place.kind() == new
            pairs = place.val().items() if isinstance(place.val(), dict) else place.val()
            assert len(pairs) == len(shown)
            if not {"sorted_set", "counter", "dict"} & {old, new}:
                assert same("set" if "set" in {old, new} else new, place.val(), shown)
        assert tree.check() == []


@mostly_sync
@pytest.mark.parametrize(
    ("value", "kind", "error", "why"),
    [
        (5, "list", WrongType, "holds a JSON value that cannot become a list: 5 is no array"),
        (None, "list", WrongType, "null is no array"),
        ("abc", "set", WrongType, '"abc" is no array'),
        ({"a": 1}, "deque", WrongType, "holds a node that cannot become a deque"),
        ({}, "list", WrongType, "{} is no array"),
        ([1, [2], 1], "set", InvalidElement, "cannot become a set: 1 is there twice"),
        ([{"b": 1, "a": 2}, 1], "set", InvalidElement, r'\{"b":1,"a":2\} is not hashable'),
        ([[[{}]]], "set", InvalidElement, "is not hashable"),
        ([1, 2], "dict", InvalidElement, "1 in it is no pair"),
        ([[1, 2], [1, 3]], "dict", InvalidElement, "1 is there twice"),
        ([[[{}], 2]], "dict", InvalidElement, "is not hashable"),
        ("a", "dict", WrongType, "is no array"),
        ({"a": "b"}, "counter", InvalidElement, '"b" is no integer of 64 bits'),
        ({"a": True}, "counter", InvalidElement, "true is no integer"),
        ({"a": 1.0}, "counter", InvalidElement, "1.0 is no integer"),
        ({"a": 2**63}, "counter", InvalidElement, "is no integer"),
        ({"a": {"b": 1}}, "counter", InvalidElement, "is no integer"),
        ({"a": "b"}, "sorted_set", InvalidElement, "is no number"),
        ([["a", float("nan")]], "sorted_set", InvalidElement, "NaN is no score: a float cannot hold it"),
        ({"a": 2**53 + 1}, "sorted_set", InvalidElement, "is no score"),
        ([[10**400, 1]], "priority_queue", InvalidElement, "is no score"),
        (["a"], "priority_queue", InvalidElement, "is no pair"),
        ([["a", 1]], "priority_queue", InvalidElement, '"a" is no number'),
        (["a"], "sorted_set", InvalidElement, "is no pair"),
        ([1], "string", WrongType, "is no text"),
        ("\ud800", "string", InvalidElement, "surrogate"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    tree: Proxy, backend: Backend, value: Any, kind: str, error: type[Exception], why: str
) -> None:
    place = tree.get("a.b").set((), value)
    with nothing_written(backend), pytest.raises(error, match=why) as caught:
        place.convert(kind)
    assert "it was left alone" in str(caught.value)
    details: Any = caught.value
    assert details.path == "a.b"
    assert details.expected == kind if error is WrongType else len(details.element) > 0
    assert canonical(place.val()) == canonical(value)


def test_what_is_shared_by_all(tree: Proxy, backend: Backend) -> None:
    tree.set("a", 1)
    with nothing_written(backend):
        with pytest.raises(ValueError, match="there is no kind 'lst'; there are counter, deque, dict, list"):
            tree.get("a").convert("lst")
        with pytest.raises(ValueError, match="a bloom_filter cannot be made of JSON; there are counter, deque"):
            tree.get("a").convert("bloom_filter")
        with pytest.raises(PathError, match="the root cannot be converted"):
            tree.convert("dict")
        assert tree.get("none").convert("list") is False
        assert tree.get("none").convert("json") is False
        assert tree.get("a.b.c").convert("string") is False


@mostly_sync
def test_what_only_shows_an_account_of_itself_stays(tree: Proxy, backend: Backend) -> None:
    primitives = KINDS.keys() - {*CONTAINERS}
    assert len(primitives) == 7
    for kind in primitives:
        mount(backend, ("a", "b"), kind)
        for to in ("json", "list"):
            with nothing_written(backend), pytest.raises(WrongType, match=r"val\(\) shows an account of it") as caught:
                tree.get("a.b").convert(to)
            assert (caught.value.expected, caught.value.found) == (to, kind)


@once_each
@pytest.mark.parametrize("value", [{}, {"x": 1, "y": [{"z": {}}]}, {"q": {"r": {"s": 1.0}}}])
def test_a_node_becomes_a_dict_and_a_node_again(tree: Proxy, backend: Backend, value: dict[str, Any]) -> None:
    place = tree.get("a.b").set((), value)
    tree.set("a.other", 1)
    assert place.convert("dict") is True
    assert place.kind() == ("dict" if value else None)
    assert place.val({}) == value
    assert len(backend.keys()) == 2 + bool(value), "the section, its node, a body"
    if value:
        assert place.convert("json") is True
        assert place.kind() == "node"
        assert place.get(next(iter(value))).exists()
        assert place.val() == value


def test_keys_that_are_no_text(tree: Proxy) -> None:
    place = tree.get("a.b").set((), [[1, "one"], [None, "none"], [2.5, []], [True, {}], [["\n", '"\\'], 5]])
    assert place.convert("dict") is True
    assert place.val() == {"1": "one", "null": "none", "2.5": [], "true": {}, r'["\n","\"\\"]': 5}
    place.set((), [[1, "one"], ["1", "text"]])
    assert place.convert("dict") is True
    assert sorted(place.val(), key=str) == [["1", "text"], [1, "one"]], "names would clash: pairs"
    assert place.convert("json") is True
    assert place.kind() == "leaf"
    assert place.convert("dict") is True


@pytest.mark.parametrize("name", ["", "n" * 1025])
def test_a_name_that_no_node_can_have(tree: Proxy, backend: Backend, name: str) -> None:
    place = tree.get("a.b").set((), [[name, 1], ["x", 2]])
    assert place.convert("dict") is True
    with nothing_written(backend), pytest.raises(PathError):
        place.convert("json")
    assert place.val() == {name: 1, "x": 2}


@pytest.mark.parametrize("path", PLACES, ids=len)
def test_the_time_to_live_stays(tree: Proxy, backend: Backend, path: Any) -> None:
    for kind in CONTAINERS:
        place = tree.get(path).set((), EXAMPLES[kind].shown, expire=1000)
        for to in (kind, "json", kind):
            assert place.convert(to) is True
            assert 900 < place.time_to_live() <= 1000
        assert tree.check() == []
        backend.advance(1000)
        assert not place.exists()
        assert tree.val() == {}


def test_what_the_parent_has_stays(tree: Proxy) -> None:
    tree.set("a", {"b": [1], "c": {"d": 1}}, expire=1000)
    for name, kind in (("b", "set"), ("c", "counter")):
        for to in (kind, "json", kind):
            assert tree.get(f"a.{name}").convert(to)
            assert 900 < tree.get(f"a.{name}").time_to_live() <= 1000
            assert tree.check() == []
    assert tree.get("a").persist()
    assert [place.time_to_live() for place in tree.iter_children()] == [-1, -1]


def test_an_empty_one_is_not_there(tree: Proxy, backend: Backend) -> None:
    for kind in CONTAINERS:
        if kind != "string":
            place = tree.get(f"a.{kind}").set((), [])
            assert place.convert(kind) is True
            assert place.kind() is None
            assert backend.keys() == [], "emptied parents go too"
    place = tree.get("a.string").set((), "")
    assert place.convert("string") is True
    assert (place.kind(), place.val()) == ("string", ""), "a text may be empty, and be there"


def test_what_lies_below_a_node_is_not_lost(tree: Proxy, backend: Backend) -> None:
    place = tree.get("a.b")
    for spoil, name in (
        (lambda: place.set("x.y", 1, expire=100), r"a\.b\.x\.y"),
        (lambda: place.get("x").expire(100), r"a\.b\.x"),
        (lambda: mount(backend, ("a", "b", "l.st"), "list"), r"a\.b\.l\\\\\.st"),
    ):
        place.set((), {"x": {"y": 1, "z": 2}})
        spoil()
        for kind in ("dict", "counter", "sorted_set"):
            with nothing_written(backend), pytest.raises(WrongType, match=rf"'{name}' below it .*left alone"):
                place.convert(kind)
    place.delete("l\\.st")
    place.set("x.y", 1, expire=100)
    backend.advance(100)
    assert place.convert("dict") is True, "what has expired is not there"
    assert place.val() == {"x": {"z": 2}}


def test_bytes_that_are_no_text(tree: Proxy, backend: Backend) -> None:
    mount(backend, ("a", "b"), "string")
    place: Any = tree.get("a.b")
    for data in (b"\xff", b"\xc2A\x80", b"\xc3\xa9 \xe9"):
        backend.client.set(backend.database.space.body(("a", "b")), data)
        assert place.val() == data.decode("latin-1")
        with nothing_written(backend), pytest.raises(WrongType, match="not UTF-8"):
            place.convert("json")
    backend.client.set(backend.database.space.body(("a", "b")), "é€\U0001f600".encode())
    assert place.convert("json") is True
    assert place.val() == "é€\U0001f600"


@once_each
def test_keys_that_expire_by_themselves_are_not_lost(tree: Proxy, backend: Backend) -> None:
    place = tree.get("a.b").set((), {"x": 1, "y": 2})
    assert place.convert("dict")
    leaf: Any = place.as_dict()
    try:
        leaf.expire_key("x", 1000)
    except ConfigError:
        assert place.convert("json") is True
        return
    for kind in ("json", "counter"):
        with nothing_written(backend), pytest.raises(WrongType, match="some of its keys expire by themselves"):
            place.convert(kind)
    leaf.persist_key("x")
    assert place.convert("counter") is True


def test_what_was_left_behind_does_not_come_back(tree: Proxy, backend: Backend) -> None:
    place = tree.get("a.b").set((), [3])
    backend.client.rpush(backend.database.space.body(("a", "b")), "1", "2")
    assert place.convert("list")
    assert place.val() == [3]


@mostly_sync
def test_many_elements(tree: Proxy) -> None:
    place, values = tree.get("a.b"), list(range(10_000))
    place.set((), values)
    for kind in ("list", "set", "queue", "json", "deque"):
        assert place.convert(kind) is True
        assert sorted(place.val()) == values
    place.set((), dict.fromkeys(map(str, values), 1))
    for kind in ("dict", "counter", "json", "sorted_set"):
        assert place.convert(kind) is True
    assert dict(place.val()) == dict.fromkeys(map(str, values), 1.0)


def test_who_comes_between_is_not_lost(tree: Proxy, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value is read, and somebody changes it before it is put in its place."""
    place, other = tree.get("a.b").set((), [1]), behind(backend, "a.b")
    converting: Any = importlib.import_module("redicts.tree.converting")

    found: list[Any] = []
    decode = converting.decode

    def meanwhile(text: str) -> Any:
        found.append(text)
        if len(found) == 1:
            other.set((), [1, 2])
        elif len(found) == 2:
            other.convert("deque")
        return decode(text)

    monkeypatch.setattr(converting, "decode", meanwhile)
    assert place.convert("set") is True
    assert found[0] == "[1]"
    assert sorted(place.val()) == [1, 2]
    assert place.kind() == "set"


@mostly_sync
def test_threads_that_convert_at_once(tree: Proxy, backend: Backend) -> None:
    place = behind(backend, "a.b").set((), [0])
    errors: list[Exception] = []

    def work(kinds: list[str]) -> None:
        try:
            for _ in range(10):
                for kind in kinds:
                    behind(backend, "a.b").convert(kind)
        except Exception as error:  # noqa: BLE001  # told by the main thread
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(kinds,)) for kinds in (["list", "json"], ["set", "queue"], ["deque"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert place.val() == [0]
