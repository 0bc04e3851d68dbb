"""A typed leaf: what all of them have in common, and the bases of their three faces.

May import core, errors and elements. A handle keeps the place that it was opened at, whatever face that is of, and runs
its operations as that does: under its guards, on its database. Nothing is asked of the server when it is made.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, ClassVar, Final, Generic, TypeVar

from redicts.core.deferred import Deferred
from redicts.core.effects import Argument, Eval, Op, Refused
from redicts.core.guarded import UNGUARDED, guards_of, run_guarded
from redicts.core.kinds import Kind
from redicts.core.operation import Async, Queued, Sync, operation
from redicts.core.paths import dotted
from redicts.core.place import Guard, Place
from redicts.core.scripts import Script, load
from redicts.errors import WrongType
from redicts.leaves.elements import Elements, Of, T, elements_of

__all__ = ["ADDS", "KEEPS", "PACKAGE", "TAKES", "AsyncLeaf", "Leaf", "QueuedLeaf", "SyncLeaf"]

R = TypeVar("R")

PACKAGE = "redicts.leaves.scripts"

ADDS: Final = "+"
TAKES: Final = "-"
KEEPS: Final = "="
"""What a command does: adds elements; may take the last one away; neither. See ``write.lua``."""

FEW: Final = 1000
"""How many arguments a command has at most for the short way to be worth while."""

_READ = load(PACKAGE, "read")
_WRITE = load(PACKAGE, "write")


class Leaf(Generic[T]):
    """A place that is opened as a typed leaf. Subclasses say of what kind, and add their operations.

    Args:
        place: The place, of any face.
        of: The type of the elements: whatever pydantic's ``TypeAdapter`` takes; ``None`` for any JSON value.

    Raises:
        PathError: The place is the root.
        ImportError: ``of`` was given, and pydantic is not installed.
    """

    __slots__ = ("_elements", "_place")

    KIND: ClassVar[Kind]
    LENGTH: ClassVar[str] = ""
    """The command that counts the elements."""

    WAITED: ClassVar[bool] = False
    """Whether elements, or room, of it may be waited for."""

    _marker: ClassVar[str]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if hasattr(cls, "KIND"):
            cls._marker = cls.KIND.marker

    def __init__(self, place: Place, of: Of[T] = None) -> None:
        place._not_root(place._path, f"opened as {_named(self.KIND.name)}")
        self._place = place
        self._elements: Elements[T] = elements_of(of)

    def key(self) -> str:
        """Spell the path as dotted text. No round trip."""
        return dotted(self._place._path)

    # ---- for the operations of subclasses

    def _encode(self, value: T) -> str:
        return self._elements.encode(value, self.key)

    def _decode(self, text: str) -> T:
        return self._elements.decode(text, self.key)

    def _decode_all(self, texts: list[str]) -> list[T]:
        return self._elements.decode_all(texts, self.key)

    def _reading(self, *command: Argument) -> Eval:
        """Make the effect of a reading command on the body, given without the key; ``_check`` belongs around it."""
        keys = self._place._space.leaf(self._place._path)
        return Eval(_READ, (keys.entry, keys.body), (keys.field, self._marker, *command))

    def _read(self, *command: Argument) -> Op[Any]:
        """Run a reading command on the body, given without the key: one round trip."""
        try:
            (reply,) = yield (self._reading(*command),)
        except Refused as refused:
            raise self._refusal(refused) from None
        return reply

    def _run_reading(self, script: str, *args: Argument) -> Op[Any]:
        """Run a reading script of a kind of leaf; it gets field and marker, then its own arguments."""
        keys = self._place._space.leaf(self._place._path)
        try:
            (reply,) = yield (Eval(load(PACKAGE, script), (keys.entry, keys.body), (keys.field, self._marker, *args)),)
        except Refused as refused:
            raise self._refusal(refused) from None
        return reply

    def _write(self, change: str, *command: Argument, guards: tuple[Guard, ...] | None = None) -> Op[Any]:
        """Run a writing command on the body, given without the key: one round trip.

        Args:
            change: ``ADDS``, ``TAKES`` or ``KEEPS``.
            *command: Its name, and what follows the key.
            guards: As for ``run_guarded``.
        """
        self._begin_write()
        return self._guarded(_WRITE, (change, *command), guards)

    def _run_writing(self, script: str, *args: Argument, guards: tuple[Guard, ...] | None = None) -> Op[Any]:
        """Run a writing script of a kind of leaf, one that needs the prelude's ``leaf``."""
        self._begin_write()
        return self._guarded(load(PACKAGE, script), args, guards)

    def _begin_write(self) -> None:
        """Note that something is about to be written: for the kinds that must know."""

    def _guarded(self, script: Script, args: tuple[Argument, ...], guards: tuple[Guard, ...] | None) -> Op[Any]:
        place = self._place
        space, guards = place._space, place._guards(place._path) if guards is None else guards
        keys = space.leaf(place._path)
        own = keys.waited if self.WAITED else keys.plain
        try:
            if guards or space.spread or len(args) > FEW:
                own_args = [keys.field, self._marker, *args]
                return (yield from run_guarded(place, script, (place._path,), own[1:], own_args, guards))
            # As it is nearly always: what follows is what run_guarded would do.
            (reply,) = yield (Eval(script, own, (*UNGUARDED, keys.field, self._marker, *args)),)
        except Refused as refused:
            raise self._refusal(refused) from None
        return reply

    def _guards(self) -> tuple[Guard, ...]:
        """Ask for the guards of a write, at the beginning of an operation that writes in a later step."""
        return guards_of(self._place, (self._place._path,))

    def _refusal(self, refused: Refused) -> Exception:
        """Say what a script refused."""
        if refused.code != "WRONGKIND":
            return refused
        place, expected = self.key(), self.KIND.name
        found = {"/": "node", "~": "leaf"}.get(refused.detail[:1], refused.detail.removeprefix("@"))
        convert = f", make it one with convert({expected!r})," if self.KIND.is_container else ""
        return WrongType(
            f"{place!r} holds {_named(found)}, not {_named(expected)}; it was left alone. Read it with val(){convert} "
            "or delete() it first",
            path=place,
            expected=expected,
            found=found,
        )

    # ---- what every kind can do

    @operation(idempotent=True)
    def clear(self) -> Op[None]:
        """Take everything out. The place is empty then: nothing is there, and its time to live is gone.

        Raises:
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        yield from self._run_writing("clear")

    @operation(idempotent=True)
    def length(self) -> Op[int]:
        """Count the elements.

        Returns:
            Their number; 0 where nothing is.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        return int((yield from self._read(self.LENGTH)))


