"""Errors that caches remember: what they become as text, and what text may become."""

from __future__ import annotations

from typing import Any

import pytest
from typing_extensions import Self

from redicts.leaves.parts.remembered import read_error, spell_error


class NotThere(LookupError):
    """With an ``__init__`` of its own, which a reader cannot call."""

    def __init__(self, name: str, code: int) -> None:
        super().__init__(f"no {name}")
        self.name, self.code = name, code


class Picky(Exception):
    """One that cannot be made of its arguments."""

    def __new__(cls, **only: str) -> Self:
        return super().__new__(cls, *only.values())

    def __init__(self, **only: str) -> None:
        super().__init__(*only.values())


@pytest.mark.parametrize(
    "error",
    [KeyError("a"), ValueError(), FileNotFoundError(2, "no such"), StopIteration([1]), NotThere("x", 1), OSError("x")],
    ids=repr,
)
def test_what_is_read_is_what_was_spelled(error: Exception) -> None:
    text = spell_error(error, (Exception,))
    assert text is not None
    found: Any = read_error(text, (Exception,))
    assert (type(found), found.args, str(found), vars(found)) == (type(error), error.args, str(error), vars(error))
    assert getattr(found, "errno", None) == getattr(error, "errno", None)
    assert getattr(found, "value", None) == getattr(error, "value", None)
    assert read_error(text, (ArithmeticError,)) is None, "not among the chosen"


def test_what_is_read_makes_only_what_was_chosen() -> None:
    """Whatever stands there: nothing is imported, nothing but a chosen exception is made."""
    for text in (
        '[["os:system"],["true"],{}]',
        '[["builtins:eval"],["1/0"],{}]',
        '[["builtins:ValueError"],[],{}]',
        '[["subprocess:CalledProcessError","no:Such"],[1,"x"],{}]',
    ):
        assert read_error(text, (LookupError,)) is None
    base: Any = read_error('[["not.loaded:Here","builtins:KeyError","builtins:LookupError"],[1],{}]', (LookupError,))
    assert (type(base), base.args) == (KeyError, (1,)), "the nearest base that is loaded"
    assert spell_error(Picky(only="x"), (Exception,)) is None
    assert read_error(f'[["{__name__}:Picky"],["x"],{{}}]', (Picky,)) is None
