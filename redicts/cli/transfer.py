"""``import`` and ``export``: whole documents, of any size.

May import connection, exits, output, plan, stream and the faces. Invariants: nothing is written of a document that
cannot be written whole; an export to a file leaves the whole file or the old one.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path as FilePath
from typing import Final, TextIO

import click

from redicts.cli.connection import Target, connected, pass_target, to_path
from redicts.cli.exits import bad_input
from redicts.cli.output import Meter, is_terminal, put, say, spell
from redicts.cli.plan import Piece, Plan
from redicts.cli.reading import nothing_at, parse_json
from redicts.cli.stream import ObjectWriter
from redicts.core.codec import decode
from redicts.core.missing import MISSING
from redicts.core.paths import Path
from redicts.pool import Pool
from redicts.proxy import Proxy
from redicts.tree.walking import snapshots

__all__ = ["export_command", "import_command"]


TYPED_AT_ONCE: Final = 20
"""How many typed leaves one round trip reads: each may be large."""

MANY: Final = 5000
"""Pieces of text that are worth writing."""


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--at", "path", callback=to_path, default="", metavar="PATH", help="Where the document goes. Default: the root."
)
@click.option("--merge", is_flag=True, help="Keep what is at PATH: only the leaves that the document has are set.")
@connected
@pass_target
def import_command(target: Target, file: str, path: Path, merge: bool) -> None:
    """Set a place to a JSON document.

    A FILE of - is read from stdin. What stood at PATH is replaced. At the
    root, each entry of the document is set and other sections stay.

    A document up to some 50,000 leaves goes in one atomic step (a quarter of that with --merge). A larger one goes in
    batches: readers may meet a part of it meanwhile, and stderr says so. Nothing is written of a file that is not
    JSON, or that has a name in it that cannot be one.
    """
    document = parse_json(_read(file), file if file != "-" else "stdin")
    with bad_input():
        plan = Plan(document, path, merge)
        tree = target.open(make=True)
        if not plan.atomic:
            say(f"redicts: {plan.leaves:,} leaves are too many for one atomic step; writing them in batches")
        _write(tree, plan, merge)


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else FilePath(file).read_bytes()


def _write(tree: Proxy, plan: Plan, merge: bool) -> None:
    with closing(Meter("importing", plan.leaves)) as meter:
        try:
            for batch in plan.batches():
                pieces = [piece for piece in batch if not (merge and _adds_nothing(tree, piece))]
                tree.update([(piece.path, piece.value) for piece in pieces])
                meter.advance(sum(piece.leaves for piece in batch))
        except BaseException:
            if not plan.atomic:
                say(f"redicts: {meter.done:,} of {plan.leaves:,} leaves are written; import again to complete")
            raise


def _adds_nothing(tree: Proxy, piece: Piece) -> bool:
    """Whether merging a piece changes nothing: an empty object into a node."""
    return piece.value == {} and tree.get(piece.path).kind() == "node"


@click.command("export")
@click.argument("path", callback=to_path, default="")
@click.option("-o", "--output", "file", type=click.Path(dir_okay=False), metavar="FILE", help="Where to; else stdout.")
@click.option("--pretty/--compact", default=None, help="One line for each leaf or not. Default: on a terminal.")
@click.option("--snapshot", is_flag=True, help="Read everything in one atomic step, and hold it in memory.")
@connected
@pass_target
def export_command(target: Target, path: Path, file: str | None, pretty: bool | None, snapshot: bool) -> None:
    """Write PATH as one JSON document of any size.

    It is read in steps and written as it comes: what others change meanwhile is in it or not, leaf by leaf.
    For one moment of the whole: --snapshot. FILE is replaced when the export is complete, never before.
    """
    place = target.place(path)
    kind = place.kind()
    if kind is None:
        raise nothing_at(path)
    with _output(file) as out:
        spread = is_terminal(out) if pretty is None else pretty
        if snapshot or kind != "node":
            value = place.val(MISSING)
            if value is MISSING:
                raise nothing_at(path)
            put(out, spell(value, spread) + "\n")
        else:
            _stream(place, out, spread)


def _stream(place: Proxy, out: TextIO, pretty: bool) -> None:
    pieces: list[str] = []
    writer = ObjectWriter(pieces.append, place.path, pretty)
    walk = place.begin_walk()
    with closing(Meter("exporting", wanted=not is_terminal(out))) as meter:
        while (leaves := place.walk_on(walk)) is not None:
            typed = _typed(place, [leaf.path for leaf in leaves if leaf.text is None])
            for leaf in leaves:
                text = leaf.text if leaf.text is not None else next(typed)
                if text is not None:
                    writer.leaf(leaf.path, text)
                if len(pieces) >= MANY:
                    put(out, "".join(pieces))
                    pieces.clear()
            put(out, "".join(pieces))
            pieces.clear()
            meter.advance(len(leaves))
    writer.end()
    put(out, "".join(pieces))


def _typed(place: Proxy, paths: list[Path]) -> Iterator[str | None]:
    """Read typed leaves, which have no text of their own, some at a time; ``None`` where one has just gone."""
    database = Pool().database(None)
    for start in range(0, len(paths), TYPED_AT_ONCE):
        found = database.runner.run(snapshots(place._space, paths[start : start + TYPED_AT_ONCE]), True)
        yield from [None if text is None else spell(decode(text), pretty=False) for text in found]


@contextmanager
def _output(file: str | None) -> Generator[TextIO]:
    """Open what is exported to: stdout, or a file that is put in its place when all of it is there."""
    if file is None or file == "-":
        yield sys.stdout
        return
    path = FilePath(os.path.realpath(file))  # behind a symbolic link, which stays one
    if path.exists() and not path.is_file():  # a device or a pipe: nothing to put in its place
        with path.open("w", encoding="utf-8") as out:
            yield out
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("x", encoding="utf-8") as out:
            if path.exists():
                partial.chmod(stat.S_IMODE(path.stat().st_mode))
            yield out
            out.flush()
            os.fsync(out.fileno())
        _ = partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
