"""Loading scripts: the prelude's parts stand before their users, once each; the SHA names the whole."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from redicts.core.kinds import lua_table
from redicts.core.scripts import load

TREE = sorted(path.name.removesuffix(".lua") for path in files("redicts.tree").iterdir() if path.name.endswith(".lua"))
PARTS = {
    path.name.removesuffix(".lua"): path.read_text().replace("  -- Kinds", lua_table())
    for path in files("redicts.core.prelude").iterdir()
    if path.name.endswith(".lua")
}


def bare(text: str) -> str:
    """What the server is sent of it: no comments of whole lines, no empty lines."""
    return re.sub(r"^\s*(--.*)?\n", "", text + "\n", flags=re.MULTILINE).rstrip("\n")


BARE = {name: bare(text) for name, text in PARTS.items()}
Package = Callable[..., str]


def needs(text: str) -> list[str]:
    found = re.search(r"^-- Needs: (.+)$", text, re.MULTILINE)
    return found.group(1).split(", ") if found else []


def first(text: str) -> list[str]:
    return re.findall(r"^-- First: (\w+)$", text, re.MULTILINE)


def closure(text: str) -> set[str]:
    """Everything that a text needs, by itself or by what it needs."""
    found: set[str] = set()
    pending = needs(text)
    while pending:
        part = pending.pop()
        if part not in found:
            found.add(part)
            pending += needs(PARTS[part])
    return found


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """``package(name=text, ...)``: makes a package with these scripts and gives its name."""

    def make(**scripts: str) -> str:
        name = f"scripts_of_{tmp_path.name.replace('-', '_')}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        for script, text in scripts.items():
            (tmp_path / name / f"{script}.lua").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return make


@pytest.mark.parametrize("name", TREE)
def test_every_part_stands_once_and_after_what_it_needs(name: str) -> None:
    text = load("redicts.tree", name).text
    source = (files("redicts.tree") / f"{name}.lua").read_text()
    places = {part: text.find(BARE[part]) for part in PARTS if BARE[part] in text}
    assert set(places) == closure(source) | {*first(source)}
    for part, place in places.items():
        assert text.count(BARE[part]) == 1
        assert all(places[needed] < place for needed in needs(PARTS[part]))


@pytest.mark.parametrize("name", TREE)
def test_a_script_is_whole_and_named_by_its_sha(name: str) -> None:
    script = load("redicts.tree", name)
    source = (files("redicts.tree") / f"{name}.lua").read_text()
    before, _, after = source.rpartition("-- Prelude\n")
    assert script.name == name
    assert bare(before) in script.text
    assert script.text.endswith(bare(after))
    assert not re.search(r"^\s*(--|$)", script.text, re.MULTILINE), "what only people read is not sent"
    assert script.sha == hashlib.sha1(script.text.encode()).hexdigest()
    assert re.fullmatch("[0-9a-f]{40}", script.sha)
    assert load("redicts.tree", name) is script


def test_scripts_have_names_of_their_own() -> None:
    shas = {load("redicts.tree", name).sha for name in TREE}
    assert len(TREE) >= 12
    assert len(shas) == len(TREE)


def test_the_prelude_goes_where_the_script_says(package: Package) -> None:
    name = package(
        low="-- low\n-- Needs: clock\n\nreturn 1\n-- Prelude\n\nreturn 2\n", high="-- high\n-- Needs: clock\nreturn 3\n"
    )
    low, high = load(name, "low").text, load(name, "high").text
    assert low.index("return 1") < low.index("local function now_ms") < low.index("return 2")
    assert "-- Prelude" not in low
    assert high.index("local function now_ms") < high.index("return 3")


def test_what_a_script_names_first_stands_before_all(package: Package) -> None:
    name = package(made="-- made\n-- First: proof\n-- Needs: clock\n\nreturn guard\n-- Prelude\n\nreturn 2\n")
    text = load(name, "made").text
    assert text.startswith(BARE["proof"] + "\nreturn guard\nlocal NONE")
    assert text.count("local guard") == 1


def test_a_script_without_needs_stands_alone(package: Package) -> None:
    name = package(alone="-- alone: é\n\nreturn 'é' -- 1\n")
    script = load(name, "alone")
    assert script.text == "return 'é' -- 1"
    assert script.sha == hashlib.sha1(script.text.encode("utf-8")).hexdigest()


def test_what_is_not_there_is_said(package: Package) -> None:
    name = package(lost="-- Needs: nonsense\nreturn 1\n")
    with pytest.raises(FileNotFoundError, match=r"nonsense\.lua"):
        load(name, "lost")
    with pytest.raises(FileNotFoundError, match=r"nothing\.lua"):
        load(name, "nothing")
