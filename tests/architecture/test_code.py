"""Statements, names and sizes."""

from __future__ import annotations

import pytest

from tests.architecture.rules import code
from tests.architecture.rules.source import PACKAGE, ROOT, Module, package_modules


def test_no_assert_and_no_bare_except() -> None:
    assert [found for module in package_modules() for found in code.statement_violations(module)] == []


def test_all_is_there_and_sorted() -> None:
    assert [found for module in package_modules() for found in code.all_violations(module)] == []


def test_nothing_is_named_like_a_builtin() -> None:
    assert [found for module in package_modules() for found in code.builtin_name_violations(module)] == []


def test_files_are_short() -> None:
    assert [found for module in package_modules() for found in code.size_violations(module)] == []


def test_no_generator_is_dropped() -> None:
    assert code.dropped_generator_violations(package_modules()) == []


def test_every_folder_with_python_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


# -- the rules themselves ------------------------------------------------------------------------------------------


def made(text: str) -> Module:
    return Module("redicts.made", text)


@pytest.mark.parametrize(
    "text",
    [
        "assert x",
        "def f():\n    assert x",
        "try:\n    f()\nexcept:\n    pass",
        "try:\n    f()\nexcept BaseException:\n    pass",
        "try:\n    f()\nexcept (ValueError, BaseException) as e:\n    log(e)",
    ],
)
def test_a_bad_statement_is_found(text: str) -> None:
    assert len(code.statement_violations(made(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept BaseException:\n    undo()\n    raise",
        "try:\n    f()\nexcept BaseException as e:\n    raise Other from e",
        "try:\n    f()\nexcept ValueError:\n    pass",
    ],
)
def test_a_good_statement_is_not(text: str) -> None:
    assert code.statement_violations(made(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "__all__ = ['b', 'a']\na = b = 1",
        "__all__ = ['a', 'B', 'Cd']\na = 1\nclass B: ...\nclass Cd: ...",
        "__all__ = ['a', 'a']\na = 1",
        "__all__ = ['a', 'b']\na = 1",
        "def public(): ...",
        "class Public: ...",
    ],
)
def test_a_bad_all_is_found(text: str) -> None:
    assert len(code.all_violations(made(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "__all__ = ['MAX', 'B', 'Bc2', 'Bc10', 'a']\nfrom x import B, a\nMAX: int = 1\nclass Bc2: ...\nclass Bc10: ...",
        "__all__ = ['f', 'g']\ntry:\n    import x\nexcept ImportError:\n    f = 1\nelse:\n    def g(): ...",
        "def _private(): ...\nT = 1",
        "",
    ],
)
def test_a_good_all_is_not(text: str) -> None:
    assert code.all_violations(made(text)) == []


def test_a_builtin_name_is_found() -> None:
    assert len(code.builtin_name_violations(made("class TimeoutError(Exception): ..."))) == 1
    assert len(code.builtin_name_violations(made("def open(): ..."))) == 1
    assert code.builtin_name_violations(made("class LockTimeout(Exception):\n    def open(self): ...")) == []


def test_a_long_file_is_found() -> None:
    assert code.size_violations(made("\n" * code.MAX_LINES)) == []
    assert len(code.size_violations(made("\n" * (code.MAX_LINES + 1)))) == 1


DROPPING = """
def step(x) -> Op[int]:
    yield x

class Tree:
    def _inner(self) -> Generator[int, int, int]:
        yield 1

    @operation(idempotent=True)
    def add(self) -> Op[int]:
        {statement}
        return 1
"""


@pytest.mark.parametrize("statement", ["step(1)", "self._inner()"])
def test_a_dropped_generator_is_found(statement: str) -> None:
    assert len(code.dropped_generator_violations([made(DROPPING.format(statement=statement))])) == 1


@pytest.mark.parametrize(
    "statement", ["yield from step(1)", "x = self._inner()", "seen.add(1)", "seen.step(1)", "yield from self._inner()"]
)
def test_a_generator_that_is_run_is_not(statement: str) -> None:
    assert code.dropped_generator_violations([made(DROPPING.format(statement=statement))]) == []
