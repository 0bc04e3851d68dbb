"""The tools of these tests find what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import commands, markdown, running
from tests.docs.session import Session, awaits

PAGE = """# A `title` of [two](x.md) words

(somewhere)=
See [this](other.md#part) and `[not](that.md)`.

<!-- file: a.py -->
```python
x = 1
```

1. Listed:

   ````text
   ```
   inner
   ```
   ````
"""


def test_the_parts_of_a_page() -> None:
    assert markdown.blocks(PAGE) == [
        markdown.Block("python", "x = 1\n", 8, "file: a.py"),
        markdown.Block("text", "```\ninner\n```\n", 14, ""),
    ]
    assert markdown.anchors(PAGE) == {"a-title-of-two-words", "somewhere"}
    assert [target for target, _ in markdown.links(PAGE)] == ["x.md", "other.md#part"]


def test_a_block_without_an_end_is_found() -> None:
    with pytest.raises(ValueError, match="line 2"):
        markdown.blocks("```python\nx = 1\n")


def test_names_stay_from_block_to_block() -> None:
    session = Session({})
    session.run(">>> x = 1\n", "first", "page.md", 1)
    session.run(">>> x\n1\n", "second", "page.md", 5)


@pytest.mark.parametrize(
    "text", [">>> 1 + 1\n3\n", ">>> nothing\n", ">>> int('x')\nTraceback (most recent call last):\nKeyError: 1\n"]
)
def test_a_wrong_example_is_found(text: str) -> None:
    with pytest.raises(AssertionError, match=r"page\.md"):
        Session({}).run(text, "page", "page.md", 7)


LOOP = """
>>> import asyncio
>>> task = asyncio.current_task()
>>> await asyncio.sleep(0, 7)
7
>>> async with asyncio.Lock():
...     task is asyncio.current_task()
True
>>> async def count():
...     yield 1
>>> [number async for number in count()]
[1]
>>> await missing
Traceback (most recent call last):
NameError: name 'missing' is not defined
"""


def test_examples_that_await_run_in_one_task() -> None:
    session = Session({}, in_loop=awaits(LOOP))
    session.run(LOOP, "first", "page.md", 1)
    session.run(">>> task is asyncio.current_task()\nTrue\n", "second", "page.md", 20)
    with pytest.raises(AssertionError, match=r"Expected:\s+8\s+Got:\s+7"):
        session.run(">>> await asyncio.sleep(0, 7)\n8\n", "third", "page.md", 30)
    session.close()


def test_what_awaits_in_a_function_only_needs_no_loop() -> None:
    assert not awaits(">>> async def f():\n...     await g()\n>>> x = 1\n")
    with pytest.raises(AssertionError, match="SyntaxError"):
        Session({}).run(">>> await g()\n", "page", "page.md", 1)


def test_consoles_compare_output_and_exit_code(tmp_path: Path) -> None:
    running.run_console("$ echo a b\na b\n$ exit 3\n[exit: 3]\n$ python -c 'print(1)'\n...\n", tmp_path)
    for wrong in ("$ echo a\nb\n", "$ exit 3\n", "$ echo a\n", "no prompt\n", "$ exit 1\n[exit: 2]\n"):
        with pytest.raises(AssertionError):
            running.run_console(wrong, tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "redicts gett a",
        "redicts get a --prety",
        "redicts --ulr redis://x get a",
        "redicts",
        "make nothing",
        "frobnicate --all",
        "make test && redicts nothing",
        "X=1 redicts nothing",
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    assert len(commands.faults(line)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "redicts --url redis://x get a --pretty",
        "redicts get a --embedded DIR",
        "redicts --help",
        "X=1 .venv/bin/redicts ping | cat",
        'make test ARGS="-n 0"',
        'redicts set a \'{"b": "x && y"}\'',
    ],
)
def test_a_command_that_exists_is_not(line: str) -> None:
    assert commands.faults(line) == []
