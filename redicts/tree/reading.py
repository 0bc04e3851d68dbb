"""Operations that read: none changes anything, so each is sent again after a lost connection."""

from __future__ import annotations

from redicts.core.codec import MARKERS, NODE, TYPED, Json, decode
from redicts.core.effects import Call, Eval, Op
from redicts.core.keys import decode_component
from redicts.core.operation import operation
from redicts.core.paths import Name
from redicts.core.place import Place
from redicts.core.scripts import load
from redicts.core.units import to_seconds

__all__ = ["Reading"]

_VAL = load("redicts.tree", "val")
_KIND = load("redicts.tree", "kind")
_CHILDREN = load("redicts.tree", "children")
_TIME_TO_LIVE = load("redicts.tree", "time_to_live")


class Reading(Place):
    """What can be asked of a place."""

    __slots__ = ()

    @operation(idempotent=True)
    def val(self, default: Json = None) -> Op[Json]:
        """Read the value here, with everything below it.

        Args:
            default: What to give where nothing is.

        Returns:
            A JSON value; a dict for a node, its keys in no order. The root of an empty tree is ``{}``.

        Raises:
            InternalError: Something else wrote to the keys of redicts.

        Atomicity: one step, however much is below: two writes are never mixed.
        Cost: 1 round trip for a leaf, 2 for a node, O(what is read).

        Example:
            >>> _ = root().set("user", {"name": "Ada", "langs": ["en", "fr"]})
            >>> root().get("user.name").val()
            'Ada'
            >>> root().get("user.email").val("none")
            'none'
        """
        text = yield from self._text()
        return default if text is None else decode(text)

    def _text(self) -> Op[str | None]:
        """Read the JSON text of the place; ``None`` where nothing is."""
        text: str | None
        if not self._path:
            (text,) = yield (Eval(_VAL, (self._space.sections,), ()),)
            return text
        key, field = self._space.entry(self._path)
        if self._batched:
            (text,) = yield (Eval(_VAL, (key,), (field,)),)
            return text
        # A leaf is the common case, and one HGET the cheapest way to it. Only a marker, or the lack of a section's own
        # field, says that there is more to read.
        (text,) = yield (Call(("HGET", key, field)),)
        if text.startswith(MARKERS) if text is not None else not field:
            (text,) = yield (Eval(_VAL, (key,), (field,)),)
        return text

    @operation(idempotent=True)
    def kind(self) -> Op[str | None]:
        """Tell what stands here.

        Returns:
            ``"node"``, ``"leaf"``, the name of a typed leaf as ``"list"``, or ``None`` where nothing is.

        Atomicity: one step.
        Cost: 1 round trip, O(1); O(children) for a node most of whose children have expired.

        Example:
            >>> _ = root().set("a", {"b": 1})
            >>> root().get("a").kind(), root().get("a.b").kind(), root().get("c").kind()
            ('node', 'leaf', None)
        """
        return (yield from self._kind())

    @operation(idempotent=True)
    def exists(self) -> Op[bool]:
        """Tell whether anything is here; a stored ``None`` is.

        Returns:
            ``True`` for a leaf and for a node. The root is always there.

        Atomicity: one step.
        Cost: as for ``kind``.

        Example:
            >>> _ = root().set("a", None)
            >>> root().get("a").exists(), root().get("b").exists()
            (True, False)
        """
        return (yield from self._kind()) is not None

    def _kind(self) -> Op[str | None]:
        if not self._path:
            return "node"
        (marker,) = yield (Eval(_KIND, (self._space.entry(self._path).key,), (self._space.entry(self._path).field,)),)
        if marker is None:
            return None
        if marker == NODE:
            return "node"
        return str(marker).removeprefix(TYPED) if marker.startswith(TYPED) else "leaf"

    @operation(idempotent=True)
    def children(self) -> Op[list[Name]]:
        """List the names of the children here.

        Returns:
            Names, in no order; none for a leaf and where nothing is. A ``Name`` is text that ``get`` takes as the one
            component it is, dots and all.

        Atomicity: one step.
        Cost: 1 round trip, O(children). For a node of very many, ``iter_children`` goes in steps. (``list(p)`` costs 2:
            Python asks for the length first.)

        Example:
            >>> _ = root().set("hosts", {"example.org": 1, "localhost": 2})
            >>> sorted(root().get("hosts").children())
            ['example.org', 'localhost']
        """
        (fields,) = yield (self._children("names"),)
        return [Name(decode_component(field)) for field in fields]

    @operation(idempotent=True)
    def count_children(self) -> Op[int]:
        """Count the children here.

        Returns:
            Their number; 0 for a leaf and where nothing is.

        Atomicity: one step.
        Cost: 1 round trip, O(children).

        Example:
            >>> _ = root().set("a", {"x": 1, "y": 2})
            >>> root().get("a").count_children()
            2
        """
        (count,) = yield (self._children("count"),)
        return int(count)

    def _children(self, what: str) -> Eval:
        if not self._path:
            return Eval(_CHILDREN, (self._space.sections,), ("root", what))
        return Eval(_CHILDREN, (self._space.node(self._path),), ("node", what))

    @operation(idempotent=True)
    def time_to_live(self) -> Op[float]:
        """Tell how long the place has to live.

        Returns:
            Seconds; -1 where it does not expire, -2 where nothing is. What lies in a node that expires lives no longer
            than the node.

        Atomicity: one step.
        Cost: 1 round trip, O(1).

        Example:
            >>> _ = root().set("token", "x", expire=60)
            >>> 0 < root().get("token").time_to_live() <= 60
            True
        """
        if not self._path:
            return -1
        key, field = self._space.entry(self._path)
        (ms,) = yield (Eval(_TIME_TO_LIVE, (key,), (field,)),)
        return int(ms) if ms < 0 else to_seconds(ms)
