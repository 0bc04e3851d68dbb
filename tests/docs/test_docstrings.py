"""The examples in the package's docstrings run, each on an empty tree."""

from __future__ import annotations

import ast
import asyncio
import importlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from tests.architecture.rules.source import PACKAGE, Module, package_modules
from tests.docs.session import Session, awaits
from tests.support.servers import Server


class Example(NamedTuple):
    """A docstring with examples."""

    name: str
    text: str
    line: int


def examples(module: Module) -> Iterator[Example]:
    """Read the docstrings of a module from its source: doctest's own finder sees no operations."""
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node) or ""
            if ">>> " in text:
                yield Example(getattr(node, "name", module.name), text, node.body[0].lineno)


MODULES = [module for module in package_modules() if any(examples(module))]


@pytest.mark.parametrize("module", MODULES, ids=[module.name for module in MODULES])
def test_examples_run(module: Module, page_server: Server) -> None:
    import redicts
    import redicts.aio

    path = PACKAGE.parent / f"{module.name.replace('.', '/')}{'/__init__' if module.is_package else ''}.py"
    client = page_server.client()
    for name, text, line in examples(module):
        client.flushall()  # a server of this test's own
        public: dict[str, Any] = {each: getattr(redicts, each) for each in redicts.__all__}
        modules = {"redicts": redicts, "aio": redicts.aio, "asyncio": asyncio}
        own = vars(importlib.import_module(module.name))
        with closing(Session({**public, **modules, **own}, awaits(text))) as session:
            session.run(text, name, str(path), line)
    client.close()


def test_operations_have_examples() -> None:
    """What users call shows how."""
    from redicts import Proxy

    shown = {example.name for module in MODULES for example in examples(module)}
    helpers = {"begin_walk", "walk_on", "path", "name", "parent", "key"}
    assert {name for name in dir(Proxy) if not name.startswith("_")} - shown - helpers == set()
