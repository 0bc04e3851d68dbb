"""Whether the commands that stand in pages exist: programs, ``make`` targets, commands and options of ``redicts``."""

from __future__ import annotations

import re
import shlex

import click

from tests.architecture.rules.source import ROOT
from tests.docs.markdown import Block

__all__ = ["faults", "lines", "redicts_commands"]

_PROGRAMS = {"cat", "cd", "cp", "echo", "export", "git", "kill", "pip", "pytest", "python", "python3", "wait"}
_SERVERS = {"redis-cli", "valkey-cli", "redis-server", "valkey-server"}


def lines(block: Block) -> list[str]:
    """Return the commands of a ``sh`` or ``console`` block, lines that go on joined."""
    text = block.text.replace("\\\n", " ")
    if block.language == "console":
        return [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def faults(line: str) -> list[str]:
    """Return what is wrong with a command line, which may be several commands."""
    found = []
    parser = shlex.shlex(line, posix=True, punctuation_chars=True)
    parser.whitespace_split = True
    command: list[str] = []
    for word in [*parser, ";"]:
        if word in {"&&", "||", "|", ";", "&"}:
            found += _fault(command, line) if command else []
            command = []
        else:
            command.append(word)
    return found


def _fault(words: list[str], line: str) -> list[str]:
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):  # a variable for this command
        words = words[1:]
    if not words:
        return []
    program, arguments = words[0].removeprefix(".venv/bin/"), words[1:]
    if program == "redicts":
        return [f"{fault}: {line}" for fault in _redicts_faults(arguments)]
    if program == "make":
        text = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = [word for word in arguments if "=" not in word]
        return [f"no target {name}: {line}" for name in targets if not re.search(rf"^{name}:", text, re.MULTILINE)]
    return [] if program in _PROGRAMS | _SERVERS else [f"unknown program {program}: {line}"]


def _redicts_faults(arguments: list[str]) -> list[str]:
    group = redicts_commands()
    command: click.Command | None = None
    options = _options(group) | {"--help"}
    found = []
    for word in arguments:
        if word.startswith("--"):
            if word.partition("=")[0] not in options:
                found.append(f"no option {word}")
        elif command is None and word in group.commands:
            command = group.commands[word]
            options |= _options(command)
    if command is None and not {"--help", "--version"} & set(arguments):
        found.append("no command of redicts")
    return found


def redicts_commands() -> click.Group:
    """Return the commands of ``redicts``."""
    from redicts.cli.commands import commands

    return commands


def _options(command: click.Command) -> set[str]:
    return {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
