"""Which tree a command works on, and which place in it: the options for the connection, and the type of a PATH.

May import the pool, the faces and core. Invariant: nothing is connected before the whole command
line has been understood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, TypeVar

import click

from redicts.cli.exits import Code, Failure
from redicts.core import paths
from redicts.core.paths import Path
from redicts.errors import PathError
from redicts.pool import Pool
from redicts.proxy import Proxy, root

__all__ = ["Target", "connected", "pass_target", "to_path"]

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


@dataclass
class Target:
    """The tree that was asked for.

    Attributes:
        url: From ``--url``.
        embedded: From ``--embedded``: the directory of a private server.
        namespace: From ``--namespace``.
    """

    url: str | None = None
    embedded: str | None = None
    namespace: str | None = None
    _opened: bool = False

    def settings(self) -> dict[str, Any]:
        """Give the ``cfg`` of the ``Pool``. Two options that each say where the server is are a usage error."""
        if self.url is not None and self.embedded is not None:
            raise click.UsageError("--url and --embedded each say where the tree is: give only one of them.")
        given = {"url": self.url, "embedded": self.embedded, "namespace": self.namespace}
        return {name: value for name, value in given.items() if value is not None}

    def open(self, make: bool = False) -> Proxy:
        """Open the tree.

        Args:
            make: Whether the directory of ``--embedded`` is made where there is none yet.

        Returns:
            Its root. A ``Failure`` where there is no such directory.

        Raises:
            ConfigError: The settings cannot be used.
        """
        settings = self.settings()
        if self.embedded is not None and not make and not FilePath(self.embedded).is_dir():
            raise Failure(
                Code.NO_SERVER, f"there is no directory {self.embedded!r} with a tree in it; set and import make one"
            )
        self._opened = True
        Pool().reload(cfg=settings)
        return root()

    def place(self, path: Path, make: bool = False) -> Proxy:
        """Open the tree and lead to a place in it; as ``open``."""
        return self.open(make).get(path)

    def close(self) -> None:
        """Close what ``open`` has opened, an embedded server too."""
        if self._opened:
            self._opened = False
            Pool().close()


pass_target = click.make_pass_decorator(Target, ensure=True)


def to_path(ctx: click.Context, param: click.Parameter, value: str) -> Path:
    """Take a PATH of the command line apart: the callback of its parameter. What is no path is a usage error."""
    try:
        return paths.parse(value)
    except PathError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def connected(command: CommandT) -> CommandT:
    """Give a command, or the group of all of them, the options that say which tree it works on."""
    options = [
        click.option(
            "--url",
            metavar="URL",
            expose_value=False,
            callback=_note,
            help="The server: redis://, rediss:// or unix://. Default: REDICTS_URL, else redis://localhost:6379/0.",
        ),
        click.option(
            "--embedded",
            metavar="DIR",
            type=click.Path(file_okay=False),
            expose_value=False,
            callback=_note,
            help='A private server with its data in DIR; no Redis needed (pip install "redicts[server]").',
        ),
        click.option(
            "--namespace",
            metavar="NAME",
            expose_value=False,
            callback=_note,
            help="What every key begins with. Default: redicts.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    # The options may stand before the command's name and after it: both meet in one Target.
    target = ctx.ensure_object(Target)
    if value is not None:
        setattr(target, str(param.name), value)
