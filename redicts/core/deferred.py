"""``Deferred``: the result of a queued operation, there once its pipeline was executed. Imports errors only.

Invariant: it gets a result, or an error, once, and keeps it. Only pipelines give it one.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, final

from redicts.errors import ResultNotReady

__all__ = ["Deferred"]

T_co = TypeVar("T_co", covariant=True)


@final
class Deferred(Generic[T_co]):
    """The result of a queued operation. Pipelines make them; there are no operators on it: ask for ``result``.

    Args:
        name: What was queued, for messages.
        place: Where, for messages: its ``key()`` spells the path; ``None``: nowhere.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     hits = pipe.proxy("hits").add(2)
        ...     hits.done
        False
        >>> hits.done, hits.result
        (True, 2)
    """

    __slots__ = ("_done", "_error", "_name", "_place", "_value")

    def __init__(self, name: str, place: Any = None) -> None:
        self._name = name
        self._place = place
        self._done = False
        self._value: Any = None
        self._error: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether the result, or the error, is there."""
        return self._done

    @property
    def result(self) -> T_co:
        """The result.

        Raises:
            ResultNotReady: The pipeline was not executed yet; or (a ``NeverSent``) never will be.

        What the operation itself failed with is raised, too.
        """
        if self._error is not None:
            raise self._error
        if not self._done:
            raise ResultNotReady(
                f"the result of {self.about()} is not there yet: leave the pipeline's `with` block, or call its "
                "execute(), first"
            )
        value: T_co = self._value
        return value

    @property
    def error(self) -> BaseException | None:
        """What the operation failed with; ``None`` where it did not, or was not executed yet."""
        return self._error

    def about(self) -> str:
        """Tell what was queued, and where, as ``add at 'a.b'``."""
        return self._name if self._place is None else f"{self._name} at {self._place.key()!r}"

    def _settle(self, value: Any) -> None:
        self._value = value
        self._done = True

    def _fail(self, error: BaseException) -> None:
        self._error = error
        self._done = True

    def __repr__(self) -> str:
        if self._error is not None:
            return f"Deferred({self.about()}: failed, {self._error!r})"
        return f"Deferred({self.about()}: {repr(self._value) if self._done else 'not executed yet'})"
