"""The pipeline for asyncio: as the synchronous one, but that sending is awaited.

May import everything below the faces.
"""

from __future__ import annotations

from types import TracebackType

from redicts.faces.followers import Work
from redicts.faces.pipes import Pipe
from redicts.pool import AsyncDatabase, Pool
from redicts.runners.pipeline import Rounds
from redicts.runners.pipeline_aio import run_rounds

__all__ = ["Pipeline", "check_pipe", "pipeline"]


class Pipeline(Pipe):
    """A block of a pipeline, as ``aio.pipeline()`` makes it: for an ``async with`` block, and one task at a time."""

    __slots__ = ()

    def _open_database(self, db_name: str | None) -> AsyncDatabase:
        return Pool().async_database(db_name)

    async def execute(self) -> None:
        """Send now what is queued so far in the whole pipeline, and wait for the results.

        Then the callbacks run. In a block inside another it is the same: what the blocks around it have queued goes
        first, in its order. Nothing is sent twice. (An atomic block that is executed early is two transactions.)

        Raises:
            PipelineError: Something failed; ``errors`` lists it.
            PipelineMisused: The block is not open; or an atomic block is that is not this one.

        Cost: as many round trips as the longest operation has steps; none where nothing is queued.

        Example:
            >>> async with aio.pipeline() as pipe:
            ...     hits = pipe.proxy("hits").add()
            ...     await pipe.execute()
            ...     doubled = pipe.proxy("doubled").add(2 * hits.result)
            >>> doubled.result
            2
        """
        await _execute(self._ahead())

    async def __aenter__(self) -> Pipeline:  # noqa: PYI034  # typing.Self came with Python 3.11
        self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        work = self._leave(error)
        if work is not None:
            await _execute(work)


async def _execute(work: Work) -> None:
    try:
        await run_rounds(Rounds(work.entries))
    except BaseException:
        _ = work.settle()
        raise
    work.follow_up()


def pipeline(
    pipe: Pipeline | None = None, *, atomic: bool = False, db_name: str | None = None, raise_on_error: bool = True
) -> Pipeline:
    """Begin a pipeline, or a block inside one: as ``redicts.pipeline``, for ``async with``.

    Operations are queued without ``await``; what is left of it, and sends, is awaited.

    Args:
        pipe: The pipeline to join; ``None``: one of its own.
        atomic: As for ``redicts.pipeline``.
        db_name: As for ``redicts.pipeline``.
        raise_on_error: As for ``redicts.pipeline``.

    Returns:
        The pipeline, for an ``async with`` block. One task uses it.

    Raises:
        TypeError: ``pipe`` is no pipeline of this face.

    Cost: as many round trips as the longest operation has steps, for each database: mostly one.

    Example:
        >>> async def visit(user, pipe=None):
        ...     async with aio.pipeline(pipe) as pipe:
        ...         return pipe.proxy("visits").get(user).add()
        >>> (await visit("ada")).result
        1
        >>> async with aio.pipeline() as pipe:
        ...     ada, bob = await visit("ada", pipe), await visit("bob", pipe)
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
    kind = "one of redicts.pipeline(): that is not for asyncio" if isinstance(pipe, Pipe) else f"{pipe!r}"
    raise TypeError(f"a pipeline of aio.pipeline() is wanted, not {kind}")
