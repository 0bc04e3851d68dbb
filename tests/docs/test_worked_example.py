"""The typed leaf that the page on contributing adds works as it stands there, and is part of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.architecture.rules.source import PACKAGE, ROOT
from tests.docs import markdown

PROGRAM = """
import redicts
from redicts import Pool, Proxy, WrongType, root
from redicts.leaves.stack import QueuedStack, Stack

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
    shutil.copytree(PACKAGE, tmp_path / "redicts", ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "redicts" / "core" / "kinds.py"
    before, first, after = table.read_text(encoding="utf-8").partition("        Kind(")
    table.write_text(f"{before}        {row},\n{first}{after}", encoding="utf-8")
    (tmp_path / "redicts" / "leaves" / "stack.py").write_text(textwrap.dedent(module), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("done\n", "")
