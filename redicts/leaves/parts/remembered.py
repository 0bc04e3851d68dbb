"""Errors that a cache remembers: exceptions <-> JSON texts.

May import core. Invariant: what is read makes nothing but an exception of a type that the reader chose, or of a
subclass of one that is loaded already; nothing is imported for it, and no ``__init__`` of anybody's is called with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, cast

from redicts.core.codec import decode, encode_canonical

__all__ = ["Chosen", "check_chosen", "read_error", "spell_error"]

Chosen: TypeAlias = "type[Exception] | Iterable[type[Exception]]"


def check_chosen(chosen: Chosen) -> tuple[type[Exception], ...]:
    """Check which exceptions are to be remembered.

    Raises:
        TypeError: One of them is no subclass of ``Exception``.
    """
    one: Any = chosen
    found: tuple[Any, ...] = (one,) if isinstance(one, type) else tuple(one)
    for each in found:
        if not isinstance(each, type) or not issubclass(each, Exception):
            raise TypeError(f"negative= takes subclasses of Exception, not {each!r}")
    return cast("tuple[type[Exception], ...]", found)


def spell_error(error: Exception, chosen: tuple[type[Exception], ...]) -> str | None:
    """Spell an exception; ``None`` where it would not come back the same.

    It does where its arguments and its attributes are JSON: those of many libraries, which carry a request or an
    answer, are not.
    """
    names = [_name(kind) for kind in type(error).__mro__ if issubclass(kind, chosen)]
    try:
        text = encode_canonical([names, list(error.args), vars(error)])
    except (TypeError, ValueError):
        return None
    same: Any = read_error(text, chosen)
    if type(same) is not type(error) or same.args != error.args or vars(same) != vars(error) or str(same) != str(error):
        return None
    return text


def read_error(text: str, chosen: tuple[type[Exception], ...]) -> Exception | None:
    """Make an exception of what was spelled; ``None`` where it is of no type that was chosen.

    A subclass of one that was chosen, which is not loaded here, is read as its next base that is.
    """
    names, args, state = decode(text)
    for name in names:
        for kind in _loaded(chosen):
            if _name(kind) == name:
                return _make(kind, args, state)
    return None


def _loaded(chosen: Iterable[type[Any]]) -> Iterator[type[Any]]:
    """Give types, then their subclasses."""
    level: list[type[Any]] = [*chosen]
    while level:
        yield from level
        level = [below for kind in level for below in kind.__subclasses__()]


def _make(kind: type[Any], args: list[Any], state: dict[str, Any]) -> Exception | None:
    native = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    try:
        error: Any = kind.__new__(kind, *args)
        vars(native)["__init__"](error, *args)
        error.args = tuple(args)
        error.__dict__.update(state)
    except Exception:  # noqa: BLE001  # it takes something else: then it cannot be remembered
        return None
    return cast("Exception", error)


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
