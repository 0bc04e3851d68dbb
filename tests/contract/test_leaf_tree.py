"""Typed leaves as part of the tree: every operation on places that hold one, or have some below, for all kinds."""

from __future__ import annotations

from typing import Any

import pytest

from redicts import InternalError, NotANumber, Proxy, WrongType
from redicts.core.kinds import KINDS
from tests.contract.variants import mostly_sync, once_each
from tests.support.backends import Backend
from tests.support.leaves import EXAMPLES, mount, same
from tests.support.trees import nothing_written

SECTION, BELOW = ("s",), ("a", "b.c", "d")
PLACES = [SECTION, BELOW]


def filled(tree: Proxy, backend: Backend) -> dict[str, Any]:
    """Mount the example of every kind in a node, beside other leaves. What they show."""
    for kind in KINDS:
        mount(backend, ("t", kind), kind)
    tree.set("t.plain", [1]).set("t.node.x", {})
    return {kind: EXAMPLES[kind].shown for kind in KINDS} | {"plain": [1], "node": {"x": {}}}


def shows(value: Any, expected: dict[str, Any]) -> bool:
    """Whether a node shows every kind as it should."""
    alike = [same(name if name in KINDS else "list", value[name], shown) for name, shown in expected.items()]
    return value.keys() == expected.keys() and all(alike)


@pytest.mark.parametrize("path", PLACES, ids=len)
def test_reading(tree: Proxy, backend: Backend, path: Any) -> None:
    place = tree.get(path)
    for kind in KINDS:
        mount(backend, path, kind)
        with nothing_written(backend):
            assert same(kind, place.val(), EXAMPLES[kind].shown)
            assert (place.kind(), place.exists(), place.time_to_live()) == (kind, True, -1)
            assert place.children() == [] == list(place.iter_children()) == list(place)
            assert place.count_children() == len(place) == 0
            assert "x" not in place
            assert place.get("x").val("none") == "none"
            assert [leaf.path for leaf in tree.iter_children()] == [path]
            assert same(kind, place.setdefault((), "new"), EXAMPLES[kind].shown)
            assert tree.check() == place.check() == []


@once_each
def test_reading_above(tree: Proxy, backend: Backend) -> None:
    expected = filled(tree, backend)
    with nothing_written(backend):
        assert shows(tree.get("t").val(), expected)
        assert shows(tree.val()["t"], expected)
        assert shows(tree.setdefault("t", 1), expected)
        assert sorted(tree.get("t").children()) == sorted(expected)
        assert tree.get("t").count_children() == len(expected)
        leaves = {".".join(leaf.path[1:]) for leaf in tree.get("t").iter_children()}
        assert leaves == {*KINDS, "plain", "node.x"}
        assert tree.check() == []
    assert shows(tree.pop("t"), expected)
    assert backend.keys() == []


@pytest.mark.parametrize("path", PLACES, ids=len)
@pytest.mark.parametrize("verb", ["delete", "clear", "pop", "set", "set below", "set above", "update", "root"])
@mostly_sync
def test_removing_and_replacing(tree: Proxy, backend: Backend, verb: str, path: Any) -> None:
    place = tree.get(path)
    for kind in KINDS:
        mount(backend, path, kind)
        if verb == "delete":
            assert place.delete(()) is True
            assert place.delete(()) is False
        elif verb == "clear":
            place.clear()
        elif verb == "pop":
            assert same(kind, place.pop(()), EXAMPLES[kind].shown)
        elif verb == "root":
            assert tree.delete(()) is True
        elif verb == "set":
            place.set((), {"x": 1})
        elif verb == "set below":
            place.set("x", 1)
        elif verb == "set above":
            tree.set(path[0], {"x": 1})
        else:
            place.update([((), 5), ("x", 1)])
        assert backend.client.exists(backend.database.space.body(path)) == 0
        assert (place.val() or tree.get(path[0]).val()) == ({"x": 1} if "set" in verb or verb == "update" else None)
        assert tree.check() == []
        tree.clear()
        assert backend.keys() == []


@once_each
@pytest.mark.parametrize("path", PLACES, ids=len)
def test_what_a_number_is_added_to_is_none(tree: Proxy, backend: Backend, path: Any) -> None:
    for kind in KINDS:
        mount(backend, path, kind)
        with nothing_written(backend):
            for count in (1, 0.5, 2**80):
                with pytest.raises(NotANumber, match=f"holds a {kind}, which is no number"):
                    tree.get(path).add(count)


