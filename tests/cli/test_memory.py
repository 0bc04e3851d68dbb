"""An export of a large tree needs little memory: far less than the document, and no more than a small one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from redicts.proxy import Proxy
from tests.support.processes import run_in_processes

LEAVES = 200_000
STATUS = Path("/proc/self/status")


def fill(tree: Proxy, leaves: int) -> None:
    """Fill the tree with parts of 1,000 leaves: one node each, or ten, in turn."""
    for number in range(leaves // 1000):
        size = 100 if number % 2 else 1000
        node = {f"leaf {leaf}": f"the value of leaf {leaf} of part {number} of the tree" for leaf in range(size)}
        nodes = {f"node {each}": node for each in range(1000 // size)}
        tree.set([f"section {number // 100}", f"part {number}"], nodes)


def export_in_a_process(options: list[str], file: str, *more: str) -> int:
    """Export; return the most memory this process had, in kB."""
    from redicts.cli import main

    try:
        main([*options, "export", "-o", file, *more])
    except SystemExit as ended:
        if ended.code:
            raise RuntimeError(f"exit code {ended.code}") from ended
    # Not ru_maxrss, which begins with what the parent had.
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1])


@pytest.mark.skipif(not STATUS.exists(), reason="needs Linux to measure memory")
def test_export_of_200_000_leaves(options: list[str], tree: Proxy, tmp_path: Path) -> None:
    small, large = tmp_path / "small.json", tmp_path / "large.json"
    fill(tree, 2000)
    (few_kb,) = run_in_processes(export_in_a_process, [(options, str(small))])
    fill(tree, LEAVES)
    (many_kb,) = run_in_processes(export_in_a_process, [(options, str(large))])
    (all_kb,) = run_in_processes(export_in_a_process, [(options, str(tmp_path / "x.json"), "--snapshot")])
    document: dict[str, Any] = json.loads(large.read_text())
    assert (
        sum(len(node) for section in document.values() for part in section.values() for node in part.values()) == LEAVES
    )
    size_kb = large.stat().st_size // 1024
    assert many_kb - few_kb < size_kb / 2, (few_kb, many_kb, size_kb)
    assert all_kb - few_kb > size_kb, "the measure does not see what is kept"
