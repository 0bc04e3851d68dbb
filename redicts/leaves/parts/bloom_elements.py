"""What a Bloom filter does with elements, and what it tells of itself. May import core and its neighbours.

Invariant: no bit is ever taken back, but by ``clear``: what was added is in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from redicts.core.effects import Op, Refused
from redicts.core.kinds import KINDS
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.errors import InternalError, ParameterMismatch
from redicts.leaves.elements import Of, T
from redicts.leaves.leaf import Leaf
from redicts.leaves.parts.bloom_hash import ELEMENT, hash_all, load_hash
from redicts.leaves.parts.bloom_shape import LARGEST, read_header, shape_of

__all__ = ["BloomElements"]

AT_ONCE: Final = 10_000
"""How many elements one script takes: it keeps the server for some hundredths of a second."""


class BloomElements(Leaf[T]):
    """Operations of a Bloom filter on its own.

    Args:
        place: As for ``Leaf``.
        of: As for ``Leaf``.
        capacity: How many different elements it is for.
        error_rate: How many of those that are not in it are taken for such as are, at that number.
        scalable: Whether it grows.

    Raises:
        PathError: As for ``Leaf``.
        ImportError: As for ``Leaf``; or xxhash is not installed.
        TypeError: An argument is of another type.
        ValueError: An argument is out of range, or the filter would be too large.
    """

    __slots__ = ("_shape",)

    KIND = KINDS["bloom_filter"]

    def __init__(
        self, place: Place, of: Of[T] = None, capacity: int = 0, error_rate: float = 0.01, scalable: bool = False
    ) -> None:
        super().__init__(place, of)
        self._shape = shape_of(capacity, error_rate, scalable)
        _ = load_hash()  # that it is not there is told now

    @property
    def capacity(self) -> int:
        """How many different elements it is for, as it was opened; a scalable one begins so. No round trip."""
        return self._shape.capacity

    @property
    def error_rate(self) -> float:
        """How many of those that are not in it are taken for such as are, as it was opened. No round trip."""
        return self._shape.error_rate

    @property
    def scalable(self) -> bool:
        """Whether it grows, as it was opened. No round trip."""
        return self._shape.scalable

    # ---- elements

    @operation(idempotent=False)
    def add(self, value: T) -> Op[bool]:
        """Put an element in.

        Args:
            value: The element.

        Returns:
            Whether it is new: of several callers, one is told so. ``False`` for what seemed to be in it already.

        Raises:
            TypeError: It is no JSON value.
            ValueError: A scalable filter would grow beyond what a string can hold.
            WrongType: The place holds something else.
            ParameterMismatch: The filter there was made with other parameters.
            InvalidElement: It is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way. It may be added again: that changes nothing.

        Atomicity: one step.
        Cost: 1 round trip, O(hash functions), of all layers. The first element allocates the whole layer.

        Example:
            >>> seen = root().get("seen").as_bloom_filter(capacity=1000)
            >>> seen.add("tea"), seen.add("tea"), seen.length()
            (True, False, 1)
        """
        return bool((yield from self._put(hash_all([self._encode(value)]))))

    @operation(idempotent=False)
    def update(self, *many: Iterable[T]) -> Op[int]:
        """Put elements in.

        Args:
            *many: Iterables of elements. (Other filters: ``union_update``.)

        Returns:
            How many are new: as for ``add``.

        Raises:
            TypeError: One is no JSON value; nothing was written then.
            ValueError: A scalable filter would grow beyond what a string can hold.
            WrongType: The place holds something else.
            ParameterMismatch: As for ``add``.
            InvalidElement: An element is not of the type asked for; nothing was written.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way. They may be added again: that changes nothing.

        Atomicity: one step for 10,000 elements; of more, each 10,000. In a pipeline one step for all.
        Cost: 1 round trip for 10,000 elements, O(elements * hash functions): the server is busy for about 4 ms with
            each 1,000 at 1 %, and for 8 ms at 0.01 %. None where there are no elements.

        Example:
            >>> seen = root().get("seen").as_bloom_filter(capacity=1000)
            >>> seen.update(["tea", "pots", "tea"]), root().val()
            (2, {'seen': 2})
        """
        guards, new = self._guards(), 0
        texts: list[str] = []
        for values in many:
            if isinstance(values, BloomElements):
                raise TypeError("update() takes elements; union_update() takes filters")
            texts += self._elements.encode_all(values, self.key)
        for hashes in self._parts(hash_all(texts)):
            new += int((yield from self._put(hashes, guards)))
        return new

    @operation(idempotent=True)
    def contains(self, value: object) -> Op[bool]:
        """Tell whether an element seems to be in it: ``False`` is certain, ``True`` is wrong at the error rate.

        Args:
            value: Compared as JSON: 1, 1.0 and True are three values here.

        Raises:
            TypeError: It is no JSON value.
            WrongType: The place holds something else.
            ParameterMismatch: The filter there was made with other parameters.

        Atomicity: one step.
        Cost: 1 round trip, O(hash functions), of all layers; none for what is not of the type asked for.
        """
        text = self._elements.spell(value, self.key)
        if text is None:  # it cannot be an element
            return False
        found = yield from self._run_reading("bloom_contains", self._shape.same, hash_all([text]))
        return bool(found == "1")

    @operation(idempotent=True)
    def contains_many(self, values: Iterable[object]) -> Op[list[bool]]:
        """Tell of many values which seem to be in it: as for ``contains``.

        Args:
            values: Compared as JSON: 1, 1.0 and True are three values here.

        Returns:
            For each, in order, whether it does.

        Raises:
            TypeError: One is no JSON value.
            WrongType: The place holds something else.
            ParameterMismatch: As for ``contains``.

        Atomicity: one step for 10,000 values; of more, each 10,000. In a pipeline one step for all.
        Cost: 1 round trip for 10,000 values, O(values * hash functions); none where there are none.

        Example:
            >>> seen = root().get("seen").as_bloom_filter(capacity=1000)
            >>> seen.update(["tea", "pots"]), seen.contains_many(["pots", "cups", "tea"])
            (2, [True, False, True])
        """
        texts = [self._elements.spell(value, self.key) for value in values]
        asked = [text for text in texts if text is not None]  # the others cannot be elements
        found = ""
        for hashes in self._parts(hash_all(asked)):
            found += yield from self._run_reading("bloom_contains", self._shape.same, hashes)
        flags = iter(found)
        return [text is not None and next(flags) == "1" for text in texts]

    # ---- the filter

    @operation(idempotent=True)
    def length(self) -> Op[int]:  # pyright: ignore[reportIncompatibleVariableOverride]  # the same, about
        """Estimate how many different elements were added.

        It is counted as they come: an element that is new counts for all that are overlooked, as things are just then.
        Up to the capacity it is off by a few in a thousand at most, mostly by none; in an overfull filter by more;
        where every bit is set it stays as it is. After a union it is estimated from the number of bits.

        Returns:
            The estimate; 0 where nothing is.

        Raises:
            WrongType: The place holds something else.
            ParameterMismatch: The filter there was made with other parameters.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        header = yield from self._look()
        return round(float(header[0])) if header else 0

    @operation(idempotent=True)
    def is_full(self) -> Op[bool]:
        """Tell whether as many elements were added, by the estimate, as it is for. A scalable one never is full.

        Raises:
            WrongType: The place holds something else.
            ParameterMismatch: As for ``length``.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        header = yield from self._look()
        return bool(header) and not self.scalable and round(float(header[0])) >= self.capacity

    @operation(idempotent=True)
    def current_error_rate(self) -> Op[float]:
        """Tell what share of all that is not in it is taken for such as is, just now: by how many bits are set.

        Returns:
            From 0 for an empty filter to 1 for one of which every bit is set.

        Raises:
            WrongType: The place holds something else.
            ParameterMismatch: As for ``length``.

        Atomicity: one step.
        Cost: 1 round trip, O(1).

        Example:
            >>> seen = root().get("seen").as_bloom_filter(capacity=1000, error_rate=0.01)
            >>> seen.update(range(1000)) > 990, 0.008 < seen.current_error_rate() < 0.01
            (True, True)
        """
        header = yield from self._look()
        return float(header[1]) if header else 0.0

    # ---- parts of these

    def _parts(self, hashes: bytes) -> list[bytes]:
        """Share hashes out among scripts, none of which keeps the server for long. What is queued is one step."""
        step = len(hashes) or 1 if self._place._batched else AT_ONCE * ELEMENT
        return [hashes[at : at + step] for at in range(0, len(hashes), step)]

    def _put(self, hashes: bytes, guards: Any = None) -> Op[Any]:
        shape = self._shape
        args = (shape.same, str(shape.bits), str(shape.hashes), str(LARGEST), hashes)
        return (yield from self._run_writing("bloom_add", *args, guards=guards))

    def _look(self) -> Op[list[str]]:
        """Read the numbers of the header: none where nothing is."""
        return [*(yield from self._run_reading("bloom_look", self._shape.same))]

    def _refusal(self, refused: Refused) -> Exception:
        if refused.code == "OUTGROWN":
            return ValueError(
                f"the filter at {self.key()!r} would grow beyond the 0.5 GB that a string of a server holds; nothing "
                "was written. Begin another one, and ask both"
            )
        if refused.code == "PARAMETERS":
            return self._mismatch(refused.detail.partition(" ")[2])
        return super()._refusal(refused)

    def _mismatch(self, header: str) -> Exception:
        """Say what is there instead of this filter."""
        found, expected, path = read_header(header), self._shape.parameters(), self.key()
        sizes = {"bits": self._shape.bits, "hashes": self._shape.hashes}
        if found is None or (found.items() >= expected.items() and found.items() >= sizes.items()):
            body = self._place._space.body(self._place._path)
            return InternalError(f"{path!r} holds no Bloom filter that redicts wrote: run check()", key=body)
        if found.items() >= expected.items():
            expected |= sizes
        found = {name: found[name] for name in expected}
        return ParameterMismatch(
            f"the Bloom filter at {path!r} was made with {_differences(found, expected)}, and opened with "
            f"{_differences(expected, found)}; it was left alone. Open it as it was made, or clear() the place first",
            path=path,
            expected=expected,
            found=found,
        )


def _differences(one: dict[str, Any], other: dict[str, Any]) -> str:
    return ", ".join([f"{name}={value!r}" for name, value in one.items() if value != other[name]])
