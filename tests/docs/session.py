"""Examples that share their names, as those of a page or a docstring do; with ``await`` where they use it.

Where one of them awaits, all of them run as in ``python -m asyncio``, and in one task besides: the locks of a task, and
the connections of a loop, last from one to the next. The loop is closed with the session.
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import gc
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any, Final
from unittest.mock import patch

__all__ = ["Session", "awaits"]

OPTIONS: Final = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


class Session:
    """Runs examples, one text after the other.

    Args:
        names: Their global names, to begin with.
        in_loop: Whether they run in an event loop.
    """

    def __init__(self, names: dict[str, Any], in_loop: bool = False) -> None:
        self.names = names
        self._task = _Task() if in_loop else None

    def run(self, text: str, title: str, path: str, line: int) -> None:
        """Run the examples in a text.

        Args:
            text: Prompts and expected output.
            title: What a failure calls them.
            path: The file they stand in.
            line: The number of the text's first line in it.

        Raises:
            AssertionError: With doctest's report.
        """
        test = doctest.DocTestParser().get_doctest(text, self.names, title, path, line - 1)
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
        with self._execution() as flags:
            results = runner.run(test, out=report.append, clear_globs=False, compileflags=flags)
        self.names.update(test.globs)
        if results.failed:
            raise AssertionError("".join(report))

    def close(self) -> None:
        """Close the loop. What was left open in it is warned of, here and now."""
        if self._task is not None:
            self._task.close()
            self.names.clear()
            _ = gc.collect()

    @contextmanager
    def _execution(self) -> Iterator[int | None]:
        """Have doctest run its examples in the loop; gives the flags to compile them with."""
        if self._task is None:
            yield None
            return
        # It calls the built-in function, by its name, and has no place to say what else.
        with patch.object(doctest, "exec", self._task.execute, create=True):
            yield ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class _Task:
    """One task of one loop, which runs only while it has something to execute."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._jobs: asyncio.Queue[tuple[CodeType, dict[str, Any], asyncio.Future[None]]] = asyncio.Queue()
        self._worker = self._loop.create_task(self._work())

    def execute(self, code: CodeType, names: dict[str, Any]) -> None:
        done: asyncio.Future[None] = self._loop.create_future()
        self._jobs.put_nowait((code, names, done))
        self._loop.run_until_complete(done)

    async def _work(self) -> None:
        while True:
            code, names, done = await self._jobs.get()
            try:
                made = eval(code, names)  # the documentation's own
                if code.co_flags & inspect.CO_COROUTINE:
                    await made
            except BaseException as error:  # noqa: BLE001  # doctest's to judge
                done.set_exception(error)
            else:
                done.set_result(None)

    def close(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


def awaits(text: str) -> bool:
    """Tell whether any example in a text awaits by itself, outside of a function."""
    for example in doctest.DocTestParser().get_examples(text):
        try:
            code = compile(example.source, "<example>", "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        except SyntaxError:  # it is reported where it is run
            continue
        if code.co_flags & inspect.CO_COROUTINE:
            return True
    return False
