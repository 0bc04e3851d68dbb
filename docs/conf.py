"""Sphinx: pages in Markdown (MyST), the reference from docstrings. Builds without network, warnings as errors."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import redicts
import redicts.aio
from redicts.core.kinds import KINDS

redicts.aio.Pool.__name__ = "Pool"  # the public name of AsyncPool: else autodoc says no more than "alias of"

project = "redicts"
author = "The redicts developers"
project_copyright = "The redicts developers"
version = release = redicts.__version__
language = "en-GB"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
default_role = "py:obj"
highlight_language = "python"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"redicts {release}"
html_show_sourcelink = False
html_copy_source = False

autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_rtype = False

# Every cross-reference must lead somewhere. What stands in signatures but has no page of its own is listed here.
nitpicky = True
nitpick_ignore = [
    ("py:class", name)
    for name in (
        "AnyDatabase",
        "BloomFilterOperations",
        "AsyncDatabase",
        "Bytes",
        "Callable",
        "Chosen",
        "Database",
        "F",
        "HyperLogLogOperations",
        "Iterable",
        "Iterator",
        "Json",
        "K",
        "LiveItems",
        "LiveKeys",
        "LiveValues",
        "Mapping",
        "LocatedT",
        "Missing",
        "Of",
        "OnLost",
        "P",
        "Overlap",
        "Path",
        "PathLike",
        "Plain",
        "Raw",
        "Scan",
        "Seen",
        "Sequence",
        "T",
        "T_co",
        "Walk",
        "Leaf",
        "redicts.decorators.cache.R",
        "redicts.decorators.cached.CacheDecorator",
        "redis.Redis",
        "_HasKeys",
        "deque",
        "Any",
    )
]
nitpick_ignore_regex = [
    # Python's own, and redis-py's: without network there is nothing to link them to.
    (r"py:.*", r"(builtins\.)?(str|int|float|bool|bytes|dict|list|tuple|set|object|None|type|Exception)"),
    (r"py:.*", r"(typing|collections\.abc|threading|asyncio|redis|redicts\.(core|tree|pool|faces))\..*"),
    (r"py:exc", r"(Type|Value|Key|Index|Import|Overflow|Runtime|Timeout|NotImplemented|UnicodeDecode|File\w+)Error"),
    (r"py:exc", r"Empty|Full"),  # those of the module queue
]

LEAVES = {kind: "".join(word.capitalize() for word in kind.split("_")) for kind in KINDS} | {
    "hyperloglog": "HyperLogLog",
    "majority_ids": "MajorityIds",
    "cached_ordered_dict": "CachedOrderedDict",
}

_GIVEN = {
    *[f"redicts.leaves.{kind}.{face}{name}" for kind, name in LEAVES.items() for face in ("", "Async", "Queued")],
    "redicts.leaves.permit.AsyncPermit",
    "redicts.leaves.permit.Permit",
    "redicts.leaves.task.Task",
    "redicts.Deferred",
    "redicts.Holder",
    "redicts.Lease",
    "redicts.Pipeline",
    "redicts.Problem",
    "redicts.aio.Lease",
    "redicts.faces.queued.QueuedLease",
    "redicts.faces.queued.QueuedProxy",
}
"""Classes whose objects redicts gives out: how to make one is nobody's business."""

_STATEMENT = re.compile(r"^(Atomicity|Cost|Source): (.*)$")


def _statements(_app: object, _what: str, _name: str, _thing: object, _options: object, lines: list[str]) -> None:
    """Make fields of the lines ``Atomicity:``, ``Cost:`` and ``Source:``, which Google's form does not know."""
    made: list[str] = []
    for line in lines:
        statement = _STATEMENT.match(line)
        made.append(f":{statement[1]}: {statement[2]}" if statement else line)
    lines[:] = made


def _signature(
    _app: object, what: str, name: str, thing: object, _options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Write signatures as the source has them; an operation, and a coroutine, returns what it gives in the end."""
    if what not in {"function", "method", "class"} or signature is None:
        return signature, returns
    if name in _GIVEN:
        return "", None
    function = thing
    if inspect.isclass(thing):
        function = thing.__init__ if "__init__" in vars(thing) else thing.__new__
    try:
        found = inspect.signature(function)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return signature, returns
    parameters = list(found.parameters.values())
    if parameters and parameters[0].name in {"self", "cls"}:
        parameters = parameters[1:]
    shown = inspect.Signature([p.replace(annotation=_Plain.of(p.annotation)) for p in parameters])
    answer = found.return_annotation
    if inspect.isclass(thing) or answer is inspect.Signature.empty or answer in ("None", None):
        return str(shown), None
    operation = re.fullmatch(r"(?:Op\[|Coroutine\[\w+, \w+, )(.*)\]", str(answer))
    return str(shown), operation[1] if operation else str(answer)


class _Plain:
    """An annotation that is written without quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def of(cls, annotation: object) -> object:
        return cls(annotation) if isinstance(annotation, str) else annotation

    def __repr__(self) -> str:
        return self.text


def setup(app: object) -> None:
    # Before napoleon (500), which takes the docstring apart.
    app.connect("autodoc-process-docstring", _statements, priority=400)  # type: ignore[attr-defined]
    app.connect("autodoc-process-signature", _signature)  # type: ignore[attr-defined]
