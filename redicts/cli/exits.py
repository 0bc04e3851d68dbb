"""Exit codes: the one table of which error ends a command with which of them.

May import errors and click. Invariant: every error a user can cause or meet ends in one line on stderr and a code of
this table; a traceback means a defect of redicts.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

from redicts.errors import (
    ConfigError,
    ConnectionLost,
    InternalError,
    InvalidElement,
    LockError,
    NotANumber,
    OutcomeUnknown,
    PathError,
    PoolExhausted,
    RedictsError,
    WrongType,
)

__all__ = ["TABLE", "Code", "Failure", "bad_input", "explain"]


class Code(IntEnum):
    """How a command ended."""

    OK = 0
    NOT_THERE = 1
    USAGE = 2
    NO_SERVER = 3
    REFUSED = 4
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


TABLE: Final = """\
\b
Exit codes:
    0  done
    1  nothing is there (get, ttl, delete, expire, persist, tree, export,
       unlock), or faults were found (check) or something was lost (demo)
    2  usage or bad input: a PATH that is none, a VALUE or FILE that is not
       JSON, a file that cannot be read or written, unlock without --force
    3  no server, or the connection to it was lost
    4  refused by the server or the configuration: access, memory, version ...
  130  interrupted; 141 and 143: ended by a closed pipe, by SIGTERM"""

_CODES: Final[tuple[tuple[type[RedictsError], Code], ...]] = (
    (PathError, Code.USAGE),
    (WrongType, Code.USAGE),
    (NotANumber, Code.USAGE),
    (InvalidElement, Code.USAGE),
    (PoolExhausted, Code.NO_SERVER),
    (ConnectionLost, Code.NO_SERVER),
    (OutcomeUnknown, Code.NO_SERVER),
    (ConfigError, Code.REFUSED),
    (LockError, Code.REFUSED),
    (InternalError, Code.REFUSED),
    (RedictsError, Code.REFUSED),
)


class Failure(Exception):
    """A command that did not do what was asked.

    Args:
        code: How the process ends.
        message: One line, for stderr.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def bad_input() -> Generator[None]:
    """Take what operations refuse in a value that the user gave (``TypeError``, ``ValueError``) for bad input.

    Raises:
        Failure: One of them was raised. Errors of redicts have codes of their own and pass.
    """
    try:
        yield
    except RedictsError:
        raise
    except (TypeError, ValueError) as error:
        raise Failure(Code.USAGE, str(error)) from error


def explain(error: Exception) -> Failure | None:
    """Find the code and the words for an error.

    Returns:
        ``None`` for an error that nobody should meet: its traceback is wanted.
    """
    if isinstance(error, Failure):
        return error
    if isinstance(error, RedictsError):
        code = next(code for kind, code in _CODES if isinstance(error, kind))
        return Failure(code, _lost(error) if type(error) is ConnectionLost else str(error))
    # By the name of the module: only runners/ and pool/ import redis.
    if type(error).__module__.partition(".")[0] == "redis":
        return Failure(Code.REFUSED, f"the server refused: {error}")
    if isinstance(error, OSError):
        return Failure(Code.USAGE, str(error))
    return None


def _lost(error: ConnectionLost) -> str:
    # The error's own text speaks of Python; its ways out have other names here.
    why = f" ({error.__cause__})" if error.__cause__ is not None else ""
    address = getattr(error, "address", "the server")
    return (
        f"no connection to {address}{why}. Is it running? Another server: --url redis://HOST:PORT or REDICTS_URL; "
        "none at hand: --embedded DIR. To see what it would do: redicts demo"
    )