@once_each
def test_no_kind_changes_unseen(tree: Proxy, backend: Backend) -> None:
    """What sets a place by what it was would make plain JSON of a typed leaf: it refuses."""
    expected = filled(tree, backend)
    with nothing_written(backend):
        for kind in KINDS:
            place = tree.get(["t", kind])
            with pytest.raises(WrongType, match="would become plain JSON; it was left alone") as caught:
                place.transform(lambda value: value)
            assert (caught.value.path, caught.value.found) == (f"t.{kind}", kind)
            with pytest.raises(WrongType, match="left alone"):
                place.compare_and_set(place.val(), 1)
            assert place.compare_and_set("something else", 1) is False
            assert place.compare_and_set(None, 1) is False
        for path in ("t", "t.list"):
            with pytest.raises(WrongType, match=f"'{path}' is a .*, or has one below it"):
                tree.get(path).transform(lambda _: 1)
            with pytest.raises(WrongType):
                tree.get(path).compare_and_set(tree.get(path).val(), 1)
        with pytest.raises(ZeroDivisionError):
            tree.get("t").transform(lambda _: 1 // 0)
    assert tree.get("t.node").transform(lambda value: {**value, "y": 1}) == {"x": {}, "y": 1}
    assert tree.get("t.plain").compare_and_set([1], 2)
    assert shows(tree.get("t").val() | {"plain": [1], "node": {"x": {}}}, expected)


@once_each
def test_beside_them_everything_goes_on(tree: Proxy, backend: Backend) -> None:
    expected = filled(tree, backend)
    tree.get("t").update({"plain": 2, "more.x": 3, "list": [4]})
    assert tree.get("t.more.x").add(1) == 4
    assert tree.get("t").delete("set")
    expected |= {"plain": 2, "more": {"x": 4}, "list": [4]}
    del expected["set"]
    value = tree.get("t").val()
    assert shows({**value, "queue": value["queue"]}, expected)
    assert tree.get("t.list").kind() == "leaf"


@pytest.mark.parametrize("path", PLACES, ids=len)
def test_a_kind_that_is_not_known_is_never_taken_for_nothing(tree: Proxy, backend: Backend, path: Any) -> None:
    """A newer version wrote it."""
    tree.set(path, 0).set("other", 1)
    space, client = backend.database.space, backend.client
    client.hset(*space.entry(path), "@unheard_of")
    client.set(space.body(path), "bits")
    place, top = tree.get(path), tree.get(path[0])
    with nothing_written(backend):
        assert (place.kind(), place.exists()) == ("unheard_of", True)
        assert sorted(leaf.path for leaf in tree.iter_children()) == sorted([path, ("other",)])
        for act in (
            place.val, top.val, tree.val, lambda: place.pop(()), lambda: tree.pop(path[0]),
            lambda: place.setdefault((), 1), lambda: place.transform(lambda value: value),
            lambda: place.compare_and_set(None, 1), lambda: place.convert("json"), lambda: place.convert("list"),
        ):  # fmt: skip
            with pytest.raises(InternalError, match=r"run check\(\)"):
                act()
        with pytest.raises(NotANumber):
            place.add(1)
        assert [problem[:4] for problem in tree.check(repair=True)] == [
            ("unknown kind", space.body(path), place.key(), "@unheard_of")
        ]
    assert place.expire(100)
    assert 90 < place.time_to_live() <= 100
    assert place.delete(()) is True
    assert tree.val() == {"other": 1}


@mostly_sync
def test_large_ones_are_read_whole(tree: Proxy, backend: Backend) -> None:
    count = 100_000
    space, pipe = backend.database.space, backend.client.pipeline(transaction=False)
    for kind in ("list", "set", "dict", "sorted_set"):
        mount(backend, ("t", kind), kind)
        pipe.delete(space.body(("t", kind)))
    for start in range(0, count, 10_000):
        numbers = [str(number) for number in range(start, start + 10_000)]
        pairs: Any = {number: number for number in numbers}
        pipe.rpush(space.body(("t", "list")), *numbers)
        pipe.sadd(space.body(("t", "set")), *numbers)
        pipe.hset(space.body(("t", "dict")), mapping=pairs)
        pipe.zadd(space.body(("t", "sorted_set")), pairs)
    pipe.execute()
    value = tree.get("t").val()
    assert value["list"] == sorted(value["set"]) == [score for _, score in value["sorted_set"]] == list(range(count))
    assert value["dict"] == {str(number): number for number in range(count)}
    assert len(tree.pop("t.list")) == count
    assert tree.get("t").expire(100)
    assert tree.get("t").persist()
    assert tree.delete("t")
