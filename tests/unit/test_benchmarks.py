"""The harness of ``benchmarks``: its arithmetic, its table, its exit codes. What it measures is not asserted here."""

from __future__ import annotations

import gc
import io
import json
import subprocess
import sys
import threading
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import Self

from benchmarks.__main__ import main
from benchmarks.crew import hand_over_seconds, section_seconds
from benchmarks.measure import Effort, Figures, Pair, Spent, interleave, measure, summary
from benchmarks.registry import ROWS, Row, select
from benchmarks.report import cells, print_table, write_json
from benchmarks.stage import Stage, pick_kind

ROOT = Path(__file__).parents[2]
BRIEF = Effort(seconds=0, rounds=4)


def nothing(stage: Stage) -> Figures:
    return Figures(1, 1)


def a_row(budget: float | None = 1.15, **changes: Any) -> Row:
    given: dict[str, Any] = {"name": "x", "against": "y", "held": "ratio", "unit": "s", "setting": nothing, **changes}
    return Row(budget=budget, **given)


def spent(ratio: float, ours: float = 2.0) -> Spent:
    return Spent(raw=ours / ratio, ours=ours, ratio=ratio, low=ratio, high=ratio, rounds=9)


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    # One round in which ours was disturbed, and one that was slow as a whole: the first is outvoted, the second is
    # no worse than the others. The ratio of the means would be 4.6.
    found = summary([(1.0, 2.0), (1.0, 50.0), (10.0, 20.0), (1.0, 2.0), (1.0, 2.1)])
    assert (found.ratio, found.raw, found.ours, found.rounds) == (2.0, 1.0, 2.1, 5)
    assert (found.low, found.high) == (2.0, 2.1)


def test_figures_are_a_round_of_their_own() -> None:
    assert measure(Figures(50.0, 25.0), BRIEF) == Spent(50.0, 25.0, 0.5, 0.5, 0.5, 1)


def test_sides_take_turns_in_going_first() -> None:
    order: list[str] = []
    collecting: list[bool] = []

    def side(name: str, seconds: float) -> float:
        order.append(name)
        collecting.append(gc.isenabled())
        return seconds

    rounds = interleave(lambda: side("raw", 1.0), lambda: side("ours", 3.0), BRIEF)
    assert "".join(name[0] for name in order) == "roor" * 2
    assert rounds == [(1.0, 3.0)] * 4
    assert not any(collecting)
    assert gc.isenabled()


def test_a_side_with_its_own_clock_is_believed() -> None:
    times = cycle([0.5])
    found = measure(Pair(raw=lambda: 0.25, ours=lambda: next(times), own_clock=True), BRIEF)
    assert (found.raw, found.ours, found.ratio) == (0.25, 0.5, 2.0)


def test_preparing_is_off_the_clock_and_before_each_run() -> None:
    done: list[str] = []
    pair = Pair(
        raw=lambda: done.append("raw"), ours=lambda: done.append("ours"), prepare=lambda: done.append("prepare")
    )
    assert measure(pair, BRIEF).rounds == 4
    assert done[::2] == ["prepare"] * (len(done) // 2)
    assert done.count("raw") == done.count("ours") == 3 + 4  # warm-up and rounds


def test_more_work_takes_longer() -> None:
    found = measure(Pair(raw=lambda: sum(range(500)), ours=lambda: sum(range(5000))), Effort(0.05, 5))
    assert found.ratio > 3
    assert 0 < found.raw < found.ours


def test_sections_side_by_side_take_less_than_one_after_the_other() -> None:
    alone = section_seconds([threading.Lock() for _ in range(4)], 0.005)
    one = threading.Lock()
    assert alone < section_seconds([one] * 4, 0.005) / 1.5
    assert section_seconds([one], 0.06) > 0.06  # longer than a round


def test_a_hand_over_is_from_one_thread_to_another() -> None:
    had: list[int] = []

    class Watched:
        lock = threading.Lock()

        def acquire(self) -> None:
            self.lock.acquire()
            had.append(threading.get_ident())

        def release(self) -> None:
            self.lock.release()

    assert 0 < hand_over_seconds(Watched(), 3) < 1
    assert len(set(had)) == 4
    assert had[0] != had[1] != had[2] != had[3]  # not so at the end, where all pass through


@pytest.mark.timeout(30)
def test_what_fails_ends_the_round() -> None:
    class Broken:
        def acquire(self) -> None:
            raise OSError("no server")

    with pytest.raises(OSError, match="no server"):
        section_seconds([Broken()] * 3, 0.001)
    with pytest.raises(OSError, match="no server"):
        hand_over_seconds(Broken(), 2)


@pytest.mark.parametrize(
    ("row", "ratio", "ours", "verdict"),
    [
        (a_row(1.15), 1.154, 2.0, "ok"),  # 1.15 as printed
        (a_row(1.15), 1.156, 2.0, "miss"),
        (a_row(None), 99.0, 2.0, ""),
        (a_row(60, held="ours", unit="B"), 99.0, 60.0, "ok"),
        (a_row(60, held="ours", unit="B"), 0.1, 60.1, "miss"),
        (a_row(0.002, held="ours"), 99.0, 0.002004, "ok"),  # 2.00 ms as printed
        (a_row(0.002, held="ours"), 0.1, 0.002006, "miss"),
    ],
)
def test_verdicts(row: Row, ratio: float, ours: float, verdict: str) -> None:
    assert row.verdict(spent(ratio, ours)) == verdict
    assert cells(row, spent(ratio, ours))[-1] == verdict


def test_a_tolerance_is_a_factor() -> None:
    assert a_row(1.0).verdict(spent(1.2), 1.25) == "ok"
    assert a_row(1.0).verdict(spent(1.3), 1.25) == "miss"


def test_every_row_has_a_name_of_its_own() -> None:
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names)) >= 20


