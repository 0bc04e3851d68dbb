"""A place of the tree: what every operation needs to know of the object it is a method of.

May import errors and the rest of core. The faces give the two things that are left open: the key space and the guards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from redicts.core.keys import KeySpace
from redicts.core.paths import Path, dotted
from redicts.errors import PathError

__all__ = ["Guard", "Place"]


class Guard(NamedTuple):
    """The proof that a write is made under a lock.

    Attributes:
        key: The lock's key.
        member: The holder's entry in it.
        lost: To be called where a write is refused for it: that lock is lost.
    """

    key: str
    member: str
    lost: Callable[[], object]


class Place:
    """A path, in a key space. Operations on the tree are methods of its subclasses."""

    __slots__ = ("_path",)

    _path: Path

    _batched: ClassVar[bool] = False
    """Whether its operations go in one batch with others: then they read in one step what they else read in two, for
    what the others write must not come between."""

    @property
    def _space(self) -> KeySpace:
        """The keys of the database and namespace that the place is in."""
        raise NotImplementedError

    def _guards(self, path: Path) -> tuple[Guard, ...]:  # noqa: ARG002  # the faces know who holds what
        """The guards of a write to a path: the locks covering it that the caller holds."""
        return ()

    def _masters(self, masters: Sequence[object] | None) -> Any:
        """Find several databases that are asked side by side: see ``core.several``. The faces know them.

        Args:
            masters: Names of the ``Pool`` (``None`` for the one without a name) or clients; ``None``: this one alone.

        Raises:
            ConfigError: There are none, or one twice, or one that cannot be used.
        """
        raise NotImplementedError

    def _is_entry(self, letter: str, path: Path, member: str, score: str) -> bool:  # noqa: ARG002  # as above
        """Whether a member of a zset of locks was put there by redicts. The faces know how locks are entered."""
        return True

    def _not_root(self, path: Path, verb: str) -> None:
        """Refuse what the root cannot do: it is always a node, and always there.

        Raises:
            PathError: The path is the root's.
        """
        if not path:
            raise PathError(f"the root cannot be {verb}; name a place below it", path=dotted(path))
