"""The arguments of a call <-> a text that tells it from other calls, the same in every process.

May import core. Invariants: two calls have one text only if each parameter gets the same, of the same type: 1, 1.0,
True and "1" are four, and so are (1,) and [1]; how it was spelled (by position, by name, left to its default) does not
matter.

The text is Python's call with JSON for scalars: ``(number=5,names=["a",(1,2)],more={"x":null})``.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from typing import Any, Final

from redicts.core.codec import encode_canonical

__all__ = ["Arguments"]

LONG: Final = 256
"""Texts of so many characters and more are replaced by their digest."""

DEEP: Final = 100
"""How deeply arguments may be nested: they are spelled wherever the function is called, deep in a recursion perhaps."""

_SCALARS: Final = (str, bool, int, float, type(None))
_EXACT: Final = frozenset(_SCALARS)
_POSITIONAL: Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_MANY: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Arguments:
    """How calls of a function are told apart.

    Args:
        function: The function.
        name: What messages call it, and keys, where it shares a place.
        key: Gives what tells its calls apart, of the same arguments; ``None``: the arguments themselves.

    Raises:
        ValueError: It has no signature.
    """

    __slots__ = ("_defaults", "_key", "_labels", "_least", "_most", "_name", "_signature")

    def __init__(self, function: Callable[..., Any], name: str, key: Callable[..., Any] | None) -> None:
        self._name = name
        self._key = key
        self._signature = inspect.signature(function)
        # What most calls are: by position. Binding takes ten times as long as this.
        every = list(self._signature.parameters.values())
        places = [each for each in every if each.kind in _POSITIONAL]
        needed = [each for each in every if each.kind not in _MANY and each.default is each.empty]
        simple = all(each.kind not in _MANY for each in every) and all(each in places for each in needed)
        self._labels = [f"{each.name}=" for each in every]
        self._defaults = [each.default for each in every]
        self._least, self._most = (len(needed), len(places)) if simple else (1, 0)

    def spell(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """Spell a call.

        Raises:
            TypeError: The function cannot be called like that; or an argument is nothing that can be told from others.
        """
        if self._key is not None:
            text = f"({self._spelled('key', self._key(*args, **kwargs))})"
        elif not kwargs and self._least <= len(args) <= self._most:
            values = args if len(args) == len(self._labels) else (*args, *self._defaults[len(args) :])
            parts = [
                label + (encode_canonical(value) if type(value) in _EXACT else self._spelled(label[:-1], value))
                for label, value in zip(self._labels, values, strict=True)
            ]
            text = f"({','.join(parts)})"
        else:
            try:
                bound = self._signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{self._name}() {error}") from None
            bound.apply_defaults()
            pairs = bound.arguments.items()
            text = f"({','.join([f'{name}={self._spelled(name, value)}' for name, value in pairs])})"
        return text if len(text) < LONG else f"#{hashlib.blake2b(text.encode(), digest_size=32).hexdigest()}"

    def _spelled(self, name: str, value: Any) -> str:
        try:
            return encode_canonical(value) if type(value) in _EXACT else _spell(value, DEEP)
        except _Unspeakable as error:
            found, what = error.args
            where = f"{name!r} is" if found is value else f"{name!r} holds something"
            raise TypeError(
                f"{self._name}() is cached by its arguments, and {where} {what}, which has no JSON: {found!r:.80}. "
                "Give cache(key=...), a function of the same arguments that gives what tells the calls apart"
            ) from None


class _Unspeakable(Exception):
    """What was met, and what it is."""


def _spell(value: Any, depth: int) -> str:
    """Spell a value; a type that is none of JSON's own, but a subclass of one, is part of it."""
    if type(value) in _EXACT:
        return encode_canonical(value)
    if not depth:
        raise _Unspeakable(value, "nested too deeply")
    if isinstance(value, dict):
        text = f"{{{','.join(sorted([f'{_name(name)}:{_spell(each, depth - 1)}' for name, each in value.items()]))}}}"
    elif isinstance(value, (list, tuple)):
        parts = ",".join([_spell(each, depth - 1) for each in value])
        text = f"[{parts}]" if isinstance(value, list) else f"({parts})"
    elif isinstance(value, type) and "<locals>" not in value.__qualname__:
        return f"class {value.__module__}.{value.__qualname__}"
    elif isinstance(value, _SCALARS):
        text = encode_canonical(value)
    else:
        raise _Unspeakable(value, f"of type {type(value).__name__}")
    kind = type(value)
    return text if kind in (dict, list, tuple) else f"{text}:{kind.__module__}.{kind.__qualname__}"


def _name(name: Any) -> str:
    if type(name) is not str:
        raise _Unspeakable(name, f"that is the key of a dict, of type {type(name).__name__}")
    return encode_canonical(name)
