"""The tools of these tests find what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.docs import commands, markdown, running

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
    names: dict[str, Any] = {}
    running.run_doctest(">>> x = 1\n", names, "first", "page.md", 1)
    running.run_doctest(">>> x\n1\n", names, "second", "page.md", 5)


@pytest.mark.parametrize(
    "text", [">>> 1 + 1\n3\n", ">>> nothing\n", ">>> int('x')\nTraceback (most recent call last):\nKeyError: 1\n"]
)
def test_a_wrong_example_is_found(text: str) -> None:
    with pytest.raises(AssertionError, match=r"page\.md"):
        running.run_doctest(text, {}, "page", "page.md", 7)


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
