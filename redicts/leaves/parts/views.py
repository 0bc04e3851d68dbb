"""``keys()``, ``values()`` and ``items()`` of a mapping that is a typed leaf: live, as those of a ``dict``.

An operator asks for all there is at one moment, and then does what it does on the views of a ``dict``: its results are
plain sets. An iteration asks for 1,000 keys at a time.

May import core and its neighbours.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any, TypeVar

from redicts.core.missing import MISSING
from redicts.leaves.elements import T
from redicts.leaves.parts.keys import K

__all__ = ["LiveItems", "LiveKeys", "LiveValues"]

E_co = TypeVar("E_co", covariant=True)


class _View:
    """What the views of a ``dict`` have besides those of mappings at large."""

    __slots__ = ()

    _mapping: Any

    @property
    def mapping(self) -> MappingProxyType[Any, Any]:
        """What it is a view of, to be read only."""
        return MappingProxyType(self._mapping)


class _SetView(_View, AbstractSet[E_co]):
    """A view with the operators of sets."""

    __slots__ = ()

    @abstractmethod
    def _now(self) -> AbstractSet[E_co]:
        """The view of a ``dict`` with all there is at this moment."""

    def __le__(self, other: object) -> bool:
        return self._now() <= _plain(other) if isinstance(other, AbstractSet) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._now() < _plain(other) if isinstance(other, AbstractSet) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._now() >= _plain(other) if isinstance(other, AbstractSet) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._now() > _plain(other) if isinstance(other, AbstractSet) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return self._now() == _plain(other) if isinstance(other, AbstractSet) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as of every view of a dict

    def __and__(self, other: Iterable[Any]) -> set[E_co]:
        return set(self._now() & _plain(other)) if isinstance(other, Iterable) else NotImplemented

    __rand__ = __and__

    def __or__(self, other: Iterable[Any]) -> set[Any]:
        return set(self._now() | _plain(other)) if isinstance(other, Iterable) else NotImplemented

    __ror__ = __or__

    def __xor__(self, other: Iterable[Any]) -> set[Any]:
        return set(self._now() ^ _plain(other)) if isinstance(other, Iterable) else NotImplemented

    __rxor__ = __xor__

    def __sub__(self, other: Iterable[Any]) -> set[E_co]:
        return set(self._now() - _plain(other)) if isinstance(other, Iterable) else NotImplemented

    def __rsub__(self, other: Iterable[Any]) -> set[Any]:
        return set(other) - self._now() if isinstance(other, Iterable) else NotImplemented

    def isdisjoint(self, other: Iterable[Any]) -> bool:
        """Tell whether it has nothing in common with something else."""
        return self._now().isdisjoint(_plain(other))


def _plain(other: Any) -> Any:
    """Give what an operand is at this moment."""
    if isinstance(other, _SetView):
        return other._now()
    return other if isinstance(other, AbstractSet) else set(other)


class LiveKeys(_SetView[K], KeysView[K]):  # type: ignore[misc]  # it takes any iterable, too
    """The keys of a mapping that is a typed leaf."""

    __slots__ = ()

    _mapping: Any

    def _now(self) -> AbstractSet[K]:
        found: Mapping[K, Any] = self._mapping.to_dict()
        return found.keys()


class LiveItems(_SetView["tuple[K, T]"], ItemsView[K, T]):  # type: ignore[misc]  # likewise
    """The keys and values of a mapping that is a typed leaf, in pairs."""

    __slots__ = ()

    _mapping: Any

    def _now(self) -> AbstractSet[tuple[K, T]]:
        found: Mapping[K, T] = self._mapping.to_dict()
        return found.items()

    def __contains__(self, item: object) -> bool:
        if not isinstance(item, tuple) or len(item) != 2:
            return False
        found = self._mapping.get(item[0], MISSING)
        return found is not MISSING and bool(found == item[1])

    def __iter__(self) -> Iterator[tuple[K, T]]:
        for page in self._mapping._pages():
            yield from page


class LiveValues(_View, ValuesView[T]):
    """The values of a mapping that is a typed leaf."""

    __slots__ = ()

    _mapping: Any

    def __contains__(self, value: object) -> bool:
        return any(value is each or value == each for each in self)

    def __iter__(self) -> Iterator[T]:
        for page in self._mapping._pages():
            for _, value in page:
                yield value
