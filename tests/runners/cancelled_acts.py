"""Every operation of the asyncio face, to be cancelled: what comes before, what is done, and what must be so after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple

import redicts.aio as aio
from redicts.errors import LockLost, LockTimeout, NotOwner
from redicts.locks.owners import current_holdings, process
from tests.runners.aio_rig import until
from tests.runners.cancelling import Ground

__all__ = ["CONTENT", "LOCKING", "TREE", "Act"]

CONTENT: dict[str, Any] = {"leaf": 1, "big": 2**80, "node": {"x": 1, "y": {"z": [2]}}, "other": {"q": "é"}}


Over = asyncio.Future[None]


class Act(NamedTuple):
    """What is cancelled.

    Attributes:
        act: Does it, in a task of its own; is given the ground, and what ``before`` gave.
        before: What is done before, by the same task; not cancelled.
        meanwhile: What others do meanwhile, until it is over; is given the ground, what ``before`` gave, and a future
            that is done when it is over.
        after: What is done by the same task after it; not cancelled. Locks that stay are released here.
    """

    act: Callable[[Ground, Any], Awaitable[Any]]
    before: Callable[[Ground], Awaitable[Any]] | None = None
    meanwhile: Callable[[Ground, Any, Over], Awaitable[Any]] | None = None
    after: Callable[[Ground, Any], Awaitable[Any]] | None = None


def _tree(act: Callable[[aio.Proxy], Awaitable[Any]]) -> Act:
    return Act(lambda ground, _: act(ground.place("a")))


async def _walk(place: aio.Proxy) -> list[str]:
    return [leaf.key() async for leaf in place.iter_children()]


async def _names(place: aio.Proxy) -> list[str]:
    return [name async for name in place]


async def _walk_on(place: aio.Proxy) -> Any:
    return await place.walk_on(await place.begin_walk())


TREE: dict[str, Act] = {
    "val": _tree(lambda a: a.get("leaf").val()),
    "val of a node": _tree(lambda a: a.get("node").val()),
    "kind": _tree(lambda a: a.get("node.y").kind()),
    "exists": _tree(lambda a: a.get("none").exists()),
    "children": _tree(lambda a: a.children()),
    "count_children": _tree(lambda a: a.count_children()),
    "time_to_live": _tree(lambda a: a.time_to_live()),
    "set": _tree(lambda a: a.set("leaf", 2)),
    "set a node": _tree(lambda a: a.set("leaf", {"x": {"y": 2}}, expire=100)),
    "store": _tree(lambda a: a.store("node", 2)),
    "update": _tree(lambda a: a.update({"leaf": 5, "node": {"x": 7}, "new": 8})),
    "setdefault": _tree(lambda a: a.setdefault("new.place", {"a": 1})),
    "pop": _tree(lambda a: a.pop("node")),
    "delete": _tree(lambda a: a.delete("node.y")),
    "clear": _tree(lambda a: a.clear()),
    "clear all": _tree(lambda a: a.parent.clear()),
    "expire": _tree(lambda a: a.expire(100)),
    "persist": _tree(lambda a: a.get("leaf").persist()),
    "add": _tree(lambda a: a.get("leaf").add(4)),
    "add to a big one": _tree(lambda a: a.get("big").add(1)),
    "compare_and_set": _tree(lambda a: a.get("node").compare_and_set(CONTENT["node"], 3)),
    "transform": _tree(lambda a: a.get("node").transform(lambda node: {**node, "x": 2})),
    "convert": _tree(lambda a: a.get("node").convert("dict")),
    "begin_walk": _tree(lambda a: a.parent.begin_walk()),
    "walk_on": _tree(_walk_on),
    "iter_children": _tree(_walk),
    "for": _tree(_names),
    "check": _tree(lambda a: a.check(repair=True)),
    "is_locked": _tree(lambda a: a.is_locked()),
    "holders": _tree(lambda a: a.holders()),
    "break_locks": _tree(lambda a: a.break_locks()),
}
"""What changes the tree in one step, or not at all."""


# -- locks ------------------------------------------------------------------------------------------------------------


async def _release_all(_: Ground, __: Any) -> None:
    """Release what this task holds."""
    for holding in current_holdings():
        with suppress(LockLost, NotOwner):
            await holding.handle.release()
        process().remove(holding)


def _acquire(path: str = "a.b", **options: Any) -> Callable[[Ground, Any], Awaitable[Any]]:
    return lambda ground, _: ground.place(path).acquire(**options)


async def _lease(ground: Ground, **options: Any) -> aio.Lease:
    return await ground.place("a.b").acquire(**options)


def _rival(path: str, shared: bool = False) -> Callable[[Ground], Awaitable[aio.Lease]]:
    return lambda ground: ground.place(path).acquire(shared, owner="rival")


async def _release_rival(_: Ground, rival: aio.Lease) -> None:
    with suppress(NotOwner):
        await rival.release()


async def _free_it(ground: Ground, rival: aio.Lease, over: Over) -> None:
    """Let the task in, as soon as it waits."""
    await until(lambda: ground.waiting or over.done(), "a waiter")
    await _release_rival(ground, rival)


async def _behind_another(ground: Ground) -> Any:
    """A rival holds it, and another task waits before this one."""
    rival = await _rival("a.b")(ground)

    async def wait() -> None:
        async with ground.place("a.b"):
            pass

    first = asyncio.get_running_loop().create_task(wait())
    await until(lambda: ground.waiting == 1, "the first in line")
    return rival, first


async def _free_both(ground: Ground, state: Any, over: Over) -> None:
    rival, first = state
    await until(lambda: ground.waiting > 1 or over.done() or first.done(), "the second in line")
    await _release_rival(ground, rival)
    await asyncio.wait_for(first, 20)  # its wake-up is not lost, whatever becomes of this one


async def _shared_with_rival(ground: Ground) -> aio.Lease:
    _ = await _lease(ground, shared=True)
    return await _rival("a.b", shared=True)(ground)


async def _release_both(ground: Ground, rival: aio.Lease) -> None:
    await _release_rival(ground, rival)
    await _release_all(ground, rival)


async def _enter(place: Any) -> None:
    async with place:
        pass


async def _held_by_name(ground: Ground) -> None:
    """A named owner's, that another process took."""
    lease = await _lease(ground, owner="job")
    lease.hand_over()


