"""Writing the leaves of a walk as one nested JSON object, piece by piece: the pure half of ``export``.

May import core. Invariant: what was written, and closed, is valid JSON at every size, and no more is kept than the
names on the way from the top to the last leaf.
"""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring_ascii

from redicts.core.paths import Path

__all__ = ["ObjectWriter"]


class ObjectWriter:
    """Writes leaves, which come depth first, as the members of nested objects.

    Args:
        write: Takes text.
        base: The path of the outermost object.
        pretty: Whether each member has a line of its own.

    Example:
        >>> pieces = []
        >>> writer = ObjectWriter(pieces.append, ("a",), pretty=False)
        >>> writer.leaf(("a", "b", "x"), "1")
        >>> writer.leaf(("a", "b", "y"), "[]")
        >>> writer.leaf(("a", "c"), "null")
        >>> writer.end()
        >>> print(*pieces, sep="", end="")
        {"b":{"x":1,"y":[]},"c":null}
    """

    def __init__(self, write: Callable[[str], object], base: Path, pretty: bool) -> None:
        self._write = write
        self._depth = len(base)
        self._pretty = pretty
        self._open: list[str] = []
        self._before = "{"  # what stands before the next member

    def leaf(self, path: Path, text: str) -> None:
        """Write a leaf.

        Args:
            path: Its whole path; ``base`` is a proper beginning of it.
            text: Its JSON text.
        """
        names = path[self._depth : -1]
        same = 0
        for name, opened in zip(names, self._open, strict=False):
            if name != opened:
                break
            same += 1
        self._close(len(self._open) - same)
        for name in names[same:]:
            self._member(name)
            self._open.append(name)
            self._before = "{"
        self._member(path[-1])
        _ = self._write(text)

    def end(self) -> None:
        """Close every object, and the outermost. A newline follows, as in every text file."""
        if self._before == "{":
            _ = self._write("{}\n")
            return
        self._close(len(self._open))
        _ = self._write(("\n" if self._pretty else "") + "}\n")

    def _member(self, name: str) -> None:
        line = "\n" + "  " * (len(self._open) + 1) if self._pretty else ""
        _ = self._write(f"{self._before}{line}{encode_basestring_ascii(name)}:{' ' if self._pretty else ''}")
        self._before = ","

    def _close(self, count: int) -> None:
        for _ in range(count):
            del self._open[-1]
            line = "\n" + "  " * (len(self._open) + 1) if self._pretty else ""
            _ = self._write(line + "}")
        if count:
            self._before = ","
