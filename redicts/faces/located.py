"""A place that knows where it is: what ``Proxy`` has in every face. Nothing here does I/O.

May import core, tree and locks. The faces say which database it is, and how another place is made.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

import redicts.core.paths as paths
from redicts.core.paths import Name, Path, PathLike
from redicts.core.place import Guard, Place
from redicts.locks.checking import belongs
from redicts.locks.owners import current_holdings
from redicts.locks.rules import covers

__all__ = ["Located", "check_one_of"]

LocatedT = TypeVar("LocatedT", bound="Located")


class Located(Place):
    """A path in a database."""

    __slots__ = ()

    def _where(self) -> Hashable:
        """The database; equal for equal databases."""
        raise NotImplementedError

    def _at(self: LocatedT, path: Path) -> LocatedT:  # noqa: PYI019  # typing.Self came with Python 3.11
        """Make a place of a path that is known to be one, with everything else as here."""
        raise NotImplementedError

    def key(self) -> str:
        """Spell the path as dotted text: ``Proxy(p.key())`` is the same place as ``p``. No round trip."""
        return paths.dotted(self._path)

    @property
    def path(self) -> Path:
        """The components of the path."""
        return self._path

    @property
    def name(self) -> Name:
        """The last component; empty for the root."""
        return Name(self._path[-1] if self._path else "")

    @property
    def parent(self: LocatedT) -> LocatedT:  # noqa: PYI019  # as above
        """The place above this one; the root is its own parent."""
        return self._at(self._path[:-1])

    def get(self: LocatedT, key: PathLike) -> LocatedT:  # noqa: PYI019  # as above
        """Lead to a place below this one. No round trip.

        Args:
            key: Dotted text or components; ``()`` for the place itself.

        Raises:
            PathError: ``key`` is not a path.

        Example:
            >>> Proxy("a").get("b.c").key()
            'a.b.c'
        """
        return self._at(paths.join(self._path, key))

    def _guards(self, path: Path) -> tuple[Guard, ...]:
        holdings = current_holdings()
        if not holdings:
            return ()
        where = self._where()
        covering = [holding for holding in holdings if covers(holding.path, path) and holding.place == where]
        return tuple([Guard(holding.keys.at, holding.text, holding.mark_lost) for holding in covering])

    def _is_entry(self, letter: str, path: Path, member: str, score: str) -> bool:
        return belongs(letter, path, member, score)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._path == other._path and self._where() == other._where()

    def __hash__(self) -> int:
        return hash((self._path, self._where()))

    def __bool__(self) -> bool:
        """Always true: it is a place, and says nothing of what is there (``exists()`` does, and costs a trip)."""
        return True


def check_one_of(db_name: str | None, rconn: object) -> str | None:
    """Check how the database of a place is named; gives ``db_name`` back.

    Raises:
        ValueError: It is named in two ways.
    """
    if db_name is not None and rconn is not None:
        raise ValueError("give db_name (a database of the Pool) or rconn (a client), not both")
    return db_name
