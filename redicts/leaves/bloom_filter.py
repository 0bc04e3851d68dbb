"""Bloom filter, as a typed leaf: whether an element was seen, in little memory; never wrongly no, seldom wrongly yes.

The body is one string: a header that can be read, with the parameters that the filter was made with, and the bits. The
formulas are in ``parts/bloom_shape.py``, the hash is in ``parts/bloom_hash.py``, and what is done on the server in
``core/prelude/bloom.lua`` and the two parts of the prelude beside it.

May import core and its neighbours. Invariant: every access compares the header with what the filter was opened with.
"""

from __future__ import annotations

from typing import Any, Final

from redicts.core.effects import Argument, Op, Refused
from redicts.core.guarded import run_guarded
from redicts.core.operation import operation
from redicts.core.scripts import load
from redicts.errors import ParameterMismatch
from redicts.leaves.elements import T
from redicts.leaves.leaf import PACKAGE, AsyncLeaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.beside import fields_of, keys_of, refusal_of, together
from redicts.leaves.parts.bloom_elements import BloomElements

__all__ = ["AsyncBloomFilter", "BloomFilter", "BloomFilterOperations", "QueuedBloomFilter"]

OTHERS: Final = 1000
"""How many filters are united at once."""


class BloomFilterOperations(BloomElements[T]):
    """What a Bloom filter can do."""

    __slots__ = ()

    @operation(idempotent=True)
    def union_update(self, *others: BloomFilterOperations[Any]) -> Op[None]:
        """Put all in that is in others: their bits are united on the server.

        Args:
            *others: Filters of the same parameters, of this database; with a synchronous face also of others. None is
                scalable: united layers would hold more than they may.

        Raises:
            TypeError: One is no Bloom filter, or in another database and not of the synchronous face.
            ValueError: This one is scalable, or there are more than 1,000 others.
            ParameterMismatch: One was opened, or made, with other parameters.
            WrongType: A place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step. One of another database is read before; so is, on a cluster, one of another section.
        Cost: 1 round trip, O(bytes of all of them); none where there are none. (On a cluster 1 more for each of another
            section.) What is read goes over the wire, twice.

        Example:
            >>> monday = root().get("monday").as_bloom_filter(capacity=1000)
            >>> week = root().get("week").as_bloom_filter(capacity=1000)
            >>> monday.update(["ada", "bob"])
            2
            >>> week.union_update(monday)
            >>> week.contains_many(["ada", "eve"]), root().val() == {"monday": 2, "week": 2}
            ([True, False], True)
        """
        guards, path = self._guards(), self._place._path
        near, bodies = yield from self._gather(others)
        if not others:
            return
        leaves, shape = [self, *near], self._shape
        field, *fields = fields_of(leaves)
        sizes = (shape.same, str(shape.bits), str(shape.hashes), str(len(near)))
        args: list[Argument] = [field, self._marker, *sizes, *fields, *bodies]
        try:
            _ = yield from run_guarded(
                self._place, load(PACKAGE, "bloom_union"), (path,), keys_of(leaves), args, guards
            )
        except Refused as refused:
            if refused.code == "PARAMETERS":
                number = int(refused.detail.partition(" ")[0])
                raise (leaves[number] if number < len(leaves) else self)._refusal(refused) from None
            raise refusal_of(refused, leaves) from None

    def _gather(
        self, others: tuple[BloomFilterOperations[Any], ...]
    ) -> Op[tuple[list[BloomFilterOperations[Any]], list[bytes]]]:
        """Sort out others: those that the server finds by itself, and the bodies of the rest, which are read."""
        if self.scalable:
            raise ValueError(f"the filter at {self.key()!r} is scalable: it cannot be united with others, only updated")
        if len(others) > OTHERS:
            raise ValueError(f"{len(others)} filters are too many at once, more than {OTHERS}; unite them in parts")
        for other in others:
            leaf: object = other
            if not isinstance(leaf, BloomFilterOperations):
                raise TypeError(f"a Bloom filter is united with others, not with {other!r}; update() takes elements")
            if other._shape.same != self._shape.same:
                raise ParameterMismatch(
                    f"{other.key()!r} was opened with other parameters than {self.key()!r}, so they have no union; "
                    "nothing was written. Add its elements with update()",
                    path=other.key(),
                    expected=self._shape.parameters(),
                    found=other._shape.parameters(),
                )
        near: list[BloomFilterOperations[Any]] = []
        far: list[BloomFilterOperations[Any]] = []
        bodies: list[bytes] = []
        spread, section = self._place._space.spread, self._place._path[0]
        for other in others:
            if together(self._place, other._place):
                (far if spread and other._place._path[0] != section else near).append(other)
            elif isinstance(other, BloomFilter):
                bodies.append(other._body())
            else:
                raise TypeError(f"{other!r} is in another database: open it there with the synchronous face")
        for other in far:
            body: bytes = yield from BloomFilterOperations._body(other)
            bodies.append(body)
        return near, [body for body in bodies if body]

    @operation(idempotent=True)
    def _body(self) -> Op[bytes]:
        """Read the string that it is kept in; empty where nothing is.

        Atomicity: one step.
        Cost: 1 round trip, O(bytes).
        """
        text = yield from self._read("GET")
        return (text or "").encode("utf-8", "surrogateescape")  # as replies are decoded


