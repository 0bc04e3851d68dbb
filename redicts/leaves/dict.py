"""``dict``, as a typed leaf: values by their keys, which may end one by one.

May import core and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.operation import operation
from redicts.core.units import life_ms, to_seconds
from redicts.errors import ConfigError
from redicts.leaves.elements import T
from redicts.leaves.leaf import ADDS, TAKES
from redicts.leaves.parts.keys import K
from redicts.leaves.parts.mapping import MappingOperations
from redicts.leaves.parts.maps import AsyncMapping, QueuedMapping, SyncMapping
from redicts.leaves.parts.pairs import items_of, pairs_of

__all__ = ["AsyncDict", "Dict", "DictOperations", "QueuedDict"]

_UNKNOWN: Final = -3


class DictOperations(MappingOperations[K, T]):
    """What a dict can do, besides what counters can."""

    __slots__ = ()

    KIND = KINDS["dict"]

    @operation(idempotent=True)
    def set(self, key: K, value: T, expire: float | None = None) -> Op[None]:
        """Set the value of a key: ``[key] = value``. It has a new life: no end, unless asked for.

        Args:
            key: A ``str``, ``int``, ``float``, ``bool``, ``None``, or a tuple of these; with ``keys=`` of that type.
            value: A JSON value; with ``of=`` one of that type.
            expire: After how many seconds the key ends; ``None`` for no end.

        Raises:
            TypeError: The key, the value, or ``expire`` cannot be one.
            ValueError: ``expire`` is not above 0.
            ConfigError: Times to live of single keys need Redis 7.4 or Valkey 9.0; nothing was written.
            WrongType: The place holds something else.
            InvalidElement: The key, or the value, is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        name, text = self._keys.spell(key, self.key), self._encode(value)
        if expire is None:
            yield from self._write(ADDS, "HSET", name, text)
        else:
            _ = yield from self._live(name, str(life_ms(expire)), text)

    @operation(idempotent=False)
    def delete(self, key: K) -> Op[None]:
        """Take a key out: ``del [key]``.

        Args:
            key: Compared as JSON: 1, 1.0, True and "1" are four keys here.

        Raises:
            KeyError: It is not there.
            TypeError: The key is not hashable.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was taken out, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        name = self._keys.find(key, self.key)
        if name is None or not (yield from self._write(TAKES, "HDEL", name)):
            raise KeyError(key)

    @operation(idempotent=True)
    def update(self, other: Mapping[K, T] | _HasKeys[K, T] | Iterable[tuple[K, T]] = (), /, **more: T) -> Op[None]:
        """Set several keys.

        Args:
            other: A mapping, or an iterable of pairs, as ``dict.update`` takes it. It is read first.
            **more: More keys.

        Raises:
            TypeError: It is neither of these, or a key or a value cannot be one.
            ValueError: One is no pair; or there is more than one command can carry: half a million keys.
            WrongType: The place holds something else.
            InvalidElement: A key, or a value, is not of the type asked for.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step: all of them or none.
        Cost: 1 round trip, O(keys); none where there are none.

        Example:
            >>> ages = root().get("ages").as_dict()
            >>> ages.update({"ann": 31, 7: None}, bob=27)
            >>> len(ages), ages[7], ages.get("7")
            (3, None, None)
        """
        args = self._spelled(pairs_of(other)) + self._spelled(more.items())
        if args:
            yield from self._write(ADDS, "HSET", *args)

    @operation(idempotent=True)
    def get_many(self, keys: Iterable[K], default: T | None = None) -> Op[list[T | None]]:
        """Read the values of several keys.

        Args:
            keys: In any number.
            default: What to give for one that is not there.

        Returns:
            The values in the order of the keys.

        Raises:
            TypeError: A key is not hashable.
            WrongType: The place holds something else.
            InvalidElement: A value is not of the type asked for.

        Atomicity: one step for 5,000 keys each.
        Cost: 1 round trip, O(keys); none where there are none.

        Example:
            >>> ages = root().get("ages").as_dict()
            >>> ages.update(ann=31, bob=27)
            >>> ages.get_many(["bob", "eve", "ann"])
            [27, None, 31]
        """
        return (yield from self._get_many(keys, default))

    @operation(idempotent=True)
    def expire_key(self, key: K, seconds: float) -> Op[bool]:
        """Give a key a time to live from now. Setting the key anew takes it away.

        Args:
            key: Of which.
            seconds: Above 0. The dict's own end stays the limit.

        Returns:
            Whether the key is there.

        Raises:
            TypeError: The key is not hashable, or ``seconds`` is no number.
            ValueError: ``seconds`` is not above 0.
            ConfigError: This needs Redis 7.4 or Valkey 9.0; nothing was written.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        life, name = str(life_ms(seconds, "seconds")), self._keys.find(key, self.key)
        return name is not None and (yield from self._live(name, life, "")) == 1

    @operation(idempotent=False)
    def persist_key(self, key: K) -> Op[bool]:
        """Take the time to live of a key away.

        Args:
            key: Of which.

        Returns:
            Whether it had one.

        Raises:
            TypeError: The key is not hashable.
            ConfigError: This needs Redis 7.4 or Valkey 9.0; nothing was written.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        name = self._keys.find(key, self.key)
        return name is not None and (yield from self._live(name, "", "")) == 1

    @operation(idempotent=True)
    def key_time_to_live(self, key: K) -> Op[float]:
        """Tell how long a key has to live.

        Args:
            key: Of which.

        Returns:
            Seconds; -1: it has no end of its own; -2: it is not there.

        Raises:
            TypeError: The key is not hashable.
            ConfigError: This needs Redis 7.4 or Valkey 9.0.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        name = self._keys.find(key, self.key)
        life = -2 if name is None else (yield from self._run_reading("dict_life", name))
        return to_seconds(self._known(life)) if life > 0 else float(self._known(life))

    def _live(self, name: str, life: str, text: str) -> Op[int]:
        return self._known((yield from self._run_writing("dict_expire", name, life, text)))

    def _known(self, reply: int) -> int:
        if reply == _UNKNOWN:
            raise ConfigError(
                f"this server has no times to live for single keys, as of the dict at {self.key()!r}: that needs Redis "
                "7.4 or Valkey 9.0; nothing was written. Give the whole dict one (expire()), or make each key a place "
                "of its own: set(name, value, expire=seconds)",
                path=self.key(),
            )
        return reply


