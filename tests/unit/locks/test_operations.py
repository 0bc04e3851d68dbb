"""The operations of a lockable place by hand: releasing by path or name, telling who holds, breaking."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import pytest

from redicts.core.effects import Call, Eval
from redicts.core.keys import KeySpace
from redicts.core.paths import parse
from redicts.errors import ConnectionLost, InternalError, LockLost, NotOwner
from redicts.locks.holding import Holding
from redicts.locks.operations import LockOperations
from redicts.locks.owners import current_holdings, process
from redicts.locks.reading import around, blame, release_keys
from tests.unit.locks.acts import SPACE, Act, held, read, standing

AT = SPACE.locks(("a", "b"))
TIME = read()[1]
LOOK = (Call(("ZRANGE", "ns:l:{a}.b", "0", "-1", "WITHSCORES")), Call(("TIME",)))


class Spot(LockOperations):
    """A lockable place of no face."""

    def __init__(self, path: str = "a.b", owner: str | None = None) -> None:
        self._path = parse(path)
        self._named = owner

    @property
    def _space(self) -> KeySpace:
        return SPACE

    @property
    def _place(self) -> Hashable:
        return "db"

    @property
    def _owner(self) -> str | None:
        return self._named


@pytest.fixture
def holding() -> Iterator[Holding]:
    """A lock that this thread holds."""
    made = held()
    process().add(made)
    yield made
    process().remove(made)


def removed(act: Act) -> list[str]:
    """The entries that it takes away."""
    scripts = [effect for effect in act.asked if isinstance(effect, Eval)]
    assert {(effect.script.name, effect.keys) for effect in scripts} == {("release", release_keys(AT))}
    return [str(effect.args[0]) for effect in scripts]


def typed(act: Act) -> list[str]:
    """The keys whose types it asks for."""
    calls = [effect.args for effect in act.asked if isinstance(effect, Call)]
    assert {args[0] for args in calls} == {"TYPE"}
    return [str(args[1]) for args in calls]


def test_the_threads_own_lock_is_released_in_one_trip(holding: Holding) -> None:
    act = Act(LockOperations.release(Spot()))
    assert removed(act) == [holding.text]
    assert act.reply(1).done
    assert current_holdings() == ()


@pytest.mark.parametrize("path", ["a", "a.b.c", "x", ""])
def test_a_lock_is_released_at_its_own_path_only(holding: Holding, path: str) -> None:
    with pytest.raises(NotOwner, match=r"this thread holds no lock at .*; nothing was released") as caught:
        Act(LockOperations.release(Spot(path)))
    assert (caught.value.path, caught.value.owner) == (path, "this thread")
    assert current_holdings() == (holding,)


@pytest.mark.parametrize("spot", [Spot(), Spot(owner="job")])
def test_a_named_lock_of_another_process_is_released_in_two(spot: Spot) -> None:
    old = standing("a.b", "job", shared=True, nonce="p:1")
    young = standing("a.b", "job", shared=True, nonce="p:2")
    young = young._replace(entry=young.entry._replace(since_ms=old.entry.since_ms + 1))
    young = young._replace(text=young.entry.text(AT.tail))
    other, dead = standing("a.b", "eve", shared=True), standing("a.b", "job", left=0, nonce="p:3")
    act = Act(LockOperations.release(spot, None if spot._owner else "job"))
    assert act.asked == LOOK
    act.reply(read(dead, young, other, old)[0], TIME)
    assert removed(act) == [young.text], "the one that was acquired last"
    assert act.reply(1).done


def test_a_named_lock_that_ends_between_the_two_trips_is_told() -> None:
    act = Act(LockOperations.release(Spot(), "job"))
    act.reply(read(standing("a.b", "job"))[0], TIME)
    with pytest.raises(LockLost, match=r"the lock at 'a\.b' had run out or was broken") as caught:
        act.reply(0)
    assert caught.value.path == "a.b"


@pytest.mark.parametrize("found", [[], [standing("a.b", "eve")], [standing("a.b", "job", left=0)]])
def test_a_name_that_holds_nothing_releases_nothing(found: list[object]) -> None:
    act = Act(LockOperations.release(Spot(), "job"))
    with pytest.raises(NotOwner, match=r"'job' holds no lock at 'a\.b'; nothing was released"):
        act.reply(read(*found)[0], TIME)  # type: ignore[arg-type]  # they are standings


def test_holders_are_told_from_the_root_on() -> None:
    above, here, below = standing(""), standing("a.b", shared=True, nonce="e:2"), standing("a.b.c", "sue", nonce="e:3")
    dead = standing("a", left=0)
    act = Act(LockOperations.holders(Spot()))
    assert act.asked == tuple(Call(read) for read in around(AT))
    act.reply(*read(below, dead, here, above))
    assert [(each.path, each.mode, each.owner) for each in act.value] == [
        ("", "exclusive", "eve"),
        ("a.b", "shared", "eve"),
        ("a.b.c", "exclusive", "sue"),
    ]
    assert (act.value[0].host, act.value[0].pid, act.value[0].age, act.value[0].remaining) == ("far", 5, 0.1, 5.0)


@pytest.mark.parametrize(("left", "locked"), [(1, True), (0, False)])
def test_a_place_is_locked_while_an_entry_is_alive(left: int, locked: bool) -> None:
    assert Act(LockOperations.is_locked(Spot())).reply(*read(standing("a", left=left))).value is locked
    assert Act(LockOperations.is_locked(Spot())).reply(*read()).value is False


def test_breaking_takes_away_all_that_stands_there() -> None:
    one, dead = standing("a.b", shared=True), standing("a.b", "sue", left=0, nonce="e:2")
    act = Act(LockOperations.break_locks(Spot()))
    assert act.asked == LOOK
    act.reply(read(one, dead)[0], TIME)
    assert removed(act) == [one.text, dead.text]
    act.reply(1, 0)
    assert [each.owner for each in act.value] == ["eve"], "what had run out was nobody's"


def test_breaking_where_nothing_stands_takes_one_trip() -> None:
    act = Act(LockOperations.break_locks(Spot())).reply([], TIME)
    assert (act.done, act.value, act.trips) == (True, [], 1)


OPERATIONS = [
    LockOperations.holders,
    LockOperations.is_locked,
    LockOperations.break_locks,
    lambda spot: LockOperations.release(spot, "job"),
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_somebody_else_wrote_is_found_and_named(operation: object) -> None:
    act = Act(operation(Spot()))  # type: ignore[operator]  # it is one of the above
    act.fail(InternalError("WRONGTYPE"))
    asked = [str(effect.args[1]) for effect in act.asked if isinstance(effect, Call)]
    with pytest.raises(InternalError, match="is a string, and should be a zset") as caught:
        act.reply(*["string" if key == "ns:l:{a}.b" else "none" for key in asked])
    assert caught.value.key == "ns:l:{a}.b"


@pytest.mark.parametrize("operation", OPERATIONS[2:])
def test_rubbish_at_the_place_is_named_and_so_is_what_is_wrong_above(operation: object) -> None:
    act = Act(operation(Spot()))  # type: ignore[operator]  # it is one of the above
    act.reply(["rubbish", "1"], TIME)
    kinds = {"ns:l:{a}.b": "zset", "ns:l:{a}": "hash"}
    with pytest.raises(InternalError, match="is a hash, and should be a zset") as caught:
        act.reply(*[kinds.get(key, "none") for key in typed(act)])
    assert caught.value.key == "ns:l:{a}"
    act = Act(operation(Spot()))  # type: ignore[operator]  # it is one of the above
    act.reply(["rubbish", "1"], TIME)
    act.reply(*["zset" if key == "ns:l:{a}.b" else "none" for key in typed(act)])
    with pytest.raises(InternalError, match=r"no lock entry.*check\(repair=True\) mends it") as caught:
        act.reply(["rubbish", "1"])
    assert caught.value.key == "ns:l:{a}.b"


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_where_the_blamed_cannot_be_found_the_first_error_is_told(operation: object, answered: bool) -> None:
    act, first = Act(operation(Spot())), InternalError("WRONGTYPE")  # type: ignore[operator]  # it is one of the above
    act.fail(first)
    if answered:
        act.reply(*["zset" if key == "ns:l:{a}.b" else "none" for key in typed(act)])
    with pytest.raises(InternalError) as caught:
        act.fail(ConnectionLost("gone", address="here"))
    assert caught.value is first


@pytest.mark.parametrize(
    ("key", "kind"),
    [("ns:l:", "hash"), ("ns:b:{a}", "list"), ("ns:w:{a}.b", "zset"), ("ns:u:{a}.b", "string"), ("ns:f:{a}", "hash")],
)
def test_blame_names_a_key_of_another_kind(key: str, kind: str) -> None:
    act = Act(blame(AT))
    asked = [str(effect.args[1]) for effect in act.asked if isinstance(effect, Call)]
    with pytest.raises(InternalError, match=f"is a {kind}, and should be a") as caught:
        act.reply(*[kind if each == key else "none" for each in asked])
    assert caught.value.key == key


def test_blame_finds_nothing_where_all_is_well() -> None:
    act = Act(blame(AT))
    asked = [str(effect.args[1]) for effect in act.asked if isinstance(effect, Call)]
    act.reply(*["zset" if key == "ns:l:{a}" else "none" for key in asked])
    assert act.asked == (Call(("ZRANGE", "ns:l:{a}", "0", "-1", "WITHSCORES")),)
    assert act.reply(read(standing("a"))[0]).done
