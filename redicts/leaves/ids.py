"""IDs: whole numbers from 1 on, each of which is given once, in their order. May import core and its neighbours.

The body is the last one that was taken, as a string; the server counts. (``majority_ids`` has IDs on which several
servers agree.) Invariant: what was taken is never given again, whatever becomes of who asked for it: a reply that is
lost leaves a gap. So asking may be repeated.
"""

from __future__ import annotations

from typing import Any

from redicts.core.effects import Op, Refused
from redicts.core.operation import operation
from redicts.core.place import Guard
from redicts.leaves.leaf import QueuedLeaf
from redicts.leaves.parts.id_source import AsyncIdSource, IdSource, SyncIdSource, whole_number

__all__ = ["AsyncIds", "Ids", "IdsOperations", "QueuedIds"]


class IdsOperations(IdSource):
    """What a generator of IDs can do.

    Args:
        place: The place, of any face.
        block: How many IDs are fetched at a time, for this handle to hand out.

    Attributes:
        block: As above.

    Raises:
        PathError: The place is the root.
        TypeError: ``block`` is no integer.
        ValueError: ``block`` is out of range.
    """

    __slots__ = ()

    @operation(idempotent=True)
    def next(self) -> Op[int]:
        """Give the next ID. It is greater than every one that was taken before, here or elsewhere.

        With ``block`` the handle hands out what it has fetched: each is given once, and is greater than those that this
        handle gave before; another handle may have given greater ones. What a process has not handed out at its end, a
        handle that is held no more, or a caller that is cancelled just then leaves a gap.

        Raises:
            OverflowError: There are none left; nothing was written.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step. After a lost connection it is asked again, which leaves a gap at most.
        Cost: 1 round trip, O(1); with ``block`` none, but for one of so many.

        Example:
            >>> orders = root().get("orders.ids").as_ids()
            >>> orders.next(), next(orders)
            (1, 2)
        """
        return (yield from self._allot(1))[0]

    @operation(idempotent=True)
    def reserve(self, count: int) -> Op[range]:
        """Give so many IDs that follow on one another, all of them greater than every one that was taken before.

        Args:
            count: How many; 0 gives none.

        Returns:
            They, as a ``range``.

        Raises:
            TypeError: ``count`` is no integer.
            ValueError: ``count`` is negative, or has more than 63 bits.
            OverflowError: There are not so many left; nothing was written.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: as ``next``.
        Cost: 1 round trip, O(1), however many; none for 0, and with ``block`` where the handle has so many.

        Example:
            >>> orders = root().get("orders.ids").as_ids()
            >>> orders.reserve(1000), orders.next()
            (range(1, 1001), 1001)
        """
        return (yield from self._reserved(count))

    @operation(idempotent=True)
    def last(self) -> Op[int]:
        """Read the greatest ID that was taken by anybody. With ``block`` it may not have been handed out yet.

        Returns:
            The ID; 0 where none was.

        Raises:
            WrongType: The place holds something else.
            InternalError: What is there is no ID.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        return self._read_id((yield from self._read("GET")))

    @operation(idempotent=True)
    def length(self) -> Op[int]:  # pyright: ignore[reportIncompatibleVariableOverride]  # the same
        """Count the IDs that were taken, or passed over: as ``last``.

        Raises:
            WrongType: The place holds something else.
            InternalError: What is there is no ID.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        return self._read_id((yield from self._read("GET")))

    @operation(idempotent=True)
    def raise_to(self, last: int) -> Op[None]:
        """Have every ID from now on be greater than this one: to go on where another generator was, or after a loss.

        Blocks that other handles have fetched before are handed out all the same.

        Args:
            last: What counts as taken, with all below it. Where it was, nothing changes.

        Raises:
            TypeError: ``last`` is no integer.
            ValueError: ``last`` is negative, or has more than 63 bits.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).

        Example:
            >>> orders = root().get("orders.ids").as_ids()
            >>> orders.raise_to(41)
            >>> orders.raise_to(7)
            >>> orders.next()
            42
        """
        text = str(whole_number(last, "an ID", 0))
        _ = yield from self._run_writing("ids_accept", text, text)
        self._passed_over(last)

    @operation(idempotent=True)
    def clear(self) -> Op[None]:  # pyright: ignore[reportIncompatibleVariableOverride]  # the same
        """Begin at 1 again: IDs that were given before are given once more. What this handle has fetched is dropped.

        Other handles hand out the blocks that they have. Nothing is at the place then; its time to live is gone.

        Raises:
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        yield from self._run_writing("clear")
        self._fetched.drop()

    def _where_fetched(self) -> object:
        place: Any = self._place
        return place._where()

    def _fetch(self, count: int, guards: tuple[Guard, ...] | None = None) -> Op[range]:
        last = int((yield from self._run_writing("ids_take", str(count), guards=guards)))
        return range(last - count + 1, last + 1)

    def _refusal(self, refused: Refused) -> Exception:
        return self._spent() if refused.code == "OUTOFRANGE" else super()._refusal(refused)


class Ids(IdsOperations, SyncIdSource):
    """IDs that grow, as ``as_ids()`` opens it: an iterator of the next ones, which never ends.

    Each is given once, whichever thread, process or machine asks, as long as the place is there. Where it is deleted,
    set to something else, or expires (``expire`` of it, or of a place above), they begin at 1 again. A failover, or a
    server that writes nothing to disk and dies, may repeat the last ones: ``MajorityIds`` does not.

    Example:
        >>> orders = root().get("orders.ids").as_ids()
        >>> next(orders), orders.next(), orders.reserve(3), orders.last()
        (1, 2, range(3, 6), 5)
        >>> quick = root().get("orders.ids").as_ids(block=100)
        >>> quick.next(), quick.next(), orders.next(), quick.next()
        (6, 7, 106, 8)
        >>> root().val()
        {'orders': {'ids': 106}}
    """

    __slots__ = ()


class AsyncIds(IdsOperations, AsyncIdSource):
    """IDs that grow, for asyncio: every operation is awaited, and ``async for`` goes over the next ones without end.

    Example:
        >>> orders = aio.root().get("orders.ids").as_ids()
        >>> await orders.next(), await anext(orders), await orders.reserve(3)
        (1, 2, range(3, 6))
    """

    __slots__ = ()


class QueuedIds(IdsOperations, QueuedLeaf):
    """IDs that grow, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     orders = pipe.proxy("orders.ids").as_ids()
        ...     one, more = orders.next(), orders.reserve(2)
        >>> one.result, more.result
        (1, range(2, 4))
    """

    __slots__ = ()