class _HasKeys(Protocol[K, T]):  # type: ignore[misc]  # variance does not matter to who only reads
    """What ``dict.update`` takes for a mapping."""

    def keys(self) -> Iterable[K]: ...
    def __getitem__(self, key: K, /) -> T: ...


class Dict(DictOperations[K, T], SyncMapping[K, T]):
    """A dict that processes share, as ``as_dict()`` opens it: a ``MutableMapping``.

    Keys are JSON scalars (``str``, ``int``, ``float``, ``bool``, ``None``) and tuples of them, or of the type asked
    for. They are compared as JSON: 1, 1.0, True and "1" are four keys, and NaN is one. The order is not kept. What an
    operator gives (``|``, one on views) is a plain ``dict`` or ``set``. An iteration asks for 1,000 keys at a time, and
    gives each once, while others may write; ``to_dict()`` reads all at one moment. A key that has just ended is not
    read any more, but may be counted by ``len()`` for a moment. ``ages["ann"] += 1`` reads, and then sets: who counts
    with others needs a ``Counter``, or a lock.

    Example:
        >>> ages = root().get("ages").as_dict()
        >>> ages |= {"ann": 31, "bob": 27, 1: "one", "1": "text"}
        >>> ages["ann"] = 32
        >>> ages["ann"], ages.pop(1), "1" in ages, ages.keys() & {"bob", "eve"}
        (32, 'one', True, {'bob'})
        >>> root().val() == {"ages": {"ann": 32, "bob": 27, "1": "text"}}
        True
    """

    __slots__ = ()

    __hash__ = None  # as of every dict

    def __setitem__(self, key: K, value: T) -> None:
        self.set(key, value)

    def __delitem__(self, key: K) -> None:
        self.delete(key)

    def copy(self) -> dict[K, T]:
        """Read all keys and values at one moment: as ``to_dict()``."""
        return self.to_dict()

    def __or__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return {**self.to_dict(), **dict(items_of(other))} if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:
        return {**dict(items_of(other)), **self.to_dict()} if isinstance(other, Mapping) else NotImplemented

    def __ior__(self, other: Any) -> Dict[K, T]:  # type: ignore[misc]  # it takes pairs, too, as that of a dict
        self.update(other)
        return self

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == dict(items_of(other)) if isinstance(other, Mapping) else NotImplemented


class AsyncDict(DictOperations[K, T], AsyncMapping[K, T]):
    """A dict that processes share, for asyncio: ``async for`` goes over its keys, and every operation is awaited.

    Example:
        >>> ages = aio.root().get("ages").as_dict()
        >>> await ages.update(ann=31)
        >>> [item async for item in ages.items()], await ages.get("bob", 0)
        ([('ann', 31)], 0)
    """

    __slots__ = ()


class QueuedDict(DictOperations[K, T], QueuedMapping[K, T]):
    """A dict that processes share, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     ages = pipe.proxy("ages").as_dict()
        ...     _ = ages.set("ann", 31)
        ...     age = ages.lookup("ann")
        >>> age.result
        31
    """

    __slots__ = ()
