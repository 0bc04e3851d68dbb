"""Mappings: what dicts and counters have in common, on a hash of key texts to the JSON texts of the values.

May import core and its neighbours. ``maps`` has the faces.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from redicts.core.effects import Op, Refused
from redicts.core.missing import MISSING, Missing
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.leaves.elements import Of, T
from redicts.leaves.leaf import ADDS, TAKES, Leaf
from redicts.leaves.parts.keys import PAGE, K, Keys, Scan

__all__ = ["MappingOperations"]

D = TypeVar("D")

AT_ONCE = 5000
"""For how many keys one script asks: one command takes no more."""


class MappingOperations(Leaf[T], Generic[K, T]):
    """Operations on values by their keys.

    Args:
        place: The place, of any face.
        of: The type of the values, as for every typed leaf.
        keys: The type of the keys, likewise.

    Raises:
        PathError: The place is the root.
        ImportError: A type was given, and pydantic is not installed.
    """

    __slots__ = ("_keys",)

    LENGTH = "HLEN"

    def __init__(self, place: Place, of: Of[T] = None, keys: Of[K] = None) -> None:
        super().__init__(place, of)
        self._keys: Keys[K] = Keys(keys)

    @operation(idempotent=True)
    def contains(self, key: object) -> Op[bool]:
        """Tell whether a key is there.

        Args:
            key: Compared as JSON: 1, 1.0, True and "1" are four keys here.

        Raises:
            TypeError: It is not hashable.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        name = self._keys.find(key, self.key)
        return name is not None and bool((yield from self._read("HEXISTS", name)))

    @operation(idempotent=True)
    def get(self, key: K, default: Any = None) -> Op[Any]:
        """Read the value of a key.

        Args:
            key: Compared as JSON: 1, 1.0, True and "1" are four keys here.
            default: What to give where it is not there.

        Raises:
            TypeError: The key is not hashable.
            WrongType: The place holds something else.
            InvalidElement: The value is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(1).

        Example:
            >>> ages = root().get("ages").as_dict()
            >>> ages.update(ann=31)
            >>> ages.get("ann"), ages.get("bob"), ages.get("bob", 0)
            (31, None, 0)
        """
        name = self._keys.find(key, self.key)
        text = None if name is None else (yield from self._read("HGET", name))
        return default if text is None else self._decode(text)

    @operation(idempotent=True)
    def lookup(self, key: K) -> Op[T]:
        """Read the value of a key that must be there: ``[key]``.

        Args:
            key: Compared as JSON: 1, 1.0, True and "1" are four keys here.

        Raises:
            KeyError: It is not there.
            TypeError: The key is not hashable.
            WrongType: The place holds something else.
            InvalidElement: The value is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        name = self._keys.find(key, self.key)
        text = None if name is None else (yield from self._read("HGET", name))
        return self._missing(key) if text is None else self._decode(text)

    def _missing(self, key: K) -> T:
        raise KeyError(key)

    @operation(idempotent=False)
    def delete_many(self, keys: Iterable[K]) -> Op[int]:
        """Take several keys out. One that is not there is no error.

        Args:
            keys: In any number.

        Returns:
            How many were there.

        Raises:
            TypeError: A key is not hashable.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: they were taken out, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(keys); none where there are none.
        """
        names = [name for key in keys if (name := self._keys.find(key, self.key)) is not None]
        return int((yield from self._write(TAKES, "HDEL", *names))) if names else 0

    @operation(idempotent=False)
    def setdefault(self, key: K, default: Any = None) -> Op[T]:
        """Read the value of a key; where it is not there, set it first.

        Args:
            key: Compared as JSON: 1, 1.0, True and "1" are four keys here.
            default: The value to set.

        Returns:
            What is stored then: the same for all callers.

        Raises:
            TypeError: The key, or the default, cannot be stored.
            WrongType: The place holds something else.
            InvalidElement: The default, or what is stored, is not of the type asked for.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was set, or not.

        Atomicity: one step: of several callers one sets it, and all get the same.
        Cost: 1 round trip, O(1).

        Example:
            >>> ages = root().get("ages").as_dict()
            >>> ages.setdefault("ann", 31), ages.setdefault("ann", 0)
            (31, 31)
        """
        name, text = self._keys.spell(key, self.key), self._encode(default)
        return self._decode((yield from self._run_writing("mapping_default", name, text)))

    @operation(idempotent=False)
    def pop(self, key: K, default: Any = MISSING) -> Op[Any]:
        """Take a key out, and give its value.

        Args:
            key: Compared as JSON: 1, 1.0, True and "1" are four keys here.
            default: What to give where it is not there.

        Raises:
            KeyError: It is not there, and no default was given.
            TypeError: The key is not hashable.
            WrongType: The place holds something else.
            InvalidElement: The value is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken, or not.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(1). With ``of``, 2: it is looked at before it is taken; and 1 more for each time somebody
            came between.

        Example:
            >>> ages = root().get("ages").as_dict()
            >>> ages["ann"] = 31
            >>> ages.pop("ann"), ages.pop("ann", None)
            (31, None)
        """
        name, guards = self._keys.find(key, self.key), self._guards()
        text: str | None = ""
        if name is not None and self._elements.checked:
            text = yield from self._read("HGET", name)
        while name is not None and text is not None:
            value: T | Missing = MISSING if text == "" else self._decode(text)
            taken, *found = yield from self._run_writing("mapping_take", name, text, guards=guards)
            if taken:
                return self._decode(found[1]) if value is MISSING else value
            text = found[1] if found else None
        if default is MISSING:
            raise KeyError(key)
        return default

    @operation(idempotent=False)
    def popitem(self) -> Op[tuple[K, T]]:
        """Take any one key out, and give it with its value. A hash has no order: it is not the last one.

        Raises:
            KeyError: There is none.
            WrongType: The place holds something else.
            InvalidElement: The key, or the value, is not of the type asked for; it stays where it is.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: one was taken, or none.

        Atomicity: one step: of several callers one gets it.
        Cost: 1 round trip, O(1). With types, 2: it is looked at before it is taken; and 2 more for each time somebody
            came between.
        """
        guards, place = self._guards(), self.key
        if not self._elements.checked and not self._keys.checked:
            _, *found = yield from self._run_writing("mapping_take", "", "", guards=guards)
            if found:
                return self._keys.read(found[0], place), self._decode(found[1])
        else:
            while looked := (yield from self._read("HRANDFIELD", "1", "WITHVALUES")):
                item = self._keys.read(looked[0], place), self._decode(looked[1])
                taken, *_ = yield from self._run_writing("mapping_take", *looked, guards=guards)
                if taken:
                    return item
        raise KeyError("popitem(): dictionary is empty")

    @operation(idempotent=True)
    def to_items(self) -> Op[list[tuple[K, T]]]:
        """Read all keys and values at one moment, in pairs.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        return (yield from self._all())

    @operation(idempotent=True)
    def to_dict(self) -> Op[dict[K, T]]:
        """Read all keys and values at one moment.

        Returns:
            A plain ``dict``. It takes 1, 1.0 and True for one key: where more than one of them is here, it has one, and
            ``to_items()`` has all.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: one step.
        Cost: 1 round trip, O(length).
        """
        return dict((yield from self._all()))

    def _all(self) -> Op[list[tuple[K, T]]]:
        flat = yield from self._read("HGETALL")
        return self._pairs(flat[::2], flat[1::2])

    def _pairs(self, names: list[str], texts: list[str]) -> list[tuple[K, T]]:
        return list(zip(self._keys.read_all(names, self.key), self._decode_all(texts), strict=True))

    @operation(idempotent=True)
    def scan_keys(self, scan: Scan) -> Op[list[K]]:
        """Go on with an iteration over the keys: until the ``cursor`` of the scan is ``None``.

        Args:
            scan: How far it is: ``Scan()`` at its beginning.

        Returns:
            Some keys; perhaps none.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: each page is one step. A key that is there all the while is given once; one that comes or goes
            meanwhile, once or not at all.
        Cost: 1 round trip, O(1,000).
        """
        names, _ = yield from self._scanned(scan)
        return self._keys.read_all(names, self.key)

    @operation(idempotent=True)
    def scan_items(self, scan: Scan) -> Op[list[tuple[K, T]]]:
        """Go on with an iteration over keys and values: as ``scan_keys``.

        Args:
            scan: How far it is: ``Scan()`` at its beginning.

        Returns:
            Some of them, in pairs; perhaps none.

        Raises:
            WrongType: The place holds something else.
            InvalidElement: One is not of the type asked for.

        Atomicity: each page is one step, as for ``scan_keys``.
        Cost: 1 round trip, O(1,000).
        """
        names, texts = yield from self._scanned(scan)
        return self._pairs(names, texts)

    def _scanned(self, scan: Scan) -> Op[tuple[list[str], list[str]]]:
        return scan.feed((yield from self._read("HSCAN", scan.cursor or "0", "COUNT", str(PAGE))))

    # ---- for subclasses

    def _get_many(self, keys: Iterable[K], default: D) -> Op[list[T | D]]:
        names = [self._keys.find(key, self.key) for key in keys]
        asked = [name for name in names if name is not None]
        effects = tuple([self._reading("HMGET", *asked[at : at + AT_ONCE]) for at in range(0, len(asked), AT_ONCE)])
        if not effects:
            return [default] * len(names)
        try:
            replies = yield effects
        except Refused as refused:
            raise self._refusal(refused) from None
        texts = [text for reply in replies for text in reply]
        values = iter(self._decode_all([text for text in texts if text is not None]))
        there = iter([text is not None for text in texts])
        return [default if name is None or not next(there) else next(values) for name in names]

    def _set(self, name: str, text: str) -> Op[None]:
        yield from self._write(ADDS, "HSET", name, text)

    def _spelled(self, pairs: Iterable[tuple[Any, Any]]) -> list[str]:
        """Spell keys and values in turn, as HSET has them."""
        place, spell, encode = self.key, self._keys.spell, self._elements.encode
        found: list[str] = []
        for key, value in pairs:
            found += (spell(key, place), encode(value, place))
        return found
