"""What follows on an execution: results made of others, callbacks, and the one error that lists all failures.

May import core, errors and runners. Invariants: results are made before the first callback runs; each callback runs,
whatever those before it raised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from redicts.core.deferred import Deferred
from redicts.errors import PipelineError
from redicts.runners.pipeline import Entry

__all__ = ["Callback", "Follower", "Work"]

SHOWN: Final = 3
"""How many failures the text of an error tells of."""


class Follower(NamedTuple):
    """A result made of others.

    Attributes:
        block: The block that asked for it.
        function: Makes it.
        deferreds: Of these.
        made: The result.
    """

    block: Any
    function: Callable[..., Any]
    deferreds: tuple[Deferred[Any], ...]
    made: Deferred[Any]

    def follow(self) -> bool:
        """Make the result; tell whether that failed by itself, and not because one of the others had."""
        try:
            results = [deferred.result for deferred in self.deferreds]
        except Exception as error:  # noqa: BLE001  # it is told where it happened
            self.made._fail(error)
            return False
        try:
            self.made._settle(self.function(*results))
        except Exception as error:  # noqa: BLE001  # it is there when the result is asked for
            self.made._fail(error)
            return True
        return False


class Callback(NamedTuple):
    """Something to be called after an execution.

    Attributes:
        block: The block that asked for it.
        function: What is called.
    """

    block: Any
    function: Callable[[], object]


class Work(NamedTuple):
    """What one execution is about: the face drives the entries, and calls ``follow_up``.

    Attributes:
        entries: What is sent, in order.
        followers: What is made of the results.
        callbacks: What is called then.
        raises: Whether failures of operations are raised.
    """

    entries: list[Entry]
    followers: list[Follower]
    callbacks: list[Callback]
    raises: bool

    def follow_up(self) -> None:
        """Make what is made of the results, run the callbacks, raise what failed.

        Raises:
            PipelineError: Something did.
        """
        found: list[tuple[str, BaseException]] = self.settle()
        if not self.raises:
            found = []
        for callback in self.callbacks:
            try:
                _ = callback.function()
            except Exception as error:  # noqa: BLE001  # the next one is called all the same
                found.append((f"callback {getattr(callback.function, '__name__', '')}", error))
        if found:
            raise _summed_up(found, len(self.entries)) from found[0][1]

    def settle(self) -> list[tuple[str, BaseException]]:
        """Make what is made of the results; give what failed, and what it was."""
        done = [entry.deferred for entry in self.entries]
        done += [follower.made for follower in self.followers if follower.follow()]
        return [(deferred.about(), deferred._error) for deferred in done if deferred._error is not None]


def _summed_up(found: list[tuple[str, BaseException]], count: int) -> PipelineError:
    told = "; ".join([f"{about}: {type(error).__name__}: {error}" for about, error in found[:SHOWN]])
    more = "" if len(found) <= SHOWN else f"; and {len(found) - SHOWN} more, in `errors`"
    return PipelineError(
        f"{len(found)} failed in a pipeline of {count} operations; all others have their results. {told}{more}",
        errors=[error for _, error in found],
    )
