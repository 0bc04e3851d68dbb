"""The typed leaf that the page on contributing adds works as it stands there, and is part of the tree."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from tests.architecture.rules.source import ROOT
from tests.docs import markdown

PROGRAM = """
import sys
from redicts.core.kinds import KINDS, Kind

(kind,) = eval("[" + sys.argv[1] + "]")
KINDS[kind.name] = kind  # before a script is loaded: they get the table then

import redicts
from redicts import Pool, Proxy, WrongType, root
from stack import QueuedStack, Stack

Pool().reload(fake_redis=True)
place = Proxy("app.stack")
stack = Stack(place)
assert (len(stack), stack.top(), stack.drop(), place.exists()) == (0, None, False, False)
stack.push(1)
stack.push({"b": [2]})
assert (len(stack), stack.top(), place.kind()) == (2, {"b": [2]}, "stack")
assert root().val() == {"app": {"stack": [1, {"b": [2]}]}}
assert place.expire(100) and 0 < place.time_to_live() <= 100
assert root().check() == []
with redicts.pipeline() as pipe:
    queued = QueuedStack(pipe.proxy("app.stack"))
    top, dropped, length = queued.top(), queued.drop(), queued.length()
assert (top.result, dropped.result, length.result) == ({"b": [2]}, True, 1)
root().set("other", 1)
try:
    Stack(Proxy("other")).push(1)
except WrongType as error:
    assert (error.expected, error.found) == ("stack", "leaf")
else:
    raise SystemExit("pushed onto a number")
assert stack.drop() and root().val() == {"other": 1}
print("done")
"""


def test_the_typed_leaf_of_the_page_works(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    blocks = [block for block in markdown.blocks(page) if block.language == "python"]
    (row,) = [block.text.strip() for block in blocks if block.text.strip().startswith("Kind(")]
    (module,) = [block.text for block in blocks if block.mark == "file: stack.py"]
    (tmp_path / "stack.py").write_text(textwrap.dedent(module), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, row],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("done\n", "")
