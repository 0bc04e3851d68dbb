"""Every error redicts raises on purpose, in one tree.

May import ``redis.exceptions`` and nothing else: ``ConnectionLost`` and ``OutcomeUnknown`` are also redis-py's
``ConnectionError``, so that code which already handles lost connections goes on working.

Invariant: each error keeps what it was made from as attributes, says in its text what to do next, survives pickling
and is never named like a builtin.

====================  ===============================  ====================================================
error                 also a                           means
====================  ===============================  ====================================================
``PathError``         ``ValueError``                   that text or these components are not a path
``WrongType``         ``TypeError``                    the place holds something else; it was left alone
``NotANumber``        ``ValueError``                   ``add`` on a place that holds no number
``InvalidElement``    ``ValueError``                   an element that is not of the type of its typed leaf
``WaitTimeout``       ``TimeoutError``                 nothing came in time that was waited for
``TaskLost``                                           what was taken from a queue is not this consumer's any more
``ParameterMismatch``  ``ValueError``                  a typed leaf that was made with other parameters
``QuorumNotAchieved``                                  no majority of the masters agreed in time
``QuorumIsImpossible`` (a ``QuorumNotAchieved``)       so many masters failed that there can be none
``TooManyElements``    ``ValueError``                   a HyperLogLog saw too many to tell what it saw
``RateLimited``                                        more than is let through; it says when to come again
``ConfigError``       ``ValueError``                   the configuration, or the server, cannot be used
``LockError``                                          the root of the four below
``LockTimeout``       ``TimeoutError``                 the lock was not free in time
``LockLost``                                           the lease ran out; nothing was written
``NotOwner``                                           releasing what one does not hold
``TooManyExtensions``                                  a Redlock was extended as often as it may be
``InternalError``                                      keys of redicts hold what redicts did not put there
``ConnectionLost``    ``redis.ConnectionError``        no server, or no connection: safe to try again
``PoolExhausted``     (a ``ConnectionLost``)           every connection stayed in use for too long
``OutcomeUnknown``    ``redis.ConnectionError``        cut while writing: it may have happened, or not
``PipelineError``                                      some of what a pipeline was to do failed; it lists it
``PipelineMisused``   ``RuntimeError``                 what a pipeline cannot do, or not now
``NotAtomic``         (a ``PipelineMisused``)          it takes more than the one step that it may take
``ResultNotReady``                                     a deferred result asked for before its pipeline ran
``NeverSent``         (a ``ResultNotReady``)           its block ended with an error: it never will be there
====================  ===============================  ====================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis.exceptions

__all__ = [
    "ConfigError",
    "ConnectionLost",
    "InternalError",
    "InvalidElement",
    "LockError",
    "LockLost",
    "LockTimeout",
    "NeverSent",
    "NotANumber",
    "NotAtomic",
    "NotOwner",
    "OutcomeUnknown",
    "ParameterMismatch",
    "PathError",
    "PipelineError",
    "PipelineMisused",
    "PoolExhausted",
    "QuorumIsImpossible",
    "QuorumNotAchieved",
    "RateLimited",
    "RedictsError",
    "ResultNotReady",
    "TaskLost",
    "TooManyElements",
    "TooManyExtensions",
    "WaitTimeout",
    "WrongType",
]


class RedictsError(Exception):
    """The root of all errors of redicts.

    Args:
        message: What happened and what to do next.
        **details: Kept as attributes of the error, and named in ``details``.
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details
        for name, value in details.items():
            setattr(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), str(self), self.details))


def _rebuild(kind: type[RedictsError], message: str, details: dict[str, Any]) -> RedictsError:
    return kind(message, **details)


class PathError(RedictsError, ValueError):
    """A path that cannot be one: empty, too long, too deep, not text. Attribute: ``path``."""

    path: object


class WrongType(RedictsError, TypeError):
    """The place holds something else than was asked for; it was left alone.

    Attributes: ``path``, ``expected`` and ``found`` (kinds, as ``kind()`` names them).
    """

    path: str
    expected: str
    found: str


class NotANumber(RedictsError, ValueError):
    """``add`` was asked of a place that holds no number. Attributes: ``path``, ``found`` (what it holds)."""

    path: str
    found: str


