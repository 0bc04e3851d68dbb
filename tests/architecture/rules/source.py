"""The package's source files, parsed; or sources made up by a test."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

__all__ = ["PACKAGE", "ROOT", "Module", "lua_files", "package_modules"]

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "redicts"


@dataclass(frozen=True)
class Module:
    """One Python file.

    Attributes:
        name: Dotted, as ``redicts.core.paths``; a package's ``__init__`` has the name of the package.
        text: Its source.
        is_package: Whether it is an ``__init__``.
    """

    name: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed source."""
        return ast.parse(self.text)

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def layer(self) -> str:
        """The first name below the package root: ``core``, ``proxy``; ``""`` for the root itself."""
        return [*self.name.split("."), ""][1]


@lru_cache(maxsize=1)
def package_modules() -> tuple[Module, ...]:
    """Return all modules of redicts."""
    modules = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        if is_package:
            parts.pop()
        modules.append(Module(".".join(parts), path.read_text(encoding="utf-8"), is_package))
    return tuple(modules)


def lua_files() -> list[Path]:
    """Return all scripts of redicts."""
    return sorted(PACKAGE.rglob("*.lua"))
