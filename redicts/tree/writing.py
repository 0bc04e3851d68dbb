"""Operations that set and remove. Each is one script: checked, written and pruned in one atomic step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from redicts.core.codec import Json, as_read, decode, encode_document
from redicts.core.effects import Argument, Op
from redicts.core.guarded import run_guarded
from redicts.core.missing import MISSING, Missing
from redicts.core.operation import operation
from redicts.core.paths import Name, Path, PathLike, dotted, join
from redicts.core.place import Place
from redicts.core.scripts import load
from redicts.core.units import life_ms

__all__ = ["Writing"]


class Writing(Place):
    """What can be put at a place, and taken away."""

    __slots__ = ()

    @operation(idempotent=True)
    def store(self, key: PathLike, value: Json, expire: float | None = None) -> Op[None]:
        """Set the place at ``key`` below this one: what ``set`` does, without giving the object back.

        Args:
            key: Dotted text or components; ``()`` for the place itself.
            value: Anything that ``json.dumps`` takes. A non-empty dict becomes a node, level by level.
            expire: Seconds to live, above 0; ``None`` for no limit but the parent's.

        Raises:
            PathError: ``key`` or a name in ``value`` cannot be one, or it is the root itself.
            TypeError: ``json.dumps`` refuses the value, or a dict in it has a key that is not text.
            ValueError: The value holds itself, or ``expire`` is not above 0, or it is too large for one step.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step, whatever stood there before.
        Cost: 1 round trip, O(leaves written + what is replaced).

        Example:
            >>> root().store("a.b", 1)
            >>> root().val()
            {'a': {'b': 1}}
        """
        yield from self._store([(join(self._path, key), value)], "" if expire is None else str(life_ms(expire)))

    @operation(idempotent=True)
    def update(self, mapping: Mapping[str, Json] | Mapping[Name, Json] | Iterable[tuple[PathLike, Json]]) -> Op[None]:
        """Set several places below this one, each as by ``set``, in order, and all or nothing.

        Args:
            mapping: Dotted paths to values; or pairs, where a path may be a list of components.

        Raises:
            PathError: As for ``set``.
            TypeError: As for ``set``.
            ValueError: As for ``set``.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step: readers see all of it, or nothing.
        Cost: 1 round trip, O(leaves written + what is replaced). None for an empty mapping.

        Example:
            >>> root().update({"a.x": 1, "a.y": 2})
            >>> root().get("a").val() == {"x": 1, "y": 2}
            True
        """
        pairs: Iterable[tuple[PathLike, Json]] = mapping.items() if isinstance(mapping, Mapping) else mapping  # pyright: ignore[reportAssignmentType]
        writes = [(join(self._path, key), value) for key, value in pairs]
        if writes:
            yield from self._store(writes, "")

    def _store(self, writes: list[tuple[Path, Json]], ttl_ms: str) -> Op[Any]:
        args: list[Argument] = []
        keys: list[str] = []
        entry_of = self._space.entry
        for path, value in writes:
            self._not_root(path, "set")
            key, field = entry_of(path)
            keys.append(key)
            args += (field, ttl_ms, *encode_document(value, path))
        return run_guarded(self, load("redicts.tree", "set"), tuple([path for path, _ in writes]), tuple(keys), args)

    @operation(idempotent=True)
    def setdefault(self, key: PathLike, value: Json = None) -> Op[Json]:
        """Read the place at ``key``; set it first where nothing is.

        Args:
            key: Dotted text or components; ``()`` for the place itself.
            value: As for ``set``.

        Returns:
            What is there now.

        Raises:
            PathError: As for ``set``.
            TypeError: As for ``set``.
            ValueError: As for ``set``.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step: of several callers one sets, and all get the same.
        Cost: 1 round trip, O(what is read or written).

        Example:
            >>> root().setdefault("a.b", 1), root().setdefault("a.b", 2)
            (1, 1)
        """
        path = join(self._path, key)
        self._not_root(path, "set")
        entry = self._space.entry(path)
        args: list[Argument] = [entry.field, *encode_document(value, path)]
        text = yield from run_guarded(self, load("redicts.tree", "setdefault"), (path,), (entry.key,), args)
        return as_read(value) if text is None else decode(text)

    @operation(idempotent=False)
    def delete(self, key: PathLike) -> Op[bool]:
        """Remove the place at ``key`` with everything below it, and the nodes that this empties.

        Args:
            key: Dotted text or components; ``()`` for the place itself.

        Returns:
            Whether something was there.

        Raises:
            PathError: ``key`` is not a path.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(what is removed).

        Example:
            >>> _ = root().set("a.b.c", 1)
            >>> root().delete("a.b.c"), root().delete("a.b.c"), root().val()
            (True, False, {})
        """
        return (yield from self._remove(join(self._path, key)))

    @operation(idempotent=True)
    def clear(self) -> Op[None]:
        """Remove everything here and below, and the nodes that this empties.

        Raises:
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(what is removed).

        Example:
            >>> _ = root().set("a", {"b": 1, "c": 2})
            >>> root().get("a").clear()
            >>> root().get("a").exists()
            False
        """
        yield from self._remove(self._path)

    def _remove(self, path: Path) -> Op[bool]:
        if not path:
            reply = yield from run_guarded(self, load("redicts.tree", "clear"), (path,), (), [])
        else:
            entry = self._space.entry(path)
            reply = yield from run_guarded(self, load("redicts.tree", "delete"), (path,), (entry.key,), [entry.field])
        return bool(reply)

    @operation(idempotent=False)
    def pop(self, key: PathLike, default: Json | Missing = MISSING) -> Op[Json]:
        """Read the place at ``key`` with everything below it, and remove it.

        Args:
            key: Dotted text or components; ``()`` for the place itself.
            default: What to give where nothing is.

        Returns:
            What was there.

        Raises:
            KeyError: Nothing was there, and no default was given.
            PathError: ``key`` is not a path, or it is the root itself.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(what is read).

        Example:
            >>> _ = root().set("job", {"id": 7})
            >>> root().pop("job"), root().pop("job", None)
            ({'id': 7}, None)
        """
        path = join(self._path, key)
        self._not_root(path, "popped")
        entry = self._space.entry(path)
        text = yield from run_guarded(self, load("redicts.tree", "pop"), (path,), (entry.key,), [entry.field])
        if text is not None:
            return decode(text)
        if default is MISSING:
            raise KeyError(dotted(path))
        return default

    @operation(idempotent=True)
    def expire(self, seconds: float) -> Op[bool]:
        """Give the place, with everything below it and what is added later, a time to live from now.

        What lies below and would live longer is cut to it; what has a shorter life of its own keeps that.

        Args:
            seconds: Above 0. No child outlives its parent: the parent's end stays the limit.

        Returns:
            Whether something was there.

        Raises:
            TypeError: ``seconds`` is not a number.
            ValueError: ``seconds`` is not above 0.
            PathError: The root has no time to live.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(nodes below).

        Example:
            >>> _ = root().set("session", {"user": 1})
            >>> root().get("session").expire(600), root().get("session.user").time_to_live() <= 600
            (True, True)
        """
        return (yield from self._expire(str(life_ms(seconds, "seconds"))))

    @operation(idempotent=True)
    def persist(self) -> Op[bool]:
        """Take the place's own time to live away: what it lies in stays the limit.

        Returns:
            Whether something was there.

        Raises:
            PathError: The root has no time to live.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(nodes below).

        Example:
            >>> _ = root().set("token", "x", expire=60)
            >>> root().get("token").persist(), root().get("token").time_to_live()
            (True, -1)
        """
        return (yield from self._expire(""))

    def _expire(self, ttl_ms: str) -> Op[bool]:
        self._not_root(self._path, "given a time to live")
        entry = self._space.entry(self._path)
        script = load("redicts.tree", "expire")
        reply = yield from run_guarded(self, script, (self._path,), (entry.key,), [entry.field, ttl_ms])
        return bool(reply)
