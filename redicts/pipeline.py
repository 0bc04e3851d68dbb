"""The synchronous pipeline: operations are queued, and sent together. ``pipeline`` is public.

What is queued is in ``faces/``; here is what waits. May import everything below the faces.
"""

from __future__ import annotations

from types import TracebackType

from redicts.faces.followers import Work
from redicts.faces.pipes import Pipe
from redicts.pool import Database, Pool
from redicts.runners.pipeline import Rounds
from redicts.runners.pipeline_sync import run_rounds

__all__ = ["Pipeline", "check_pipe", "pipeline"]


class Pipeline(Pipe):
    """A block of a pipeline, as ``pipeline()`` makes it: for a ``with`` block, and for one thread at a time."""

    __slots__ = ()

    def _open_database(self, db_name: str | None) -> Database:
        return Pool().database(db_name)

    def execute(self) -> None:
        """Send now what is queued so far in the whole pipeline, and wait for the results.

        Then the callbacks run. In a block inside another it is the same: what the blocks around it have queued goes
        first, in its order. Nothing is sent twice. (An atomic block that is executed early is two transactions.)

        Raises:
            PipelineError: Something failed; ``errors`` lists it.
            PipelineMisused: The block is not open; or an atomic block is that is not this one.

        Cost: as many round trips as the longest operation has steps; none where nothing is queued.

        Example:
            >>> with redicts.pipeline() as pipe:
            ...     hits = pipe.proxy("hits").add()
            ...     pipe.execute()
            ...     doubled = pipe.proxy("doubled").add(2 * hits.result)
            >>> doubled.result
            2
        """
        _execute(self._ahead())

    def __enter__(self) -> Pipeline:  # noqa: PYI034  # typing.Self came with Python 3.11
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        work = self._leave(error)
        if work is not None:
            _execute(work)


def _execute(work: Work) -> None:
    try:
        run_rounds(Rounds(work.entries))
    except BaseException:
        _ = work.settle()
        raise
    work.follow_up()


def pipeline(
    pipe: Pipeline | None = None, *, atomic: bool = False, db_name: str | None = None, raise_on_error: bool = True
) -> Pipeline:
    """Begin a pipeline, or a block inside one: operations are queued, and sent together when the outermost block ends.

    Give ``pipe`` on and a function is a building block that works alone, and inside the pipeline of another. The order
    is that of the calls, whichever block they are in. An error that ends a block takes back what was queued in it (and
    in blocks inside it), as far as it was not sent: it never will be.

    Args:
        pipe: The pipeline to join; ``None``: one of its own.
        atomic: Send what is queued in this block, and in blocks inside it, as one MULTI/EXEC: nobody sees half of it.
            What may take more than one step is refused when it is queued. As in Redis, a command that fails does not
            undo the others.
        db_name: The database of what names none; ``None``: that of ``pipe``, or the default one. Several databases are
            sent to side by side.
        raise_on_error: Whether failures are raised at the end, as one ``PipelineError``; else they are at their
            ``result`` only. What the outermost block says counts: whoever joins a pipeline leaves that to it.

    Returns:
        The pipeline, for a ``with`` block. One thread uses it.

    Raises:
        TypeError: ``pipe`` is no pipeline of this face.

    Cost: as many round trips as the longest operation has steps, for each database: mostly one.

    Example:
        >>> def visit(user, pipe=None):
        ...     with redicts.pipeline(pipe) as pipe:
        ...         return pipe.proxy("visits").get(user).add()
        >>> visit("ada").result
        1
        >>> with redicts.pipeline() as pipe:
        ...     ada, bob = visit("ada", pipe), visit("bob", pipe)
        >>> ada.result, bob.result
        (2, 1)
    """
    above = None if pipe is None else check_pipe(pipe)
    return Pipeline(above, atomic=atomic, db_name=db_name, raise_on_error=raise_on_error)


def check_pipe(pipe: Pipeline) -> Pipeline:
    """Check that something is a pipeline of this face; give it back.

    Raises:
        TypeError: It is not.
    """
    if isinstance(pipe, Pipeline):
        return pipe
    kind = "one of asyncio: use aio.pipeline and aio.Proxy with it" if isinstance(pipe, Pipe) else f"{pipe!r}"
    raise TypeError(f"a pipeline of redicts.pipeline() is wanted, not {kind}")
