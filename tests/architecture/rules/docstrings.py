"""Rules about docstrings: names under ``Raises`` exist; operations state ``Atomicity`` and ``Cost``."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection
from importlib import import_module

from tests.architecture.rules.source import Module

__all__ = ["operation_violations", "raises_names", "raises_violations", "section_names"]

_QUEUE_ERRORS = frozenset({"Empty", "Full"})  # the standard library's
_BUILTIN_ERRORS = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
)
_Documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def raises_names(docstring: str) -> list[str]:
    """Return the names of the ``Raises`` section of a docstring."""
    return section_names(docstring, "Raises")


def section_names(docstring: str, title: str) -> list[str]:
    """Return the names that a section of a docstring lists, as ``Args`` and ``Raises`` do."""
    found = re.search(rf"^(?P<indent> *){title}:\s*$", docstring, re.MULTILINE)
    if found is None:
        return []
    outer = len(found["indent"])
    names: list[str] = []
    inner: int | None = None
    for line in docstring[found.end() :].splitlines()[1:]:
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent <= outer:
            break
        if not line.strip():
            continue
        inner = indent if inner is None else inner
        if indent == inner:
            names += [name.strip(" `") for name in line.split(":", 1)[0].split(",")]
    return names


def raises_violations(module: Module, errors: Collection[str]) -> list[str]:
    """Report names under ``Raises`` that are no builtin error, none of redicts, and not defined or imported there."""
    local = {node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            local |= {alias.asname or alias.name for alias in node.names}
    known = _BUILTIN_ERRORS | _QUEUE_ERRORS | set(errors) | local
    found = []
    for node in ast.walk(module.tree):
        if not isinstance(node, _Documented):
            continue
        found += [
            f"{module.name}:{getattr(node, 'name', '')} raises {name!r}, which does not exist"
            for name in raises_names(ast.get_docstring(node) or "")
            if name not in known and not _resolves(name)
        ]
    return found


def _resolves(name: str) -> bool:
    head, _, last = name.rpartition(".")
    return head in {"asyncio", "queue", "redis", "redis.exceptions"} and hasattr(import_module(head), last)


def operation_violations(module: Module) -> list[str]:
    """Report operations whose docstring lacks a line ``Atomicity:`` or ``Cost:``."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef) and any(
            ast.unparse(each).startswith("operation(") for each in node.decorator_list
        ):
            if node.name.startswith("_"):
                continue
            text = ast.get_docstring(node) or ""
            found += [
                f"{module.name}:{node.lineno} {node.name} has no line {word!r}"
                for word in ("Atomicity:", "Cost:")
                if not re.search(rf"^{word} \S", text, re.MULTILINE)
            ]
    return found
