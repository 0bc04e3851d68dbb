"""IDs on which a majority of independent masters agrees. May import core and its neighbours.

Each master keeps, at the same place, the last ID that it accepted. IDs are proposed to all of them, side by side; one
accepts what is above all that it accepted before, and what a majority accepted is given. Two majorities have a master
in common, and that accepts nothing twice: so nothing is given twice, and what is proposed after an ID was given is
accepted only above it. What a minority accepted is given to nobody: a gap. (S. Sanfilippo, "The binary search of
distributed programming", 2016, antirez.com/news/102. It is how ballots are numbered, and why two of them cannot both
win, in L. Lamport, "The Part-Time Parliament", ACM TOCS 16(2), 1998, section 2.)
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from redicts.core.effects import Everywhere, Op, Refused
from redicts.core.operation import operation
from redicts.core.several import failed
from redicts.errors import QuorumNotAchieved
from redicts.leaves.parts.id_line import drive, drive_async
from redicts.leaves.parts.id_majority import MajoritySource, listed
from redicts.leaves.parts.id_source import AsyncIdSource, SyncIdSource, whole_number

__all__ = ["AsyncMajorityIds", "MajorityIds", "MajorityIdsOperations"]

T = TypeVar("T")


class MajorityIdsOperations(MajoritySource):
    """What a generator of IDs can do that several masters keep.

    Args:
        place: The place, in each of them; of any face but the queued one.
        masters: The masters: names of the ``Pool`` or clients. All who use the IDs must name the same ones.
        block: How many IDs are fetched at a time, for this handle to hand out.
        timeout: Seconds after which no more is proposed; 0 for one try.
        master_timeout: Seconds after which a master is given up, for this time.

    Attributes:
        block: As above.

    Raises:
        PathError: The place is the root.
        ConfigError: There are no masters, or one twice, or one that cannot be used.
        TypeError: An argument is no number.
        ValueError: An argument is out of range.
    """

    __slots__ = ()

    @operation(idempotent=True, one_step=False)
    def next(self) -> Op[int]:
        """Give the next ID. It is greater than every one that was given before, here or elsewhere.

        There may be gaps: what not enough masters accepted, since another was faster there, is given to nobody. With
        ``block`` the handle hands out what it has fetched: as for ``Ids``.

        Raises:
            QuorumIsImpossible: So many masters failed that there is no majority; it is told at once.
            QuorumNotAchieved: Others were faster every time, until the timeout.
            OverflowError: There are none left.
            WrongType: The place holds something else, at so many masters that there is no majority.

        Atomicity: a step at each master; it is given by the one that completes a majority.
        Cost: 1 round trip to all masters, side by side; 2 for the first, and where others took IDs meanwhile; more
            where they do so at the same time. With ``block`` none, but for one of so many.

        Example:
            >>> Pool().reload(cfg={"names": {"one": 1, "two": 2, "three": 3}})
            >>> tweets = root().get("tweets.ids").as_ids(masters=["one", "two", "three"])
            >>> tweets.next() < next(tweets)
            True
        """
        return (yield from self._allot(1))[0]

    @operation(idempotent=True, one_step=False)
    def reserve(self, count: int) -> Op[range]:
        """Give so many IDs that follow on one another, all of them greater than every one that was given before.

        Args:
            count: How many; 0 gives none.

        Returns:
            They, as a ``range``.

        Raises:
            TypeError: ``count`` is no integer.
            ValueError: ``count`` is negative, or has more than 63 bits.
            QuorumIsImpossible: As for ``next``.
            QuorumNotAchieved: As for ``next``.
            OverflowError: There are not so many left.
            WrongType: As for ``next``.

        Atomicity: as ``next``.
        Cost: as ``next``, however many; none for 0.
        """
        return (yield from self._reserved(count))

    @operation(idempotent=True, one_step=False)
    def last(self) -> Op[int]:
        """Read what a majority says of the greatest ID so far.

        No ID that was given before is greater. It may be one that was proposed and given to nobody.

        Returns:
            The ID; 0 where none was given.

        Raises:
            QuorumIsImpossible: So many masters failed that there is no majority.
            WrongType: As for ``next``.
            InternalError: What is there is no ID.

        Atomicity: a step at each master.
        Cost: 1 round trip to all masters, side by side.
        """
        return (yield from self._greatest())

    @operation(idempotent=True, one_step=False)
    def length(self) -> Op[int]:  # pyright: ignore[reportIncompatibleVariableOverride]  # the same
        """Count the IDs that were taken, or passed over: as ``last``.

        Raises:
            QuorumIsImpossible: As for ``last``.
            WrongType: As for ``next``.
            InternalError: As for ``last``.

        Atomicity: a step at each master.
        Cost: 1 round trip to all masters, side by side.
        """
        return (yield from self._greatest())

    @operation(idempotent=True, one_step=False)
    def raise_to(self, last: int) -> Op[None]:
        """Have every ID from now on be greater than this one: to go on where another generator was, or after a loss.

        Blocks that other handles have fetched before are handed out all the same.

        Args:
            last: What counts as given, with all below it. Where it was, nothing changes.

        Raises:
            TypeError: ``last`` is no integer.
            ValueError: ``last`` is negative, or has more than 63 bits.
            QuorumIsImpossible: So many masters failed that there is no majority; it may hold or not.
            WrongType: As for ``next``.

        Atomicity: a step at each master.
        Cost: 1 round trip to all masters, side by side.
        """
        text = str(whole_number(last, "an ID", 0))
        line = self._own_line()
        asked = self._at_each("ids_accept", text, text)
        _ = yield from self._ask(asked)  # one that does not accept it is there already
        line.learn(last)
        self._passed_over(last)

    @operation(idempotent=True, one_step=False)
    def clear(self) -> Op[None]:  # pyright: ignore[reportIncompatibleVariableOverride]  # the same
        """Begin at 1 again, at all masters: IDs that were given before are given once more.

        Other handles go on where they were, and with the blocks that they have, until they are made anew.

        Raises:
            QuorumNotAchieved: Some masters failed, and may still be where they were: do it again when they are back.
            WrongType: The place holds something else, at one of them.

        Atomicity: a step at each master.
        Cost: 1 round trip to all masters, side by side: the time of the slowest.
        """
        line = self._own_line()
        asked = self._at_each("clear")
        (outcomes,) = yield (Everywhere(asked, self._master_timeout, _never),)
        line.seen = 0
        self._fetched.drop()
        for outcome in outcomes:
            if isinstance(outcome, Refused):
                raise self._refusal(outcome)
        if why := failed(outcomes, self._masters.names):
            raise QuorumNotAchieved(
                f"{self.key()!r} was cleared at {len(asked) - len(why)} of {len(asked)} masters; {listed(why)}. Do it "
                "again when they are back: until then IDs may begin at 1, or go on",
                path=self.key(),
                masters=why,
            )


def _never(_: Sequence[Any]) -> bool:
    return False


class MajorityIds(MajorityIdsOperations, SyncIdSource):
    """IDs that grow, on which a majority of several masters agrees: an iterator of the next ones, which never ends.

    A minority of the masters may be gone, stopped or slow: that delays nothing, and no ID is given twice. It is so as
    long as masters keep what they accepted. One that wrote nothing to disk and is started again, or whose replica takes
    over and has not got all, has forgotten; with others that are slow, IDs may be repeated then. So let them write,
    with ``appendonly yes`` and ``appendfsync always``. Where the place is deleted, or expires, IDs begin at 1 again.

    Those of a process who ask at once, in threads or in tasks of one event loop, are served together. Processes may
    outbid one another: then they wait for moments, and pass over some IDs. Locks of the tree do not guard it: they are
    kept by one database.

    Example:
        >>> Pool().reload(cfg={"names": {"one": 1, "two": 2, "three": 3}})
        >>> tweets = root().get("tweets.ids").as_ids(masters=["one", "two", "three"])
        >>> first, two, last = tweets.next(), tweets.reserve(2), next(tweets)
        >>> first < two[0] < two[1] < last == tweets.last()
        True
    """

    __slots__ = ()

    def _run(self, op: Op[T], idempotent: bool) -> T:  # noqa: ARG002  # whatever is asked may be asked again
        masters: Any = self._masters
        return drive(op, masters.run)

    def _loop(self) -> None:
        return None


class AsyncMajorityIds(MajorityIdsOperations, AsyncIdSource):
    """IDs that grow, on which a majority of several masters agrees, for asyncio: as ``MajorityIds``.

    Example:
        >>> aio.Pool().reload(cfg={"names": {"one": 1, "two": 2, "three": 3}})
        >>> tweets = aio.root().get("tweets.ids").as_ids(masters=["one", "two", "three"])
        >>> first, two, last = await tweets.next(), await tweets.reserve(2), await anext(tweets)
        >>> first < two[0] < two[1] < last == await tweets.last()
        True
    """

    __slots__ = ()

    def _await(self, op: Op[T], idempotent: bool) -> Coroutine[object, None, T]:  # noqa: ARG002  # as above
        masters: Any = self._masters
        return drive_async(op, masters.run)

    def _loop(self) -> AbstractEventLoop:
        return get_running_loop()