class BloomFilter(BloomFilterOperations[T], SyncLeaf):
    """Which elements were seen, as ``as_bloom_filter()`` opens it: a million in 1.2 MB at 1 %.

    ``in`` is certain where it says no. Of all that is not in it, it takes the share ``error_rate`` for such as is, once
    it holds as many elements as it is for; beyond that more, unless it is ``scalable``: then it grows instead. Elements
    are JSON values, compared as JSON: 1, 1.0 and True are three values here. They cannot be listed, nor taken out.

    The parameters are stored with it: who opens it with others gets a ``ParameterMismatch``, and it is left alone. All
    of its memory is taken with the first element: ``1.45 * log2(1 / error_rate)`` bits for each of its capacity; of a
    scalable one 1.5 bits more for each, and for each layer as much again. A server holds 512 MB in one filter.

    Example:
        >>> seen = root().get("seen").as_bloom_filter(capacity=1000, error_rate=0.001)
        >>> seen.update(["ada", "bob", "ada"])
        2
        >>> "ada" in seen, "eve" in seen, len(seen)
        (True, False, 2)
        >>> "ada" in root().get("seen").as_bloom_filter(capacity=500)
        Traceback (most recent call last):
        ...
        redicts.errors.ParameterMismatch: the Bloom filter at 'seen' was made with capacity=1000, ...
    """

    __slots__ = ()

    def __len__(self) -> int:
        return self.length()

    def __contains__(self, value: object) -> bool:
        return self.contains(value)

    def __ior__(self, other: BloomFilterOperations[Any]) -> BloomFilter[T]:  # typing.Self came with Python 3.11
        if not isinstance(other, BloomFilterOperations):
            return NotImplemented
        self.union_update(other)
        return self


class AsyncBloomFilter(BloomFilterOperations[T], AsyncLeaf):
    """Which elements were seen, for asyncio: every operation is awaited.

    Example:
        >>> seen = aio.root().get("seen").as_bloom_filter(capacity=1000)
        >>> await seen.update(["ada", "bob"])
        2
        >>> await seen.contains("ada"), await seen.length()
        (True, 2)
    """

    __slots__ = ()


class QueuedBloomFilter(BloomFilterOperations[T], QueuedLeaf):
    """Which elements were seen, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     seen = pipe.proxy("seen").as_bloom_filter(capacity=1000)
        ...     new = seen.add("ada")
        ...     there = seen.contains_many(["ada", "eve"])
        >>> new.result, there.result
        (True, [True, False])
    """

    __slots__ = ()
