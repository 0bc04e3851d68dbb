"""Rules about single statements and names: no assert, no bare except, sorted ``__all__``, no dropped generator."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable
from typing import TypeGuard

from tests.architecture.rules.source import Module

__all__ = [
    "MAX_LINES",
    "all_violations",
    "builtin_name_violations",
    "dropped_generator_violations",
    "size_violations",
    "sort_key",
    "statement_violations",
]

MAX_LINES = 400


def statement_violations(module: Module) -> list[str]:
    """Report ``assert``, bare ``except``, and ``except BaseException`` that does not raise again."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assert):
            found.append(f"{module.name}:{node.lineno} assert: users' mistakes get errors, and -O removes it")
        elif isinstance(node, ast.ExceptHandler):
            caught = set() if node.type is None else {ast.unparse(part) for part in _parts(node.type)}
            if node.type is None:
                found.append(f"{module.name}:{node.lineno} bare except")
            elif "BaseException" in caught and not _raises_again(node):
                found.append(f"{module.name}:{node.lineno} except BaseException without raise")
    return found


def _parts(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) or any(
        isinstance(node, ast.Raise) and node.exc is None for statement in handler.body for node in ast.walk(statement)
    )


def sort_key(name: str) -> tuple[int, list[tuple[int, str]]]:
    """Order names as ruff's RUF022 does: CONSTANTS, then Classes, then the rest; numbers by value."""
    if len(name) > 1 and name.isupper():
        group = 0
    elif name[:1].isupper():
        group = 1
    else:
        group = 2
    parts = re.findall(r"\d+|\D+", name)
    return group, [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def all_violations(module: Module) -> list[str]:
    """Report an ``__all__`` that is missing, unsorted, doubled, or names what is not there."""
    names: list[str] | None = None
    line = 0
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            names, line = list(ast.literal_eval(node.value)), node.lineno
    if names is None:
        public = [name for name in _defined(module) if not _is_unlisted(name)]
        return [f"{module.name} has no __all__ for {', '.join(sorted(public))}"] if public else []
    found = []
    if names != sorted(names, key=sort_key):
        found.append(f"{module.name}:{line} __all__ is not sorted: {sorted(names, key=sort_key)}")
    if len(set(names)) != len(names):
        found.append(f"{module.name}:{line} __all__ names something twice")
    missing = set(names) - _defined(module) - _imported(module)
    if missing:
        found.append(f"{module.name}:{line} __all__ names what is not there: {sorted(missing)}")
    return found


def _defined(module: Module) -> set[str]:
    names = set()
    waiting: list[ast.stmt] = list(module.tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.If, ast.Try)):
            handlers = node.handlers if isinstance(node, ast.Try) else []
            waiting += [*node.body, *node.orelse, *(each for handler in handlers for each in handler.body)]
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def _is_unlisted(name: str) -> bool:
    # Type variables are written without an underscore and yet belong to nobody's interface.
    return name.startswith("_") or re.fullmatch(r"[A-Z]|[A-Z]\w*T|[A-Z]_co|[A-Z]_contra", name) is not None


def _imported(module: Module) -> set[str]:
    names = set()
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def builtin_name_violations(module: Module) -> list[str]:
    """Report classes and functions at the top level that are named like a builtin."""
    return [
        f"{module.name}:{node.lineno} {node.name} is named like a builtin"
        for node in module.tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and hasattr(builtins, node.name)
    ]


def size_violations(module: Module) -> list[str]:
    """Report a file that should have been split."""
    lines = len(module.text.splitlines())
    return [f"{module.name} has {lines} lines, at most {MAX_LINES}"] if lines > MAX_LINES else []


def dropped_generator_violations(modules: Iterable[Module]) -> list[str]:
    """Report calls of generator functions whose result is dropped: a forgotten ``yield from`` does nothing, silently.

    Goes by names: of module-level functions called by name, and of methods called on ``self`` in the same class.
    """
    modules = list(modules)
    names = {node.name for module in modules for node in module.tree.body if _is_generator(node)}
    found = []
    for module in modules:
        found += [f"{module.name}:{line} drops {name}(...)" for line, name in _dropped(module.tree, names, "")]
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                methods = {item.name for item in node.body if _is_generator(item) and not _is_operation(item)}
                dropped = _dropped(node, methods, "self.")
                found += [f"{module.name}:{line} drops self.{name}(...)" for line, name in dropped]
    return found


def _is_generator(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    if not isinstance(node, ast.FunctionDef) or node.returns is None:
        return False
    return re.match(r"(\w+\.)?(Op|Generator|Iterator)\[", ast.unparse(node.returns).strip("'\"")) is not None


def _is_operation(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(each).partition("(")[0] in {"operation", "contextmanager"} for each in node.decorator_list
    )


def _dropped(tree: ast.AST, names: set[str], prefix: str) -> list[tuple[int, str]]:
    return [
        (node.lineno, name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        for name in [ast.unparse(node.value.func).removeprefix(prefix)]
        if name in names and ast.unparse(node.value.func) == prefix + name
    ]
