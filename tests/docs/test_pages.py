"""What stands in the README and in the pages runs, and leads somewhere."""

from __future__ import annotations

import ast
import json
import re
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.architecture.rules.source import ROOT
from tests.docs import commands, markdown, running, session
from tests.support.servers import Server

PAGES = markdown.pages()
IDS = [path.relative_to(ROOT).as_posix() for path in PAGES]
RUN = [path for path in PAGES if re.search(r"^ *(>>> |\$ )", path.read_text(encoding="utf-8"), re.MULTILINE)]


@pytest.mark.parametrize("path", RUN, ids=[path.relative_to(ROOT).as_posix() for path in RUN])
def test_a_page_runs(path: Path, page_server: Server, tmp_path: Path) -> None:
    blocks = markdown.blocks(path.read_text(encoding="utf-8"))
    in_loop = any(session.awaits(block.text) for block in blocks if block.language == "python")
    with ExitStack() as processes:
        process = processes.enter_context(closing(session.Session({"__name__": "__main__"}, in_loop)))
        for block in blocks:
            if block.mark == "new process":
                processes.close()
                running.forget_configuration()
                process = processes.enter_context(closing(session.Session({"__name__": "__main__"}, in_loop)))
            if block.mark.startswith("file: "):
                (tmp_path / block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
            if block.language == "python" and ">>> " in block.text:
                process.run(block.text, path.name, str(path), block.line)
            elif block.language == "console":
                running.run_console(block.text, tmp_path)


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_blocks_can_be_read(path: Path) -> None:
    for block in markdown.blocks(path.read_text(encoding="utf-8")):
        if block.language == "python" and ">>> " not in block.text:
            ast.parse(block.text, f"{path}:{block.line}")
        elif block.language == "json":
            json.loads(block.text)
        elif block.language in {"sh", "console"}:
            assert [found for line in commands.lines(block) for found in commands.faults(line)] == []
        else:
            assert block.language in {"python", "text", "toml", "ini", "html", "{eval-rst}", "{toctree}"}, block


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_links_lead_somewhere(path: Path) -> None:
    dead = []
    for target, line in markdown.links(path.read_text(encoding="utf-8")):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (path.parent / name).resolve() if name else path
        known = markdown.anchors(place.read_text(encoding="utf-8")) if place.suffix == ".md" and place.is_file() else ()
        if not place.exists() or (anchor and anchor not in known):
            dead.append(f"{path.name}:{line} {target}")
    assert dead == []


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_no_page_speaks_of_this_machine(path: Path) -> None:
    found = re.findall(r"\S*(?:/home/|/root/|/Users/|/tmp/|/work/|C:\\)\S*", path.read_text(encoding="utf-8"))
    assert found == []


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = {(ROOT / "docs" / "index.md").resolve()}
    for path in PAGES:
        for block in markdown.blocks(path.read_text(encoding="utf-8")):
            if block.language == "{toctree}":
                listed |= {
                    (path.parent / f"{entry.removesuffix('.md')}.md").resolve()
                    for entry in block.text.split("\n")
                    if entry and not entry.startswith(":")
                }
    missing = [path.name for path in PAGES if "docs" in path.relative_to(ROOT).parts and path.resolve() not in listed]
    assert missing == []


def test_the_readme_has_the_two_commands() -> None:
    # Word for word: .ci/run takes the second from here, and a fresh machine must need nothing else.
    found = {block.mark: block.text for block in markdown.blocks((ROOT / "README.md").read_text(encoding="utf-8"))}
    make = "python3 -m venv .venv && .venv/bin/pip install "
    assert found["demo command"] == f'{make}".[cli,server]" && .venv/bin/redicts demo\n'
    assert found["test command"] == f"{make}-r test_requirements.txt && .venv/bin/pytest\n"
