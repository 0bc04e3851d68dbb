r"""Paths: dotted text <-> components. The only place that knows the rules of a path.

A path is a tuple of components; the empty tuple is the root. Dotted text splits on ``.``; inside a component a dot is
written ``\.`` and a backslash ``\\``. May import nothing of redicts but the errors.

Invariant: ``parse(dotted(path)) == path`` for every valid path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

from redicts.errors import PathError

__all__ = ["MAX_COMPONENTS", "MAX_COMPONENT_LENGTH", "Name", "Path", "PathLike", "dotted", "join", "parse"]

MAX_COMPONENTS = 128
"""How many components a path may have: it bounds the recursion of every walk."""

MAX_COMPONENT_LENGTH = 1024
"""How many characters a component may have."""

Path: TypeAlias = tuple[str, ...]

PathLike: TypeAlias = str | Iterable[str]
"""What the public interface takes for a path: dotted text, or the components themselves, dots and all."""


class Name(str):
    """The name of a child, as ``children()`` gives it: text that is one component, dots and all.

    It equals the plain text, and leads to the child when it is used as a path (plain text would be split at its dots).
    """

    __slots__ = ()


_ESCAPE_OR_DOT = re.compile(r"\\(.?)|\.", re.DOTALL)


def parse(path: PathLike) -> Path:
    r"""Turn what a user wrote into a path.

    Args:
        path: Dotted text, a ``Name``, or an iterable of components, which is taken as it is.

    Returns:
        The components. Empty text and an empty iterable are the root, ``()``.

    Raises:
        PathError: An empty or overlong component, one that is not text or that UTF-8 cannot carry, a backslash that
            escapes nothing, or more than 128 components.

    Example:
        >>> parse(r"hosts.example\.org.port")
        ('hosts', 'example.org', 'port')
        >>> parse(["hosts", "example.org"])
        ('hosts', 'example.org')
    """
    components: Path
    if type(path) is str:
        return _parse_text(path)
    if isinstance(path, Name):
        components = (path,)
    elif isinstance(path, str):
        components = _split(path) if path else ()
    else:
        try:
            components = tuple(path)
        except TypeError:
            raise PathError(f"a path is dotted text or an iterable of components, not {path!r}", path=path) from None
        if isinstance(path, (bytes, bytearray)):
            raise PathError(f"a path is text, not bytes: decode {path!r} first", path=path)
    # An iterator is used up by now, and could not be pickled: errors show what it gave.
    return _checked(components, path if isinstance(path, (str, Sequence)) else components)


@lru_cache(maxsize=8192)
def _parse_text(text: str) -> Path:
    # The same few texts are asked for again and again. (Exact str only: a subclass may have an equality of its own.)
    return _checked(_split(text) if text else (), text)


def join(base: Path, key: PathLike) -> Path:
    """Lead from ``base`` to a place below it.

    Args:
        base: A valid path.
        key: What ``parse`` takes. An empty iterable leads to ``base`` itself; empty *text* does not, since it is more
            often a variable that was never filled than a wish.

    Raises:
        PathError: As for ``parse``, and for empty text.
    """
    if type(key) is tuple and not key:
        return base
    if isinstance(key, str) and not key:
        raise PathError("an empty key names no child; for the place itself write ()", path=key)
    components = parse(key)
    if len(base) + len(components) > MAX_COMPONENTS:
        raise _too_deep(base + components)
    return base + components


def dotted(path: Path) -> str:
    """Spell a path as text: the inverse of ``parse``. The root is the empty text."""
    return ".".join([component.replace("\\", "\\\\").replace(".", "\\.") for component in path])


def check_component(component: object, whole: object) -> str:
    """Check one component and give it back as plain text.

    Args:
        component: What stands for a component.
        whole: The path it is part of, for the error.

    Raises:
        PathError: It is not text, empty, too long, or holds a lone surrogate.
    """
    if not isinstance(component, str):
        raise PathError(f"a component is text, not {component!r}, in the path {whole!r}", path=whole)
    if not component:
        raise PathError(f"a component is empty in the path {whole!r}", path=whole)
    if len(component) > MAX_COMPONENT_LENGTH:
        raise PathError(
            f"a component has {len(component)} characters, at most {MAX_COMPONENT_LENGTH} are allowed: "
            f"{component[:40]!r}...",
            path=whole,
        )
    if not component.isascii():
        try:
            _ = component.encode("utf-8")
        except UnicodeEncodeError:
            raise PathError(f"a component holds text that UTF-8 cannot carry: {component!r}", path=whole) from None
    return component if type(component) is str else str.__str__(component)


def _checked(components: tuple[object, ...], whole: object) -> Path:
    if len(components) > MAX_COMPONENTS:
        raise _too_deep(whole)
    return tuple([check_component(component, whole) for component in components])


def _too_deep(whole: object) -> PathError:
    return PathError(f"a path has at most {MAX_COMPONENTS} components; this one is deeper", path=whole)


def _split(text: str) -> Path:
    if "\\" not in text:
        return tuple(text.split("."))
    components: list[str] = []
    pieces: list[str] = []
    start = 0
    for match in _ESCAPE_OR_DOT.finditer(text):
        pieces.append(text[start : match.start()])
        start = match.end()
        if match.group() == ".":
            components.append("".join(pieces))
            pieces = []
        elif match.group(1) and match.group(1) in ".\\":
            pieces.append(match.group(1))
        else:
            raise PathError(rf"a backslash escapes a dot or a backslash only; write \\ for one, in {text!r}", path=text)
    pieces.append(text[start:])
    components.append("".join(pieces))
    return tuple(components)
