"""What is installed: metadata from ``setup.py`` alone, every script and ``py.typed`` in the wheel and the sdist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import types
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.rules.source import PACKAGE, ROOT

NEEDED_TO_BUILD = (
    "setup.py",
    "pyproject.toml",
    "MANIFEST.in",
    "requirements.txt",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
)


def package_files() -> set[str]:
    """Every file that an installed redicts needs, by its path below the repository."""
    wanted = [path for end in ("*.py", "*.lua", "py.typed") for path in PACKAGE.rglob(end)]
    return {path.relative_to(ROOT).as_posix() for path in wanted}


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What ``setup.py`` hands to setuptools; no setuptools needed."""
    handed: dict[str, Any] = {}
    stand_in = types.ModuleType("setuptools")
    stand_in.setup = handed.update  # type: ignore[attr-defined]
    stand_in.find_packages = lambda include: include  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "setuptools", stand_in)
    source = (ROOT / "setup.py").read_text(encoding="utf-8")
    exec(compile(source, str(ROOT / "setup.py"), "exec"), {"__file__": str(ROOT / "setup.py"), "__name__": "setup"})
    return handed


def test_the_version_is_the_packages(metadata: dict[str, Any]) -> None:
    import redicts

    assert metadata["version"] == redicts.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+([ab]\d+|rc\d+)?", redicts.__version__)


def test_requirements_come_from_their_file(metadata: dict[str, Any]) -> None:
    names = [re.split(r"[\[<>=]", line)[0] for line in metadata["install_requires"]]
    assert names == ["redis", "fakeredis"]


def test_all_holds_every_extra(metadata: dict[str, Any]) -> None:
    extras = metadata["extras_require"]
    assert set(extras) == {"bloom", "cli", "server", "pydantic", "docs", "all"}
    assert set(extras["all"]) == {each for name, listed in extras.items() if name != "all" for each in listed}


def test_the_command_exists(metadata: dict[str, Any]) -> None:
    pytest.importorskip("click")
    (line,) = metadata["entry_points"]["console_scripts"]
    module, _, name = line.split("=")[1].strip().partition(":")
    assert callable(getattr(__import__(module, fromlist=[name]), name))


def test_wheel_and_sdist_hold_every_file(tmp_path: Path) -> None:
    pytest.importorskip("setuptools")
    if tuple(map(int, version("setuptools").split(".")[:2])) < (70, 1):
        pytest.skip("this setuptools needs the wheel package to build one")
    for name in NEEDED_TO_BUILD:
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(PACKAGE, tmp_path / "redicts", ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        "from setuptools.build_meta import __legacy__ as backend\n"
        "print(backend.build_sdist('out'))\n"
        "print(backend.build_wheel('out'))\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, timeout=100)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert package_files() - set(archive.namelist()) == set()
        assert not [name for name in archive.namelist() if name.startswith(("tests", "benchmarks", "docs"))]
    (sdist,) = (tmp_path / "out").glob("*.tar.gz")
    with tarfile.open(sdist) as archive_of_source:
        held = {name.partition("/")[2] for name in archive_of_source.getnames()}
    assert (package_files() | set(NEEDED_TO_BUILD)) - held == set()
