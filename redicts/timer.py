"""``ContextTimer``: how long something takes, in milliseconds. Imports nothing of redicts."""

from __future__ import annotations

from time import perf_counter_ns
from types import TracebackType

__all__ = ["ContextTimer"]


class ContextTimer:
    """Measures how long something takes: the time that passes, on a clock that nobody sets.

    Started by ``with``, or by ``start()``; once. It goes on until the block ends, or ``stop()``.

    Example:
        >>> with ContextTimer() as timer:
        ...     total = sum(range(1000))
        >>> 0 <= timer.elapsed() < 1000
        True
        >>> timer.start()
        Traceback (most recent call last):
            ...
        RuntimeError: this timer was stopped already; make another one
    """

    __slots__ = ("_began", "_ended")

    def __init__(self) -> None:
        self._began: int | None = None
        self._ended: int | None = None

    def start(self) -> None:
        """Begin to measure.

        Raises:
            RuntimeError: It was started before.
        """
        if self._ended is not None:
            raise RuntimeError("this timer was stopped already; make another one")
        if self._began is not None:
            raise RuntimeError("this timer was started already")
        self._began = perf_counter_ns()

    def stop(self) -> None:
        """Measure no longer.

        Raises:
            RuntimeError: It was not started, or was stopped before.
        """
        now = perf_counter_ns()
        if self._ended is not None:
            raise RuntimeError("this timer was stopped already")
        if self._began is None:
            raise RuntimeError("this timer was not started: start(), or use it with with")
        self._ended = now

    def elapsed(self) -> int:
        """Tell how long it has taken, or took.

        Returns:
            Milliseconds, rounded.

        Raises:
            RuntimeError: It was not started.
        """
        now = perf_counter_ns()
        if self._began is None:
            raise RuntimeError("this timer was not started: start(), or use it with with")
        return round(((now if self._ended is None else self._ended) - self._began) / 1_000_000)

    def __enter__(self) -> ContextTimer:  # noqa: PYI034  # typing.Self came with Python 3.11
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ended is None:  # else it was stopped in the block, and what that raised must not be hidden
            self.stop()

    def __repr__(self) -> str:
        if self._began is None:
            return "ContextTimer(not started)"
        return f"ContextTimer({self.elapsed()} ms{'' if self._ended is not None else ', running'})"