def test_rows_are_found_by_a_part_of_their_name_or_by_a_pattern() -> None:
    assert [row.name for row in select("VAL() of a leaf, tcp")] == ["val() of a leaf, TCP"]
    assert {row.name for row in select("set()*scalar")} == {"set() of a scalar", "set() of a new scalar"}
    assert select(None) == ROWS
    with pytest.raises(ValueError, match=r"no row matches 'nonsense'; the rows are: val\(\) of a leaf"):
        select("nonsense")


@pytest.mark.parametrize("with_rich", [True, False])
def test_the_table_is_whole(with_rich: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_rich:
        monkeypatch.setitem(sys.modules, "rich.console", None)
    results = [(a_row(), spent(1.5, 0.00003)), (a_row(60, name="memory", held="ours", unit="B"), spent(0.5, 52.0))]
    out = io.StringIO()
    print_table(results, {"server": "valkey 9"}, out)
    first, second = [line.split() for line in out.getvalue().replace("│", " ").splitlines() if " y " in line]
    assert first == ["x", "y", "20.0", "us", "30.0", "us", "1.50", "1.50-1.50", "1.15", "miss"]
    assert second == ["memory", "y", "104.0", "B", "52.0", "B", "0.50", "0.50-0.50", "60.0", "B", "ok"]
    assert out.getvalue().startswith("server valkey 9, Python 3")


def test_the_file_has_what_the_table_has(tmp_path: Path) -> None:
    write_json([(a_row(), spent(1.5))], {"server": "valkey 9"}, tmp_path / "out.json")
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["about"]["server"] == "valkey 9"
    assert [(row["row"], row["ratio"], row["verdict"]) for row in written["rows"]] == [("x", 1.5, "miss")]


@pytest.mark.timeout(60)
def test_two_rows_for_short(tmp_path: Path) -> None:
    try:
        pick_kind(None)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    # In a process of its own: the Pool of this one belongs to other tests.
    command = [sys.executable, "-W", "error", "-m", "benchmarks", "--short", "--rows", "val() of a leaf*"]
    done = subprocess.run(
        [*command, "--json", str(tmp_path / "out.json")], cwd=ROOT, capture_output=True, text=True, timeout=50
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert [row["row"] for row in rows] == ["val() of a leaf", "val() of a leaf, TCP"]
    assert all(row["rounds"] >= 5 and 0.2 < row["ratio"] < 20 for row in rows)
    assert "json.loads(r.get(k))" in done.stdout


def test_a_miss_fails_only_where_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.__main__.open_stage", Nowhere)
    monkeypatch.setattr("benchmarks.registry.ROWS", [a_row(0.5, name="slow"), a_row(0.9, name="near")])
    assert main(["--rows", "slow"]) == 0
    assert main(["--rows", "slow", "--strict"]) == 1
    assert main(["--rows", "near", "--strict"]) == 0  # 1.0 is within a quarter of 0.9
    assert main(["--rows", "nonsense"]) == 2


class Nowhere:
    """A stage without a server, for rows that need none."""

    def __init__(self, kind: str | None, *, one_core: bool) -> None:
        self.asked = (kind, one_core)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def clear(self) -> None:
        pass

    def about(self) -> dict[str, str]:
        return {"server": "none"}
