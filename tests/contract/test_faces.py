"""What the other tests of this folder rest on: they do go through each face, and a thread is one owner in each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import redicts
from redicts import PathError, aio
from redicts.faces.queued import QueuedProxy
from redicts.runners.aio import AsyncRunner
from redicts.runners.sync import SyncRunner
from tests.contract.ground import Ground, Party
from tests.support.waiting import wait_until

BAD: list[tuple[Callable[[Any], Any], type[Exception]]] = [
    (lambda place: place.set("", 1), PathError),
    (lambda place: place.set("x", {1: 2}), TypeError),
    (lambda place: place.get("x").add("1"), TypeError),
    (lambda place: place.expire(0), ValueError),
    (lambda place: place.update([("x", 1), ("y", object())]), TypeError),
]

through = pytest.mark.parametrize("backend", ["asyncio:fake", "queued:fake"], indirect=True)


@through
def test_the_face_is_gone_through(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading, writing and locking: none of it goes past the face that is named."""
    place, done = ground.proxy("a"), list[str]()
    kind: type = aio.Proxy if ground.backend.through == "asyncio" else QueuedProxy
    for name in ("val", "store", "children", "release", "is_locked"):
        plain: Callable[..., Any] = getattr(kind, name)

        def noted(*args: Any, name: str = name, plain: Callable[..., Any] = plain, **options: Any) -> Any:
            done.append(name)
            return plain(*args, **options)

        monkeypatch.setattr(kind, name, noted)
    with place:
        assert place.is_locked()
        assert place.set("x", 1).val() == {"x": 1}
        assert list(place) == ["x"]
    assert done == ["is_locked", "store", "val", "children", "release"]


@pytest.mark.parametrize("backend", ["asyncio:fake"], indirect=True)
def test_a_task_stands_for_a_thread(ground: Ground) -> None:
    call, party = ground.face.call, Party(ground)
    mine, theirs = call(asyncio.current_task), party.do(lambda: call(asyncio.current_task))
    assert call(asyncio.current_task) is mine is not theirs
    assert mine is not None
    assert theirs is not None
    assert party.do(lambda: call(asyncio.current_task)) is theirs
    party.close()
    wait_until(theirs.done)
    assert not mine.done()


@pytest.mark.parametrize("backend", ["fake"], indirect=True)
def test_an_operation_is_begun_when_it_is_called(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """So bad arguments are told at once: there is no need to await, or to execute, to hear of them."""

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError

    for runner in (SyncRunner, AsyncRunner):
        for name in ("run", "drive", "_connect"):
            if hasattr(runner, name):
                monkeypatch.setattr(runner, name, never)
    lost = aio.Proxy("a", rconn=redicts.aio.Pool().get_connection())
    for write, error in BAD:
        with pytest.raises(error):
            _ = write(lost)
        with pytest.raises(error), redicts.pipeline() as pipe:
            _ = write(ground.proxy("a").using(pipe))
    monkeypatch.undo()