def _named(kind: str) -> str:
    """Name a kind in a sentence."""
    return {"node": "a node", "leaf": "a JSON value", "ids": "IDs"}.get(kind, f"a {kind}")


class SyncLeaf(Sync):
    """Base of the synchronous face of a typed leaf."""

    __slots__ = ()

    _place: Place

    def _run(self, op: Op[R], idempotent: bool) -> R:
        place: Any = self._place
        result: R = place._run(op, idempotent)
        return result

    def __bool__(self) -> bool:
        return len(self) > 0  # type: ignore[arg-type]  # every face of a container has a length

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dotted(self._place._path)!r})"


class AsyncLeaf(Async):
    """Base of the face of a typed leaf for asyncio."""

    __slots__ = ()

    _place: Place

    def _await(self, op: Op[R], idempotent: bool) -> Coroutine[object, None, R]:
        place: Any = self._place
        coroutine: Coroutine[object, None, R] = place._await(op, idempotent)
        return coroutine

    def __repr__(self) -> str:
        return f"aio.{type(self).__name__.removeprefix('Async')}({dotted(self._place._path)!r})"


class QueuedLeaf(Queued):
    """Base of the queued face of a typed leaf."""

    __slots__ = ()

    _place: Place

    def _queue(self, op: Op[R], idempotent: bool, one_step: bool) -> Deferred[R]:
        place: Any = self._place
        deferred: Deferred[R] = place._queue(op, idempotent, one_step)
        return deferred

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dotted(self._place._path)!r})"