async def _break(ground: Ground, _: Any) -> None:
    _ = await ground.place("a.b").break_locks()


async def _in_vain(ground: Ground, _: Any) -> None:
    with suppress(LockTimeout):
        _ = await ground.place("a.b").acquire(acquire_timeout=0.02)


LOCKING: dict[str, Act] = {
    "acquire": Act(_acquire()),
    "acquire the root": Act(_acquire("")),
    "acquire, shared": Act(_acquire(shared=True)),
    "acquire, named": Act(_acquire(owner="me")),
    "acquire, renewed": Act(_acquire(renew=True)),
    "try_acquire": Act(lambda ground, _: ground.place("a.b").try_acquire()),
    "acquire again": Act(_acquire("a.b.c"), before=_lease, after=_release_all),
    "acquire in vain": Act(_in_vain, before=_rival("a"), after=_release_rival),
    "try_acquire in vain": Act(
        lambda ground, _: ground.place("a.b").try_acquire(), before=_rival("a"), after=_release_rival
    ),
    "acquire, being woken": Act(_acquire(), before=_rival("a"), meanwhile=_free_it, after=_release_rival),
    "acquire, second in line": Act(_acquire(), before=_behind_another, meanwhile=_free_both),
    "acquire, upgrade": Act(_acquire(), before=_shared_with_rival, meanwhile=_free_it, after=_release_both),
    "acquire, waiting below": Act(_acquire("a"), before=_rival("a.b.c"), meanwhile=_free_it, after=_release_rival),
    "with": Act(lambda ground, _: _enter(ground.place("a.b"))),
    "with, being woken": Act(
        lambda ground, _: _enter(ground.place("a.b")), before=_rival("a"), meanwhile=_free_it, after=_release_rival
    ),
    "with Lock": Act(lambda ground, _: _enter(ground.lock("a.b"))),
    "with a lease": Act(lambda _, lease: _enter(lease), before=_lease),
    "release": Act(lambda ground, _: ground.place("a.b").release(), before=_lease),
    "release by name": Act(lambda ground, _: ground.place("a.b").release("job"), before=_held_by_name, after=_break),
    "break_locks": Act(lambda ground, _: ground.place("a.b").break_locks(), before=_lease, after=_break),
    "Lease.release": Act(lambda _, lease: lease.release(), before=_lease),
    "Lease.renew": Act(lambda _, lease: lease.renew(), before=_lease, after=_release_all),
    "Lease.ensure_held": Act(lambda _, lease: lease.ensure_held(), before=_lease, after=_release_all),
    "Lock.acquire": Act(lambda ground, _: ground.lock("a.b").acquire()),
    "Lock.acquire in vain": Act(
        lambda ground, _: ground.lock("a.b").acquire(blocking=False), before=_rival("a"), after=_release_rival
    ),
    "Lock.release": Act(lambda ground, _: ground.lock("a.b").release(), before=_lease),
    "Lock.locked": Act(lambda ground, _: ground.lock("a.b").locked(), before=_lease, after=_release_all),
    "Lock.renew": Act(lambda ground, _: ground.lock("a.b").renew(), before=_lease, after=_release_all),
    "Lock.ensure_held": Act(lambda ground, _: ground.lock("a.b").ensure_held(), before=_lease, after=_release_all),
}
"""What leaves no lock where it is cancelled, or releases one even so."""
