"""Running one script with raw KEYS and ARGV, on a real server: what a script promises in its header, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from redicts.core.keys import KeySpace
from redicts.core.scripts import load
from tests.lua.lock_scripts import LockScripts
from tests.support.backends import Backend


@dataclass
class Scripts:
    """The scripts of the tree, on one server in one namespace."""

    backend: Backend

    @property
    def space(self) -> KeySpace:
        """How the keys are spelled."""
        return self.backend.database.space

    def run(self, name: str, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        """Run a script, with all its text; replies are decoded."""
        client: Any = self.backend.client
        return _plain(client.eval(load("redicts.tree", name).text, len(keys), *keys, *args))

    def write(
        self,
        name: str,
        keys: Sequence[str],
        args: Sequence[str | int],
        guards: Sequence[tuple[str, str]] = (),
        mode: str = "1",
    ) -> Any:
        """Run a writing script: with its header in front."""
        sections = [self.space.sections] if mode == "1" else []
        members = [member for _, member in guards]
        return self.run(
            name, [*[key for key, _ in guards], *sections, *keys], [str(len(guards)), mode, *members, *args]
        )

    def node(self, *path: str) -> str:
        """The key of a node's hash."""
        return self.space.node(path)

    def body(self, *path: str) -> str:
        """The key of a leaf that has one of its own."""
        return self.space.body(path)

    def hash(self, *path: str) -> dict[str, str]:
        """What stands in a node's hash."""
        client: Any = self.backend.client
        return {name.decode(): text.decode() for name, text in client.hgetall(self.node(*path)).items()}


@pytest.fixture
def scripts(real_backend: Backend) -> Scripts:
    """The scripts, on each kind of real server."""
    return Scripts(real_backend)


@pytest.fixture
def locks(real_backend: Backend) -> LockScripts:
    """The scripts of locks, on each kind of real server."""
    return LockScripts(real_backend)


def _plain(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode()
    return [_plain(item) for item in reply] if isinstance(reply, list) else reply
