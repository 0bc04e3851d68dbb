"""Makes a module of CPython's tests once more, with something else in the place of the builtin that it tests."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

import pytest

__all__ = ["made_again"]


def made_again(
    name: str, names: Mapping[str, Any], meanwhile: AbstractContextManager[object] | None = None
) -> ModuleType:
    """Run a module of the ``test`` package in a namespace of its own. Skips where this Python came without its tests.

    Args:
        name: As ``test.test_list``.
        names: What is in its namespace from the start: it counts more than builtins.
        meanwhile: What it runs in.
    """
    _ = pytest.importorskip("test.list_tests")
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        pytest.skip(f"this Python came without {name}", allow_module_level=True)
    code = SourceFileLoader(name, spec.origin).get_code(name)  # not pytest's loader, which works in Python itself
    module = importlib.util.module_from_spec(spec)
    vars(module).update(names)
    assert code is not None
    with meanwhile or nullcontext():
        exec(code, vars(module))
    return module
