"""Makes a module of CPython's tests once more, with some of its classes rewritten.

In ``test.test_dict`` most dicts are displays (``{1: 2}``), which no other name for ``dict`` reaches; and some tests
ask, among much else, one thing that cannot apply. So displays become calls, and statements are dropped, each for a
reason.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

__all__ = ["Drops", "rewritten"]

Drops = Mapping[str, Mapping[str, str]]
"""For each test: what the statements hold that are dropped from it, and why they are."""

NodeT = TypeVar("NodeT", bound=ast.AST)


def rewritten(
    name: str, classes: tuple[str, ...], names: Mapping[str, Any], dropped: Drops, displays: str | None = None
) -> ModuleType:
    """Run a module of the ``test`` package in a namespace of its own. Skips where this Python came without its tests.

    Args:
        name: As ``test.test_dict``.
        classes: Those that are rewritten.
        names: What counts more than builtins, and than what the module imports.
        dropped: Statements that are left out.
        displays: The name of what displays of dicts are given to; ``None``: they stay.
    """
    _ = pytest.importorskip("test.mapping_tests")
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        pytest.skip(f"this Python came without {name}", allow_module_level=True)
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    rewriter = _Rewriter(dropped, displays)
    tree.body = [
        rewriter.visit(each) if isinstance(each, ast.ClassDef) and each.name in classes else each for each in tree.body
    ]
    module = importlib.util.module_from_spec(spec)
    vars(module).update(names)
    exec(compile(ast.fix_missing_locations(tree), spec.origin, "exec"), vars(module))
    vars(module).update(names)
    return module


class _Rewriter(ast.NodeTransformer):
    def __init__(self, dropped: Drops, displays: str | None) -> None:
        self._dropped = dropped
        self._displays = displays
        self._unwanted: tuple[str, ...] = ()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before = self._unwanted
        self._unwanted = (*before, *self._dropped.get(node.name, ()))
        _ = self.generic_visit(node)
        self._unwanted = before
        return node

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.With)):
            text = "".join(map(ast.unparse, node.items if isinstance(node, ast.With) else [node]))
            if any(each in text for each in self._unwanted):
                return ast.copy_location(ast.Pass(), node)
        return super().visit(node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        return self._given(node)  # what is in it stays: it is a value

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        return self._given(node)

    def _given(self, node: ast.expr) -> ast.AST:
        if self._displays is None:
            return node
        return ast.copy_location(ast.Call(ast.Name(self._displays, ast.Load()), [node], []), node)
