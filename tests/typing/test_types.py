"""mypy --strict and pyright over the files of this folder: what is right passes, and each mistake is reported."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "typing"
NAMES = ["faces", "public", "awaited", "deferred", "mistakes", *sorted(path.stem for path in HERE.glob("leaf_*.py"))]
CLEAN = [str(HERE / f"{name}.py") for name in NAMES]
BARE = "bare.py"
"""``mistakes.py`` without its comments is called so: all that it holds is to be reported."""

EXPECTED = re.compile(r"  # type: ignore\[([\w-]+)\](?:  # (\w+))?|  # pyright: ignore\[(\w+)\]")


class Report(NamedTuple):
    """What a tool said: (file, line, code) of its errors, and its whole output."""

    errors: set[tuple[str, int, str]]
    output: str


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=110)


def run_mypy(*paths: str) -> Report:
    """Run it with the settings of pyproject.toml, which say strict."""
    pytest.importorskip("mypy")
    done = run("mypy", "--no-error-summary", "--hide-error-context", *paths)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.findall(r"^(.+?):(\d+)(?::\d+)?: error: .*?  \[([\w-]+)\]$", done.stdout, re.MULTILINE)
    return Report({(Path(path).name, int(line), code) for path, line, code in found}, done.stdout)


def run_pyright(*paths: str) -> Report:
    """Run it with the settings of pyproject.toml."""
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed")
    done = run("pyright", "--pythonpath", sys.executable, "--outputjson", *paths)
    try:
        diagnostics = json.loads(done.stdout)["generalDiagnostics"]
    except (ValueError, KeyError):
        pytest.skip(
            f"pyright cannot run here (it brings its own node, or fetches it): {(done.stderr or done.stdout)[-300:]}"
        )
    errors = {
        (Path(found["file"]).name, found["range"]["start"]["line"] + 1, found.get("rule", "")) for found in diagnostics
    }
    lines = [f"{found['file']}:{found['range']['start']['line'] + 1}: {found['message']}" for found in diagnostics]
    return Report(errors, "\n".join(lines))


TOOLS: dict[str, Callable[..., Report]] = {"mypy": run_mypy, "pyright": run_pyright}


@pytest.fixture(scope="module", params=TOOLS)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Report]:
    """A tool, and what it says of all files: starting it, and reading the package, take most of its time."""
    bare = tmp_path_factory.mktemp("mistakes") / BARE
    _ = bare.write_text(EXPECTED.sub("", (HERE / "mistakes.py").read_text()))
    return request.param, TOOLS[request.param](*CLEAN, str(bare))


def expected(tool: str) -> set[tuple[str, int, str]]:
    """What ``mistakes.py`` says that the tool reports."""
    found: set[tuple[str, int, str]] = set()
    for number, line in enumerate((HERE / "mistakes.py").read_text().splitlines(), 1):
        if comment := EXPECTED.search(line):
            code = comment.group(1) if tool == "mypy" else comment.group(2) or comment.group(3)
            found |= {(BARE, number, code)} if code and code != "none" else set()
    return found


def test_the_faces_have_the_types_they_promise(found: tuple[str, Report]) -> None:
    _, report = found
    assert not {error for error in report.errors if error[0] != BARE}, report.output


def test_mistakes_are_reported(found: tuple[str, Report]) -> None:
    tool, report = found
    reported = {error for error in report.errors if error[0] == BARE}
    missed = expected(tool) - reported
    assert not missed, report.output
    lines = {line for _, line, _ in expected(tool)}
    # pyright reports some mistakes twice, and every result that is not used.
    more = {error for error in reported if error[1] not in lines and error[2] != "reportUnusedCallResult"}
    assert not more, report.output


def test_the_mistakes_are_there() -> None:
    assert len(expected("mypy")) >= 70
    assert len(expected("pyright")) >= 70
    for tool, code in (("mypy", "unused-coroutine"), ("pyright", "reportUnusedCoroutine")):
        assert code in {error[2] for error in expected(tool)}
