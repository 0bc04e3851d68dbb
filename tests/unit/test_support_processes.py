"""Functions in processes: results in order, failures with their tracebacks, deadlines, kills."""

from __future__ import annotations

import os
import sys
import time

import pytest

from tests.support.processes import Processes, ProcessFailed, run_in_processes


def square(number: int) -> tuple[int, int]:
    print("computing", number)
    return number * number, os.getpid()


def fail(number: int) -> None:
    print("on stderr", file=sys.stderr)
    raise KeyError(f"number {number}")


def sleep_long() -> None:
    print("sleeping")
    time.sleep(60)


def unpicklable() -> object:
    return lambda: None


def exit_hard() -> None:
    os._exit(3)


def big() -> bytes:
    return b"x" * 5_000_000


def test_results_come_in_order_from_processes_of_their_own() -> None:
    results = run_in_processes(square, [(number,) for number in range(4)])
    assert [value for value, _ in results] == [0, 1, 4, 9]
    pids = {pid for _, pid in results}
    assert len(pids) == 4
    assert os.getpid() not in pids


def test_failures_are_told_with_traceback_and_stderr() -> None:
    with pytest.raises(ProcessFailed, match="2 of 2") as caught:
        run_in_processes(fail, [(1,), (2,)])
    text = str(caught.value)
    assert "KeyError: 'number 1'" in text
    assert "KeyError: 'number 2'" in text
    assert "in fail" in text
    assert "on stderr" in text


def test_the_deadline_holds_for_all_together() -> None:
    began = time.monotonic()
    with pytest.raises(ProcessFailed, match="did not end within"):
        run_in_processes(sleep_long, [(), ()], deadline_seconds=3)
    assert time.monotonic() - began < 30


def test_a_process_that_vanishes_is_told_by_its_code(processes: Processes) -> None:
    with pytest.raises(ProcessFailed, match="ended with code 3"):
        processes.start(exit_hard).result()


def test_a_result_that_cannot_be_pickled_is_told(processes: Processes) -> None:
    with pytest.raises(ProcessFailed, match="cannot be pickled"):
        processes.start(unpicklable).result()


def test_large_results_pass(processes: Processes) -> None:
    assert len(processes.start(big).result()) == 5_000_000


def test_lines_can_be_awaited_and_the_child_killed(processes: Processes) -> None:
    child = processes.start(sleep_long)
    child.expect("sleeping")
    child.kill()
    with pytest.raises(ProcessFailed, match="ended with code -9"):
        child.result()


def test_a_stopped_child_goes_on_after_cont(processes: Processes) -> None:
    child = processes.prepare(square, 3)
    child.stop()
    child.cont()
    child.go()
    child.expect("computing 3")
    assert child.result()[0] == 9


def test_a_line_that_never_comes_is_told(processes: Processes) -> None:
    child = processes.start(square, 3)
    with pytest.raises(ProcessFailed, match="ended and printed no 'done'"):
        child.expect("done")


def test_children_end_with_the_block() -> None:
    with Processes() as processes:
        child = processes.start(sleep_long)
        child.expect("sleeping")
    with pytest.raises(ProcessFailed, match="code -9"):
        child.result()