class InvalidElement(RedictsError, ValueError):
    """An element that is not of the type that its typed leaf was opened with; a stored one stays where it is.

    Attributes: ``path``, ``element`` (what was given, as ``repr`` shows it, or the text that is stored). ``__cause__``
    says what pydantic found.
    """

    path: str
    element: str


class WaitTimeout(RedictsError, TimeoutError):
    """No element, or no room, came in time. Attributes: ``path``, ``timeout`` (seconds)."""

    path: str
    timeout: float


class TaskLost(RedictsError):
    """The item's lease ran out, and another consumer took it, or did it; or it was removed. Attribute: ``path``."""

    path: str


class ParameterMismatch(RedictsError, ValueError):
    """A typed leaf that was made with other parameters; it was left alone.

    Attributes: ``path``, ``expected`` (what it was opened with) and ``found`` (what it was made with), as dicts.
    """

    path: str
    expected: Mapping[str, Any]
    found: Mapping[str, Any]


class QuorumNotAchieved(RedictsError):
    """No majority of the masters agreed in time.

    Attributes: ``path``, ``masters`` (those of which no answer was used, by name: why).
    """

    path: str
    masters: Mapping[str, str]


class QuorumIsImpossible(QuorumNotAchieved):
    """So many masters failed that there can be no majority; it is told at once."""


class TooManyElements(RedictsError, ValueError):
    """A HyperLogLog saw too many elements to tell whether one of them is a given one.

    Attributes: ``path``, ``count`` (about how many it saw), ``limit`` (of how many it is told at most).
    """

    path: str
    count: int
    limit: int


class RateLimited(RedictsError):
    """More than the rate limiter lets through. Attributes: ``path``, ``retry_after`` (seconds)."""

    path: str
    retry_after: float


class ConfigError(RedictsError, ValueError):
    """A configuration, or the server it leads to, that cannot be used. Attribute: ``key``, where one is at fault."""

    key: str


class LockError(RedictsError):
    """The root of the lock errors. Attribute: ``path``."""

    path: str


class LockTimeout(LockError, TimeoutError):
    """The lock was not free in time. Attributes: ``path``, ``timeout`` (seconds)."""

    timeout: float


class LockLost(LockError):
    """The lease ran out, or the lock was broken: what was about to be written was refused. Attribute: ``path``."""


class NotOwner(LockError):
    """The lock to release is not held by this owner. Attributes: ``path``, ``owner``."""

    owner: str


class TooManyExtensions(LockError):
    """The Redlock was extended as often as it may be. Attributes: ``path``, ``max_extensions``."""

    max_extensions: int


class InternalError(RedictsError):
    """Keys of redicts hold what redicts did not put there. Attribute: ``key``, where it is known."""

    key: str


class ConnectionLost(RedictsError, redis.exceptions.ConnectionError):
    """No connection to the server: nothing was changed, or repeating the call is safe. Attribute: ``address``."""

    address: str


class PoolExhausted(ConnectionLost):
    """Every connection of the pool stayed in use for ``timeout_secs``. Attributes: ``address``, ``timeout``."""

    timeout: float | None


class OutcomeUnknown(RedictsError, redis.exceptions.ConnectionError):
    """The connection was cut while a write was under way: it happened once, or not at all.

    It is never sent again by redicts. Read the place to find out. Attributes: ``address``, ``commands`` (their names).
    """

    address: str
    commands: Sequence[str]


class ResultNotReady(RedictsError):
    """The result of a queued operation was asked for before its pipeline was executed."""


class NeverSent(ResultNotReady):
    """The block that queued it ended with an error before it was sent: nothing was done, there will be no result."""


class PipelineError(RedictsError):
    """Some of what a pipeline was to do failed; all others have their results.

    Attribute: ``errors``, what failed in the order in which it was queued, callbacks last. ``__cause__`` is the first.
    """

    errors: Sequence[BaseException]


class PipelineMisused(RedictsError, RuntimeError):
    """What a pipeline cannot do, or not now: it is closed, or not begun, or it would have to wait."""


class NotAtomic(PipelineMisused):
    """What takes more than one step was asked for in an atomic pipeline; it changed nothing."""
