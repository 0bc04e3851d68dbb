"""The scripts of sets and strings, with raw KEYS and ARGV: replies, refusals, and the keys that they touch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from redicts import Proxy
from redicts.core.scripts import load
from redicts.leaves.set import Set
from tests.support.backends import Backend, server_backend
from tests.support.servers import Server
from tests.support.trees import dump, nothing_written, tree_of

A, B, C = ("a", "x"), ("a", "y", "z"), ("a",)


class Sets:
    """The sets ``a.x`` and ``a.y.z``, and the scripts."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.space = backend.database.space
        self.client: Any = backend.client
        self.tree = tree_of(backend)

    def at(self, path: tuple[str, ...]) -> Set[Any]:
        return self.tree.get(path).as_set()

    def fill(self) -> None:
        self.at(A).update([1, 2, 3])
        self.at(B).update([2, 3, 4])

    def keys(self, *paths: tuple[str, ...]) -> list[str]:
        leaves = [self.space.leaf(path) for path in paths]
        return [key for leaf in leaves for key in (leaf.entry, leaf.body)]

    def read(self, name: str, paths: tuple[tuple[str, ...], ...], *args: object) -> Any:
        return self._eval(name, self.keys(*paths), *args)

    def change(self, *args: object, others: tuple[tuple[str, ...], ...] = (), guard: str = "", mode: str = "1") -> Any:
        guards = [self.space.locks(A).at] if guard else []
        sections = [self.space.sections] if mode == "1" else []
        keys = [*guards, *sections, *self.keys(A, *others)]
        head = [len(guards), mode, *([guard] if guard else []), self.space.leaf(A).field, "@set"]
        return self._eval("set_change", keys, *head, *args)

    def _eval(self, name: str, keys: list[str], *args: object) -> Any:
        text = load("redicts.leaves.scripts", name).text
        return _plain(self.client.eval(text, len(keys), *keys, *[str(arg) for arg in args]))


