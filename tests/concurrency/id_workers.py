"""Who takes IDs in processes of their own, and the judge of what they got."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from threading import Thread
from typing import Any, NamedTuple

from redicts import Pool, QuorumNotAchieved, root
from tests.concurrency.forking import Forked

__all__ = ["Taken", "Where", "fork_and_take", "judge", "take", "take_in_threads"]


class Taken(NamedTuple):
    """IDs, and when they were asked for and given: on the monotonic clock, which is one for the whole machine."""

    began: float
    ended: float
    ids: range


class Where(NamedTuple):
    """Where the IDs are, to be handed to other processes.

    Attributes:
        urls: Of the masters; of one: there is but one server, which they are taken of without any.
        namespace: Theirs.
        options: For ``as_ids``.
    """

    urls: tuple[str, ...]
    namespace: str = "redicts"
    options: tuple[tuple[str, Any], ...] = ()

    def open(self, reload: bool = True, **options: Any) -> Any:
        """Open the IDs through the pool of this process."""
        names = {f"m{at}": url for at, url in enumerate(self.urls)}
        if reload:
            Pool().reload(cfg={"url": self.urls[0], "namespace": self.namespace, "names": names})
        place: Any = root().get("app.ids")
        return place.as_ids(list(names) if len(names) > 1 else None, **dict(self.options), **options)


def timed(act: Callable[[], int | range]) -> Taken:
    began = time.monotonic()
    given = act()
    ended = time.monotonic()
    return Taken(began, ended, given if isinstance(given, range) else range(given, given + 1))


def take(where: Where, count: int, seconds: float = 1e9, block: int = 1) -> tuple[list[Taken], list[str]]:
    """Take IDs, one or some at a time; also tells what was said where there was no quorum."""
    ids, found, failed = where.open(block=block), list[Taken](), list[str]()
    end = time.monotonic() + seconds
    while len(found) < count and time.monotonic() < end:
        try:
            found.append(timed(ids.next if len(found) % 5 else lambda: ids.reserve(3)))
        except QuorumNotAchieved as error:
            failed.append(str(error))
    return found, failed


def take_in_threads(where: Where, threads: int, count: int, handles: int) -> list[list[Taken]]:
    """Take IDs in several threads, which share handles; whatever one raises is raised."""
    shared = [where.open(at == 0) for at in range(handles)]
    found: list[list[Taken]] = [[] for _ in range(threads)]
    raised: list[BaseException] = []

    def work(me: int) -> None:
        ids = shared[me % handles]
        try:
            for at in range(count):
                found[me].append(timed(ids.next if at % 5 else lambda: ids.reserve(3)))
        except BaseException as error:  # noqa: BLE001  # raised by the caller
            raised.append(error)

    workers = [Thread(target=work, args=(me,)) for me in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    if raised:
        raise raised[0]
    assert not any(worker.is_alive() for worker in workers)
    return found


def fork_and_take(where: Where, block: int, children: int, count: int) -> list[list[Taken]]:
    """Fork while a thread uses the same handle; parent and children go on with it."""
    ids = where.open(block=block)
    found: list[Taken] = [timed(ids.next) for _ in range(3)]
    beside: list[Taken] = []
    going = [True]

    def go_on() -> None:
        while going[0]:
            beside.append(timed(ids.next))

    def in_child() -> list[Taken]:
        going[0] = False
        return [timed(ids.next) for _ in range(count)]

    thread = Thread(target=go_on)
    thread.start()
    forked = []
    for _ in range(children):
        forked.append(Forked(in_child))
        found += [timed(ids.next) for _ in range(3)]
    theirs = [child.result() for child in forked]
    going[0] = False
    thread.join(30)
    assert os.getpid() not in [child.pid for child in forked]
    return [found, beside, *theirs]


def judge(parties: Iterable[Sequence[Taken]], *, blocks: bool = False) -> int:
    """Assert what must be true of IDs. Counts them.

    Args:
        parties: What each thread, or process, got, in its order.
        blocks: Whether they were handed out of blocks: then only those of one party are in order.
    """
    parties = list(parties)
    every = sorted((each for party in parties for each in party), key=lambda each: each.ids.start)
    for one, other in pairwise(every):
        assert one.ids.stop <= other.ids.start, f"given twice: {one} and {other}"
    for party in parties:
        firsts = [each.ids.start for each in party]
        assert firsts == sorted(firsts), "those of one party grow"
    if not blocks:
        ended = sorted(every, key=lambda each: each.ended)
        greatest = at = 0
        for each in sorted(every, key=lambda each: each.began):
            while ended[at].ended < each.began:
                greatest = max(greatest, ended[at].ids[-1])
                at += 1
            assert each.ids.start > greatest, f"{each} was asked for when {greatest} had been given"
    return sum(len(each.ids) for each in every)
