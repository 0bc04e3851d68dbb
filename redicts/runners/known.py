"""Which scripts the server at the other end of a connection is known to have.

May import the standard library only. Invariant: what is known is forgotten as soon as the connection is made anew: the
server may be another one then, or the same, begun again.
"""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

__all__ = ["Known", "known_of"]


class Known:
    """The scripts that were run over one connection since it was made.

    Attributes:
        shas: Their SHA-1.
    """

    __slots__ = ("__weakref__", "shas")

    def __init__(self) -> None:
        self.shas: set[str] = set()

    def forget(self, connection: Any = None) -> None:  # noqa: ARG002  # as redis-py calls it
        """Forget all of them."""
        self.shas.clear()


_known: Final[WeakKeyDictionary[Any, Known]] = WeakKeyDictionary()


def known_of(connection: Any) -> Known:
    """Return what is known of a connection of redis-py, of either kind."""
    known = _known.get(connection)
    if known is None:
        known = _known[connection] = Known()
        connection.register_connect_callback(known.forget)  # which it keeps weakly
    return known
