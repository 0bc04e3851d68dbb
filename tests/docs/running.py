"""Runs the commands that stand in pages, as they stand there. (Examples: ``session.py``.)"""

from __future__ import annotations

import doctest
import io
import os
import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from tests.docs.session import OPTIONS

__all__ = ["forget_configuration", "run_console"]

_SECONDS = 60


def forget_configuration() -> None:
    """Make the pool as it is in a new process: ``Pool(cfg)`` is for the first use."""
    from redicts import Pool

    Pool().reload(cfg={})


def run_console(text: str, folder: Path) -> None:
    """Run each ``$ command`` of a block, and compare what it writes.

    Raises:
        AssertionError: The output differs.
    """
    for command, expected in _commands(text):
        words = shlex.split(command)
        plain = words[0] == "redicts" and not {"|", "&", "<", ">"} & set(words)
        written, code = _call_redicts(words[1:]) if plain else _call_shell(command, folder)
        got = written + (f"[exit: {code}]\n" if code else "")
        checker = doctest.OutputChecker()
        flags = OPTIONS | doctest.NORMALIZE_WHITESPACE
        if not checker.check_output(expected, got, flags):
            difference = checker.output_difference(doctest.Example(command, expected), got, flags)
            raise AssertionError(f"$ {command}\n{difference}")


def _call_redicts(arguments: list[str]) -> tuple[str, int]:
    """Run ``redicts`` in this process: starting Python for each command would be most of the time of these tests."""
    from redicts.cli import main

    out = io.StringIO()
    forget_configuration()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            code: Any = main(arguments)
        except SystemExit as ending:
            code = ending.code
    forget_configuration()
    return out.getvalue(), int(code or 0)


def _call_shell(command: str, folder: Path) -> tuple[str, int]:
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
    )
    return done.stdout, done.returncode


def _commands(text: str) -> list[tuple[str, str]]:
    found: list[tuple[list[str], list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif not found:
            raise AssertionError(f"a console block begins with '$ ', not with {line!r}")
        elif line.startswith("> ") and not found[-1][1]:
            found[-1][0].append(line[2:])
        else:
            found[-1][1].append(line)
    return [("\n".join(command), "".join(f"{line}\n" for line in output)) for command, output in found]


def _environment(folder: Path) -> dict[str, str]:
    """The test's; this Python and the ``redicts`` of this checkout come first, whether it is installed or not."""
    programs = folder.with_name(f"{folder.name}-programs")
    programs.mkdir(exist_ok=True)
    for name, arguments in (("python", ""), ("redicts", " -m redicts")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
        program.chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ.get("PATH", "")])
    root = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PATH": path, "PYTHONPATH": root, "COLUMNS": "120", "NO_COLOR": "1"}