def _plain(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode()
    return [_plain(each) for each in reply] if isinstance(reply, list) else reply


@pytest.fixture
def sets(real_backend: Backend) -> Iterator[Sets]:
    made = Sets(real_backend)
    made.fill()
    yield made
    assert made.tree.check() == []


@pytest.mark.parametrize(
    ("verb", "expected"),
    [("union", "1234"), ("intersection", "23"), ("difference", "1"), ("symmetric_difference", "14")],
)
def test_what_sets_make_together(sets: Sets, verb: str, expected: str) -> None:
    with nothing_written(sets.backend):
        assert sorted(sets.read("set_combine", (A, B), "@set", verb, 0, "x", "z")) == [*expected]
        assert sorted(sets.read("set_combine", (A,), "@set", "union", 0, "x")) == ["1", "2", "3"]
        assert sets.read("set_combine", (("a", "none"),), "@set", "union", 0, "none") == []


def test_what_was_left_behind_is_not_there(sets: Sets) -> None:
    """A body without its marker, as by hand."""
    sets.client.sadd(sets.space.body(("a", "gone")), "9")
    gone = ("a", "gone")
    assert sets.read("set_combine", (gone, A), "@set", "intersection", 0, "gone", "x") == []
    assert sets.read("set_overlap", (A, gone), "@set", "x", "gone") == [3, 0, 0]
    assert sets.change("union", 1, 0, 1, "gone", others=(gone,)) == 3
    sets.client.hdel(sets.space.leaf(A).entry, "x")
    assert sets.change("union", 1, 0, 1, "z", others=(B,)) == 3
    assert sets.at(A).to_set() == {2, 3, 4}
    sets.client.delete(sets.space.body(gone))


def test_what_holds_something_else_is_named_by_its_number(sets: Sets) -> None:
    sets.tree.set("a.list", [1]).set("a.node.x", 1)
    sets.tree.get("a.typed").as_list().append(1)
    with nothing_written(sets.backend):
        for name, marker in (("list", "~"), ("node", "/"), ("typed", "@list")):
            path = ("a", name)
            acts: list[Callable[[], Any]] = [
                lambda: sets.read("set_combine", (A, path), "@set", "union", 5, "x", name),  # noqa: B023
                lambda: sets.read("set_combine", (path,), "@set", "union", 6, name),  # noqa: B023
                lambda: sets.change("union", 1, 0, 2, "z", name, others=(B, path)),  # noqa: B023
                lambda: sets.read("set_overlap", (A, path), "@set", "x", name),  # noqa: B023
            ]
            for act in acts:
                with pytest.raises(redis.ResponseError, match=rf"^WRONGKIND {marker} \d$") as caught:
                    act()
                assert str(caught.value)[-1] in "621"


def test_overlap(sets: Sets) -> None:
    with nothing_written(sets.backend):
        assert sets.read("set_overlap", (A, B), "@set", "x", "z") == [3, 3, 2]
        assert sets.read("set_overlap", (A,), "@set", "x", *range(9000)) == [3, 9000, 3]
        assert sets.read("set_overlap", (A,), "@set", "x") == [3, 0, 0]


CHANGES = [
    (("union", 1, 1, 0, 9), "1239"),
    (("union", 1, 0, 1, "z"), "1234"),
    (("union", 1, 1, 1, "z", 9), "12349"),
    (("union", 0, 0, 1, "z"), "234"),
    (("intersection", 1, 1, 0, 1, 9), "1"),
    (("intersection", 1, 1, 0), ""),
    (("intersection", 1, 1, 1, "z", 2, 1), "2"),
    (("difference", 1, 1, 1, "z", 1), ""),
    (("difference", 1, 0, 1, "z"), "1"),
    (("symmetric_difference", 1, 1, 0, 1, 9), "239"),
    (("symmetric_difference", 1, 0, 1, "z"), "14"),
    (("symmetric_difference", 0, 0, 2, "x", "z"), "14"),
    (("difference", 0, 0, 2, "z", "x"), "4"),
    (("intersection", 0, 1, 0, 5, 6), "56"),
    (("union", 0, 1, 0), ""),
]


@pytest.mark.parametrize(("args", "expected"), CHANGES)
def test_changes(sets: Sets, args: tuple[Any, ...], expected: str) -> None:
    others = tuple([{"x": A, "z": B}[each] for each in args if each in {"x", "z"}])
    with sets.client.monitor() as monitor:
        assert sets.change(*args, others=others) == len(expected)
        assert sorted(sets.client.smembers(sets.space.body(A))) == [each.encode() for each in expected]
        touched = set[str]()
        while (seen := monitor.next_command())["command"].split(" ")[0] != "SMEMBERS" or seen["client_type"] == "lua":
            if seen["client_type"] == "lua":
                touched |= {
                    word for word in seen["command"].split(" ") if word.startswith(f"{sets.backend.namespace}:")
                }
    places = (A, B, C, ("a", "y"))
    ours = {key for path in places for key in (sets.space.node(path), sets.space.body(path))} | {sets.space.sections}
    assert touched <= ours | {f"{sets.space.body(A)}."}, "no key but those of the sets is ever there"
    assert sets.tree.get(A).exists() is (expected != "")
    assert sets.at(B).to_set() == {2, 3, 4}


@pytest.mark.parametrize("args", [each for each, _ in CHANGES])
def test_refusals_of_changes(sets: Sets, args: tuple[Any, ...]) -> None:
    others = tuple([{"x": A, "z": B}[each] for each in args if each in {"x", "z"}])
    with nothing_written(sets.backend), pytest.raises(redis.ResponseError, match=r"^LOCKLOST 1"):
        sets.change(*args, others=others, guard="x me 1 me host 1 {a}.x")
    sets.tree.clear()
    if "union" in args and 1 in args[2:3]:
        with nothing_written(sets.backend):
            if len(args) > 4:
                with pytest.raises(redis.ResponseError, match=r"^NEWSECTION a$"):
                    sets.change(*args, others=others, mode="0")
            else:
                assert sets.change(*args, others=others, mode="0") == 0
    sets.tree.set("a.x.below", 1)
    with nothing_written(sets.backend), pytest.raises(redis.ResponseError, match=r"^WRONGKIND /$"):
        sets.change(*args, others=others)


@pytest.mark.parametrize("there", [True, False])
def test_many_at_once_and_their_life(sets: Sets, there: bool) -> None:
    tree: Proxy = sets.tree
    if there:
        tree.get(A).expire(1000)
    else:
        tree.delete(A)
        tree.get("a").expire(1000)
    many = range(10_000)
    sets.at(B).store_union(many)
    for args in (("union", 1, 0, 1, "z"), ("union", 1, 1, 0, *many), ("intersection", 1, 1, 0, *many)):
        assert sets.change(*args, others=(B,) if "z" in args else ()) == len(many)
    assert sets.change("symmetric_difference", 1, 1, 0, *many, -5) == 1
    assert sets.change("symmetric_difference", 1, 0, 1, "z", others=(B,)) == len(many) + 1
    assert sets.change("difference", 1, 1, 0, *many) == 1
    assert 990 < tree.get(A).time_to_live() <= 1000


def test_parts_of_strings(real_backend: Backend) -> None:
    tree, space = tree_of(real_backend), real_backend.database.space
    tree.get(A).as_string().set("\x0fab")
    keys, client = space.leaf(A), real_backend.client
    before = dump(real_backend)

    def part(*args: object) -> Any:
        text = load("redicts.leaves.scripts", "string_part").text
        return client.eval(text, 2, keys.entry, keys.body, keys.field, "@string", *[str(arg) for arg in args])

    assert [part("GETRANGE", *bounds) for bounds in ((0, 1), (1, ""), ("", -1), (-2, 9), (2, 1), (-9, -8))] == [
        b"\x0f", b"ab", b"\x0fa", b"ab", b"", b"",
    ]  # fmt: skip
    assert [part("BITCOUNT", *bounds) for bounds in ((0, 1), ("", ""), (5, 9))] == [4, 10, 0]
    assert [part("BITPOS", *bounds, 1) for bounds in ((0, 1), (1, ""), (5, ""))] == [4, 9, -1]
    with pytest.raises(redis.ResponseError, match="no such command"):
        part("DEL", 0, 1)
    assert dump(real_backend) == before
    tree.set(A, 1)
    with pytest.raises(redis.ResponseError, match=r"^WRONGKIND ~"):
        part("GETRANGE", 0, 1)


def test_a_command_that_fails_leaves_no_place_behind(start_server: Callable[..., Server]) -> None:
    """The place was mounted for it: on a server that allows less than others."""
    backend = server_backend(start_server(proto_max_bulk_len=1 << 20), 3)
    tree = tree_of(backend)
    note = tree.get(B).as_string()
    with pytest.raises(redis.ResponseError, match="maximum allowed size"):
        _ = note.set_range(2 << 20, "x")
    assert backend.keys() == []
    note.set("x")
    with pytest.raises(redis.ResponseError, match="maximum allowed size"):
        _ = note.set_range(2 << 20, "x")
    assert note.get() == "x"
    backend.close()
