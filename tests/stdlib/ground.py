"""What CPython's tests stand on: places of a real server, made as fast as they are asked for; and what is left out.

A class of CPython's tests calls ``type2test(...)`` for each container that it needs. Here each is a typed leaf at a
place of its own, in the namespace of the test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import TypeVar

from redicts import Proxy
from redicts.pool.database import Database
from tests.support.backends import Backend

__all__ = ["Ground", "left_out"]

ClassT = TypeVar("ClassT", bound=type)


class Ground:
    """Where the places of the running test are. The fixture of this folder says so before each test."""

    _database: Database | None = None
    _numbers = count()

    @classmethod
    def stand_on(cls, backend: Backend | None) -> None:
        """Make places in the namespace of a backend; ``None``: in none any more."""
        cls._database = None if backend is None else backend.database

    @classmethod
    def place(cls) -> Proxy:
        """A place where nothing is, and where no other test has been."""
        made = Proxy(f"stdlib.p{next(cls._numbers)}")
        assert cls._database is not None, "no test is running"
        made._database = cls._database
        return made


def left_out(reasons: Mapping[str, str]) -> Callable[[ClassT], ClassT]:
    """Leave tests out of a class of CPython's, each with the reason why it cannot apply.

    Args:
        reasons: Names of tests to reasons. Versions of Python differ in which there are.
    """
    assert all(reason.strip() for reason in reasons.values())

    def decorate(kind: ClassT) -> ClassT:
        for name in reasons:
            if hasattr(kind, name):
                setattr(kind, name, None)  # which pytest does not take for a test
        return kind

    return decorate
