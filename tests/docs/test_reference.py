"""The reference is complete, and the documentation builds without a warning."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.rules.source import PACKAGE, ROOT
from tests.docs import commands, markdown

REFERENCE = sorted((ROOT / "docs" / "reference").glob("*.md"))


def directives() -> str:
    """Everything that stands in the reference's ``eval-rst`` blocks."""
    texts = [path.read_text(encoding="utf-8") for path in REFERENCE]
    return "".join(block.text for text in texts for block in markdown.blocks(text) if block.language == "{eval-rst}")


def members(cls: type) -> list[str]:
    """Return what users may call on a class."""
    return [name for name in dir(cls) if not name.startswith("_")]


def test_every_public_name_is_in_the_reference() -> None:
    import redicts

    text = directives()
    missing = [name for name in redicts.__all__ if not re.search(rf":: redicts\.{name}$", text, re.MULTILINE)]
    assert missing == []


def test_every_public_name_of_asyncio_is_in_the_reference() -> None:
    import redicts.aio

    text = directives()
    missing = [name for name in redicts.aio.__all__ if not re.search(rf":: redicts\.aio\.{name}\b", text)]
    assert missing == []


def listed(owner: str) -> set[str]:
    """Return the members of a class that the reference lists."""
    return set(re.findall(rf":: {re.escape(owner)}\.(\w+)$", directives(), re.MULTILINE))


@pytest.mark.parametrize("name", ["Proxy", "Pool", "Lock", "Lease", "Pipeline", "Deferred"])
def test_every_method_is_in_the_reference(name: str) -> None:
    import redicts

    found = listed(f"redicts.{name}")
    assert set(members(getattr(redicts, name))) - found == set()
    assert found <= set(dir(getattr(redicts, name)))


@pytest.mark.parametrize("name", ["Proxy", "Pool", "Lock", "Lease", "Pipeline"])
def test_what_asyncio_has_of_its_own_is_in_the_reference(name: str) -> None:
    import redicts.aio

    # What has the same name in both faces, and is an operation or common to both, is described once.
    cls, other = getattr(redicts.aio, name), getattr(redicts, name)
    found = listed(f"redicts.aio.{name}")
    own = {each for each in members(cls) if each in vars(cls) and each not in found}
    mounted = {each for each in own if inspect.getdoc(getattr(cls, each)) == inspect.getdoc(getattr(other, each, None))}
    assert own - mounted == set()
    assert set(members(cls)) <= found | set(members(other))
    assert found <= set(dir(cls))


def test_every_operation_states_atomicity_and_cost() -> None:
    from redicts import Proxy
    from redicts.core.operation import Operation

    operations = {
        name for cls in Proxy.__mro__ for name, value in vars(cls).items() if isinstance(value, Operation)
    } | {"set", "iter_children"}
    missing = [
        f"{name}: {word}"
        for name in sorted(operations)
        for word in ("Atomicity", "Cost")
        if not re.search(rf"^{word}: \S", inspect.getdoc(getattr(Proxy, name)) or "", re.MULTILINE)
    ]
    assert missing == []


def test_every_option_of_the_configuration_is_in_the_reference() -> None:
    from redicts.pool.options import OPTIONS

    text = (ROOT / "docs" / "reference" / "pool.md").read_text(encoding="utf-8")
    assert [name for name in OPTIONS if f"`{name}`" not in text] == []


def test_every_error_is_explained() -> None:
    from redicts import errors

    text = (ROOT / "docs" / "howto" / "errors.md").read_text(encoding="utf-8")
    assert [name for name in errors.__all__ if f"`{name}`" not in text] == []


def test_every_command_is_explained() -> None:
    text = (ROOT / "docs" / "howto" / "command_line.md").read_text(encoding="utf-8")
    assert [name for name in commands.redicts_commands().commands if f"`{name}" not in text] == []


def test_every_kind_of_fault_is_in_the_reference() -> None:
    lua = (PACKAGE / "core" / "prelude" / "faults.lua").read_text(encoding="utf-8")
    python = (PACKAGE / "tree" / "checking.py").read_text(encoding="utf-8")
    kinds = {*re.findall(r"fault\('([^']+)'", lua), *re.findall(r'Problem\("([^"]+)"', python)}
    text = (ROOT / "docs" / "reference" / "proxy.md").read_text(encoding="utf-8")
    assert len(kinds) > 5
    assert [kind for kind in kinds if f"| `{kind}` |" not in text] == []


def test_the_documentation_builds(tmp_path: Path) -> None:
    for needed in ("sphinx", "myst_parser", "furo"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed (extra docs)")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", str(tmp_path / "trees")]
    # Warnings of the tools' own making are no fault of a page.
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        [*command, str(ROOT / "docs"), str(tmp_path / "html")], capture_output=True, text=True, timeout=110
    )
    assert (done.returncode, done.stderr) == (0, "")
