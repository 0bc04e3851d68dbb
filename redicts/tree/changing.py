"""Operations that change a value by what it is now. None loses an update; none needs a lock."""

from __future__ import annotations

from collections.abc import Callable

from redicts.core.codec import TYPED, Json, as_read, canonical, decode, decode_number, encode, encode_document
from redicts.core.effects import Argument, Op, Refused
from redicts.core.guarded import run_guarded
from redicts.core.operation import operation
from redicts.core.paths import dotted
from redicts.core.place import Guard
from redicts.core.scripts import load
from redicts.errors import NotANumber, WrongType
from redicts.tree.reading import Reading

__all__ = ["Changing"]

NOTHING = ""
"""Stands among JSON texts for a place where nothing is."""


class Changing(Reading):
    """What can be made of the value at a place."""

    __slots__ = ()

    @operation(idempotent=False)
    def add(self, count: int | float = 1) -> Op[int | float]:
        """Add to the number here; nothing counts as 0. The time to live stays.

        Integers of any size are added exactly, floats as Python adds them.

        Args:
            count: An ``int`` or a ``float``.

        Returns:
            The sum.

        Raises:
            TypeError: ``count`` is not a number.
            NotANumber: The place holds something else; it was left alone. (A ``ValueError``.)
            OverflowError: An integer is too large to be added to a float.
            PathError: The root holds no number.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was added once, or not at all.

        Atomicity: one step. Beyond 15 digits it compares and sets, again and again until nobody comes between.
        Cost: 1 round trip, 2 beyond 15 digits, and 1 more for each time somebody came between. O(1).

        Example:
            >>> root().get("hits").add(), root().get("hits").add(2)
            (1, 3)
        """
        if isinstance(count, bool) or not isinstance(count, (int, float)):
            raise TypeError(f"count is an int or a float, not {count!r}")
        self._not_root(self._path, "added to")
        entry, guards = self._space.entry(self._path), self._guards(self._path)
        args: list[Argument] = [entry.field, encode(count)]
        done, text = yield from run_guarded(
            self, load("redicts.tree", "add"), (self._path,), (entry.key,), args, guards
        )
        while not done:
            expected = text
            done, text = yield from self._exchange([expected], self._sum(expected, count), guards)
        return decode_number(text)

    def _sum(self, text: str, count: int | float) -> int | float:
        """Add to what stands at the place, as Python does."""
        old = 0 if text == NOTHING else decode(text)
        if isinstance(old, bool) or not isinstance(old, (int, float)):
            raise NotANumber(
                f"{dotted(self._path)!r} holds {text[:40]}, which is no number to add to; it was left alone",
                path=dotted(self._path),
                found=text[:40],
            )
        return old + count

    @operation(idempotent=False, one_step=False)
    def compare_and_set(self, expected: Json, new: Json) -> Op[bool]:
        """Set the place to ``new`` if its value is ``expected``. The time to live stays.

        Values are compared as JSON: 1, 1.0, "1" and true are four values, and the order of keys does not count.

        Args:
            expected: A JSON value; ``None`` for a place that holds ``None`` or nothing.
            new: As for ``set``.

        Returns:
            Whether it was set.

        Raises:
            WrongType: A typed leaf would become plain JSON by it, here or below; it was left alone.
            PathError: As for ``set``.
            TypeError: As for ``set``.
            ValueError: As for ``set``.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was set, or not.

        Atomicity: one step compares and sets.
        Cost: 1 round trip for a leaf, mostly 2 for a node. O(what is read and written).

        Example:
            >>> state = root().get("state")
            >>> state.compare_and_set(None, "open"), state.compare_and_set(None, "shut"), state.val()
            (True, False, 'open')
        """
        wanted, guards = canonical(as_read(expected)), self._guards(self._path)
        # A node is assembled in no order, so the text of a dict is a first guess.
        texts = [NOTHING, "null"] if expected is None else [encode(expected)]
        while True:
            done, text = yield from self._exchange(texts, new, guards)
            if done or text == NOTHING or canonical(decode(text)) != wanted:
                return bool(done)
            texts = [text]  # the same value, spelled or ordered in another way

    @operation(idempotent=False, one_step=False)
    def transform(self, function: Callable[[Json], Json]) -> Op[Json]:
        """Replace the value by ``function(value)``, with nothing in between. The time to live stays.

        Args:
            function: Takes the value (``None`` where nothing is), gives the new one. It is called again with a newer
                value when somebody changed it meanwhile, so it should do nothing else.

        Returns:
            The new value, as it will be read.

        Raises:
            WrongType: As for ``compare_and_set``; ``convert("json")`` first, or work on the typed leaf itself.
            PathError: As for ``set``.
            TypeError: As for ``set``.
            ValueError: As for ``set``.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was changed once, or not at all.

        Atomicity: optimistic: compares and sets, again until nobody came between. An error in ``function`` changes
            nothing.
        Cost: 2 round trips (3 for a node), and 1 more for each time somebody came between. O(what is read and written).

        Example:
            >>> root().get("names").transform(lambda names: sorted([*(names or []), "Ada"]))
            ['Ada']
        """
        self._not_root(self._path, "replaced")
        guards = self._guards(self._path)
        text = yield from self._text()
        while True:
            expected = NOTHING if text is None else text
            new = function(None if expected == NOTHING else decode(expected))
            done, text = yield from self._exchange([expected], new, guards)
            if done:
                return as_read(new)

    def _exchange(self, expected: list[str], new: Json, guards: tuple[Guard, ...]) -> Op[tuple[bool, str]]:
        """Set the place if its JSON text is one of ``expected``.

        Returns:
            Whether it was set, and the text that is there now (for a node that was set, not to be used).
        """
        self._not_root(self._path, "replaced")
        entry, document = self._space.entry(self._path), encode_document(new, self._path)
        args: list[Argument] = [entry.field, str(len(expected)), *expected, *document]
        script = load("redicts.tree", "compare_and_set")
        try:
            reply = yield from run_guarded(self, script, (self._path,), (entry.key,), args, guards)
        except Refused as refused:
            if refused.code != "WRONGKIND":
                raise
            raise self._typed(refused.detail.removeprefix(TYPED)) from None
        return (True, document[0]) if reply[0] else (False, reply[1])

    def _typed(self, kind: str) -> WrongType:
        place = dotted(self._path)
        return WrongType(
            f"{place!r} is a {kind}, or has one below it, which would become plain JSON; it was left alone. Work on "
            f"the {kind} itself, or convert('json') it first; set() replaces whatever is there",
            path=place,
            expected="leaf",
            found=kind,
        )
