"""Who took what: each thread and each task for itself, and nobody after a fork."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from redicts.leaves.parts.taken import Taken


def test_each_thread_has_its_own() -> None:
    taken, found = Taken(), list[list[str]]()
    taken.mine().append("a")

    def work() -> None:
        taken.mine().append("b")
        found.append(list(taken.mine()))

    for _ in range(3):  # numbers of threads come again
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [["b"]] * 3
    assert list(taken.mine()) == ["a"]
    assert list(Taken().mine()) == []


def test_each_task_has_its_own() -> None:
    taken = Taken()
    taken.mine().append("the thread's")

    async def work(name: str) -> list[str]:
        taken.mine().append(name)
        await asyncio.sleep(0)
        return list(taken.mine())

    async def main() -> list[list[str]]:
        return [*await asyncio.gather(work("a"), work("b")), await work("c"), list(taken.mine())]

    assert asyncio.run(main()) == [["a"], ["b"], ["c"], ["c"]]
    assert list(taken.mine()) == ["the thread's"]
    assert len(taken._tasks) == 0, "what has ended is forgotten"


def test_a_child_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = Taken()
    taken.mine().append("the parent's")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert list(taken.mine()) == []
    taken.mine().append("the child's")
    assert list(taken.mine()) == ["the child's"]
