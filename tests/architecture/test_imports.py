"""Imports point down only, nobody imports the package root, and only some layers know redis."""

from __future__ import annotations

import pytest

from tests.architecture.rules import imports
from tests.architecture.rules.source import Module, package_modules


def test_imports_point_down() -> None:
    assert imports.direction_violations(package_modules()) == []


def test_nobody_imports_the_package_root() -> None:
    assert imports.root_violations(package_modules()) == []


def test_only_some_layers_import_what_is_not_ours() -> None:
    assert imports.third_party_violations(package_modules()) == []


def test_no_import_cycles() -> None:
    assert imports.cycles(package_modules()) == []


# -- the rules themselves ------------------------------------------------------------------------------------------

PATHS = Module("redicts.core.paths", "")
TREE = Module("redicts.tree.place", "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("redicts.core.keys", "from redicts.tree.place import Place"),
        ("redicts.core.keys", "from redicts.tree import place"),
        ("redicts.core.keys", "from ..tree import place"),
        ("redicts.core.keys", "import redicts.runners.sync as sync"),
        ("redicts.core.keys", "def late():\n    from redicts.pool import Pool"),
        ("redicts.core.keys", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from redicts.proxy import P"),
        ("redicts.tree.x", "from redicts.runners.sync import SyncRunner"),
        ("redicts.tree.x", "from redicts.locks.rules import free"),
        ("redicts.runners.sync", "from redicts.pool.pool import Pool"),
        ("redicts.pool.pool", "from redicts.tree.place import Place"),
        ("redicts.errors", "from redicts.core.paths import dotted"),
        ("redicts.proxy", "from redicts.cli.main import main"),
        ("redicts.pipeline", "from redicts.proxy import Proxy"),
        ("redicts.faces.x", "from redicts.pipeline import Pipeline"),
        ("redicts.faces.x", "from redicts.aio.proxy import Proxy"),
        ("redicts.runners.pipeline", "from redicts.faces.queued import QueuedProxy"),
        ("redicts.proxy", "from redicts.aio.proxy import Proxy"),
        ("redicts.aio.proxy", "from redicts.proxy import Proxy"),
        ("redicts.aio.proxy", "from redicts.lockable import Lease"),
        ("redicts.aio.pipeline", "from redicts.pipeline import Pipeline"),
        ("redicts.surprise", ""),
    ],
)
def test_an_import_upwards_is_found(name: str, text: str) -> None:
    assert len(imports.direction_violations([Module(name, text), PATHS, TREE])) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("redicts.core.keys", "from redicts.core.paths import dotted\nfrom . import paths\nfrom redicts import errors"),
        ("redicts.tree.x", "from redicts.core import paths\nfrom redicts.errors import PathError\nimport json"),
        ("redicts.pool.x", "from redicts.runners.sync import SyncRunner"),
        (
            "redicts.faces.x",
            "from redicts.tree.x import X\nfrom redicts.locks import l\nfrom redicts.pool import P",
        ),
        ("redicts.aio.proxy", "from redicts.faces.x import X\nfrom redicts.aio.lock import Lock"),
        ("redicts.lockable", "from redicts.pipeline import Pipeline\nfrom redicts.faces.x import X"),
        ("redicts.proxy", "from redicts.tree.x import X\nfrom redicts.pool.x import Pool\nfrom redicts.locks import l"),
        ("redicts.cli.main", "from redicts.proxy import Proxy\nfrom redicts.cli import output"),
    ],
)
def test_an_import_downwards_is_allowed(name: str, text: str) -> None:
    known = [PATHS, TREE, Module("redicts.errors", ""), Module("redicts.cli.output", "")]
    assert imports.direction_violations([Module(name, text), *known]) == []


@pytest.mark.parametrize(
    "text",
    [
        "import redicts",
        "import redicts as r",
        "import redicts.core.paths",
        "from redicts import Proxy",
        "from redicts import errors",
        "from .. import errors",
        "def late():\n    import redicts",
    ],
)
def test_an_import_of_the_root_is_found(text: str) -> None:
    assert len(imports.root_violations([Module("redicts.tree.x", text)])) == 1


@pytest.mark.parametrize("text", ["from redicts.core import paths", "import redicts.core.paths as p", "import json"])
def test_other_imports_are_no_imports_of_the_root(text: str) -> None:
    assert imports.root_violations([Module("redicts.tree.x", text)]) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("redicts.core.keys", "import redis"),
        ("redicts.tree.x", "from redis.exceptions import ResponseError"),
        ("redicts.proxy", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import redis"),
        ("redicts.aio.proxy", "import redis.asyncio"),
        ("redicts.faces.x", "from typing_extensions import Self"),
        ("redicts.pipeline", "from redis.client import Pipeline"),
        ("redicts.errors", "import redis"),
        ("redicts.errors", "from redis import exceptions"),
        ("redicts.errors", "import redis.client"),
        ("redicts.runners.sync", "import fakeredis"),
        ("redicts.runners.sync", "import redistimeseries"),
        ("redicts.pool.x", "import click"),
        ("redicts", "import redis"),
    ],
)
def test_an_import_from_outside_is_found(name: str, text: str) -> None:
    assert len(imports.third_party_violations([Module(name, text)])) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("redicts.errors", "import redis.exceptions\nfrom redis.exceptions import ConnectionError"),
        ("redicts.runners.sync", "import redis\nfrom redis.connection import Connection"),
        ("redicts.pool.fake", "def f():\n    import fakeredis"),
        ("redicts.core.x", "import json, os.path\nfrom collections.abc import Iterator\nfrom . import keys"),
    ],
)
def test_an_import_from_outside_where_it_belongs_is_allowed(name: str, text: str) -> None:
    assert imports.third_party_violations([Module(name, text)]) == []


def test_cycles_are_found_through_functions_and_packages() -> None:
    modules = [
        Module("redicts.a", "from redicts.b import x"),
        Module("redicts.b", "def late():\n    from redicts.c import y"),
        Module("redicts.c", "from redicts import a", is_package=True),
        Module("redicts.d", "from redicts.a import z"),
        Module("redicts", "", is_package=True),
    ]
    assert imports.cycles(modules) == [["redicts.a", "redicts.b", "redicts.c"]]
    assert imports.cycles([modules[0], modules[3]]) == []
