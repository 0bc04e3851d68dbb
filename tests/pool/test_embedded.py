"""The life of an embedded server: started by the first who uses it, gone after the last, its data kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from redicts.core.effects import Call, Op
from redicts.errors import OutcomeUnknown
from redicts.pool import Pool
from redicts.pool.clients import Clients
from redicts.pool.directory import sockets_directory
from tests.pool.private import add_one, guards_of, hold, is_gone, processes_using, servers_of, wait_until_gone
from tests.support.processes import Processes, run_in_processes
from tests.support.waiting import wait_until

Open = Callable[..., Clients]

ROOT = Path(__file__).resolve().parents[2]


def run(script: str, directory: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a script as a user would, its output captured."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-W", "error", "-c", script, str(directory)]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, env=environment, **options)


COUNT = """
import sys
from redicts.pool import Pool
print(Pool({"embedded": sys.argv[1]}).get_connection().incr("n"))
"""


# -- nothing before, nothing after -------------------------------------------------------------------------------


def test_nothing_is_started_before_it_is_used(directory: Path, pool: Pool) -> None:
    pool.reload({"embedded": str(directory)})
    assert "embedded" in repr(pool)
    assert not directory.exists()


@pytest.mark.parametrize("end", ["", "raise SystemExit(3)", "raise ValueError('x')", "import os; os._exit(0)"])
def test_nothing_is_left_when_a_script_ends(directory: Path, end: str) -> None:
    done = run(COUNT + end, directory)  # returns: the server keeps no pipe of ours open
    assert done.stdout == "1\n"
    assert done.stderr == "" or "ValueError" in end
    wait_until_gone(directory)
    assert run(COUNT, directory).stdout == "2\n"
    wait_until_gone(directory)


def test_nothing_is_left_and_nothing_lost_after_a_kill(directory: Path, processes: Processes) -> None:
    holder = processes.start(hold, str(directory))
    holder.expect("held")
    assert len(processes_using(directory)) == 2
    holder.kill()
    wait_until_gone(directory)
    assert run(COUNT, directory).stdout == "2\n"


def test_closing_waits_for_the_end(directory: Path, pool: Pool) -> None:
    pool.reload({"embedded": str(directory), "names": {"two": 2}})
    assert pool.get_connection().incr("n") == 1
    assert pool.get_connection("two").incr("n") == 1
    assert len(processes_using(directory)) == 2
    stale = pool.get_connection()
    pool.close()
    assert is_gone(directory)
    with pytest.raises(redis.ConnectionError, match="was closed by Pool"):
        _ = stale.get("n")
    assert is_gone(directory)
    assert pool.get_connection().incr("n") == 2
    assert pool.get_connection("two").incr("n") == 2


def test_the_server_is_private(directory: Path, pool: Pool) -> None:
    pool.reload({"embedded": directory})
    settings: Any = pool.get_connection().config_get("*")
    expected = {"port": "0", "unixsocketperm": "700", "appendonly": "yes", "appendfsync": "everysec", "save": ""}
    assert {key: settings[key] for key in expected} == expected
    assert directory.stat().st_mode & 0o777 == 0o700
    assert all(entry.stat().st_mode & 0o077 == 0 for entry in directory.iterdir())
    assert pool.database().address == f"embedded {directory}"


def test_a_relative_directory_stays_the_same_after_chdir(
    directory: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(directory.parent)
    pool.reload({"embedded": "data"})
    monkeypatch.chdir("/")
    assert pool.get_connection().ping() is True
    assert servers_of(directory)


# -- shared ------------------------------------------------------------------------------------------------------


def test_processes_share_one_server_which_outlives_the_first(directory: Path, processes: Processes) -> None:
    first, second = processes.start(hold, str(directory)), processes.start(hold, str(directory))
    first.expect("held")
    second.expect("held")
    assert {line.split()[0] for line in (first.lines[0], second.lines[0])} == {"1", "2"}
    (server,) = servers_of(directory)
    first.kill()
    assert run(COUNT, directory).stdout == "3\n"
    assert servers_of(directory) == [server]
    second.kill()
    wait_until_gone(directory)


def test_eight_processes_that_start_at_once_share_one_server(directory: Path) -> None:
    results = run_in_processes(add_one_and_meet, [(str(directory), 8)] * 8)
    assert sorted(count for count, _ in results) == list(range(1, 9))
    assert len({server for _, server in results}) == 1
    wait_until_gone(directory)


def add_one_and_meet(directory: str, others: int) -> tuple[int, int]:
    """Count, and stay until all have."""
    found = add_one(directory)
    client = Pool().get_connection()
    _ = wait_until(lambda: int(client.get("n") or 0) == others)
    return found


def test_coming_while_the_last_one_leaves(directory: Path) -> None:
    results = run_in_processes(come_and_go, [(str(directory), 12)] * 3)
    assert sum(results) == 36
    assert run(COUNT, directory).stdout == "37\n"
    wait_until_gone(directory)


def come_and_go(directory: str, times: int) -> int:
    """Start or join, count, leave, again and again."""
    for turn in range(times):
        _ = Pool({"embedded": directory}).get_connection().incr("n")
        if turn % 2:
            Pool().close()
        else:
            Pool().reload()
    return times


def test_threads_of_one_process_share_one_server(directory: Path, open_clients: Open) -> None:
    counts: list[int] = []
    barrier = threading.Barrier(6)

    def use(clients: Clients) -> None:
        _ = barrier.wait(10)
        counts.append(int(clients.open(None).client.incr("n")))

    mine = [open_clients({"embedded": directory}) for _ in range(6)]  # as many as if they were processes
    threads = [threading.Thread(target=use, args=(clients,)) for clients in mine]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(counts) == [1, 2, 3, 4, 5, 6]
    assert len(servers_of(directory)) == 1
    for clients in mine[:5]:
        clients.close()
        assert len(servers_of(directory)) == 1
    mine[5].close()
    assert is_gone(directory)


@pytest.mark.parametrize("who_ends_first", ["parent", "child"])
def test_a_forked_process_goes_on_using_it(directory: Path, processes: Processes, who_ends_first: str) -> None:
    child = processes.start(fork_and_use, str(directory), who_ends_first)
    child.expect("1")
    assert child.result(20) == "2"
    wait_until_gone(directory)


def fork_and_use(directory: str, who_ends_first: str) -> str:
    """Fork; the one that stays counts after the other has closed the pool and ended."""
    client = Pool({"embedded": directory}).get_connection()
    print(client.incr("n"), flush=True)
    readable, writable = os.pipe()
    ended, ending = os.pipe()
    pid = os.fork()
    if pid == 0:
        if who_ends_first == "parent":
            os.close(ending)
            _ = os.read(ended, 1)  # nothing: the other end was closed
            os.write(writable, b"%d" % Pool().get_connection().incr("n"))
        Pool().close()
        os._exit(0)
    if who_ends_first == "parent":
        Pool().close()
        os.close(ending)
        os.close(writable)
        count = os.read(readable, 10).decode()
        _ = os.waitpid(pid, 0)
        return count
    _ = os.waitpid(pid, 0)
    return str(client.incr("n"))


# -- accidents ---------------------------------------------------------------------------------------------------


def test_a_killed_server_is_started_again_with_its_data(directory: Path, pool: Pool) -> None:
    pool.reload({"embedded": directory})
    client = pool.get_connection()
    for count in (1, 2, 3):
        assert client.incr("n") == count
        (server,) = servers_of(directory)
        os.kill(server, signal.SIGKILL)
        _ = wait_until(lambda: servers_of(directory) not in ([], [server]))  # noqa: B023
    assert client.get("n") == b"3"


def test_clients_go_on_when_the_server_is_killed_under_load(directory: Path, processes: Processes) -> None:
    writers = [processes.start(write_for, str(directory), f"n{number}", 3.0) for number in range(3)]
    for writer in writers:
        writer.expect("writing")
    killed = set()
    for _ in range(4):
        (server,) = wait_until(lambda: [pid for pid in servers_of(directory) if pid not in killed])
        time.sleep(0.2)  # some load between the accidents
        os.kill(server, signal.SIGKILL)
        killed.add(server)
    for writer in writers:
        acknowledged, unknown, stored = writer.result(30)
        assert acknowledged <= stored <= acknowledged + unknown
        assert acknowledged > 100
        assert unknown <= len(killed)
    wait_until_gone(directory)


def write_for(directory: str, key: str, seconds: float) -> tuple[int, int, int]:
    """Count for a while: how often the answer came, how often it was lost, and the count in the end."""
    runner = Pool({"embedded": directory}).database().runner
    _ = runner.run(command("PING"), idempotent=True)
    print("writing", flush=True)
    acknowledged = unknown = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            _ = runner.run(command("INCR", key), idempotent=False)
            acknowledged += 1
        except OutcomeUnknown:  # and never ConnectionLost: who finds no server waits for it
            unknown += 1
    return acknowledged, unknown, int(runner.run(command("GET", key), idempotent=True))


def command(*words: str) -> Op[Any]:
    """One command as an operation."""
    replies = yield (Call(words),)
    return replies[0]


@pytest.mark.parametrize("accident", ["guard killed", "both killed", "guard told to end", "socket removed"])
def test_whatever_happens_clients_go_on(directory: Path, pool: Pool, accident: str) -> None:
    pool.reload({"embedded": directory})
    client = pool.get_connection()
    assert client.incr("n") == 1
    (guard,), (server,) = guards_of(directory), servers_of(directory)
    if accident == "socket removed":
        client.connection_pool.disconnect()
        (directory / "server.sock").unlink()
        os.kill(server, signal.SIGKILL)
    else:
        os.kill(guard, signal.SIGTERM if accident == "guard told to end" else signal.SIGKILL)
        if accident == "both killed":
            os.kill(server, signal.SIGKILL)
        _ = wait_until(lambda: not servers_of(directory))  # PR_SET_PDEATHSIG ends it in order
    assert pool.database().runner.run(command("GET", "n"), idempotent=True) == "1"
    assert client.incr("n") == 2
    assert len(guards_of(directory)) == 1
    assert len(servers_of(directory)) == 1
    pool.close()
    assert is_gone(directory)


def test_ctrl_c_leaves_the_server_to_who_wants_to_write_some_more(directory: Path) -> None:
    script = """
import os, signal, sys
from redicts.pool import Pool
client = Pool({"embedded": sys.argv[1]}).get_connection()
client.incr("n")
try:
    os.killpg(0, signal.SIGINT)
    signal.pause()
except KeyboardInterrupt:
    print(client.incr("n"))
"""
    done = run(script, directory, start_new_session=True)
    assert (done.stdout, done.stderr) == ("2\n", "")
    wait_until_gone(directory)


def test_data_of_a_crashed_machine_is_read(directory: Path) -> None:
    """Old sockets and locks lie there, as after a crash, and the last write was cut."""
    assert run(COUNT, directory).stdout == "1\n"
    wait_until_gone(directory)
    for name in ("guard.sock", "server.sock", "server.new.sock"):
        _ = (directory / name).write_bytes(b"")
    _ = (directory / "guard.lock").write_text(f"1\n{directory}\n")
    (log,) = directory.glob("appendonlydir/*.incr.aof")
    with log.open("ab") as file:
        _ = file.write(b"*2\r\n$4\r\nIN")
    assert run(COUNT, directory).stdout == "2\n"
    wait_until_gone(directory)


# -- long paths --------------------------------------------------------------------------------------------------


def test_a_path_too_long_for_a_socket(directory: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    long = directory / ("ä" * 60) / "x y'\"\\"
    sockets = sockets_directory(long)
    assert sockets.parent == Path(tempfile.gettempdir())
    pool.reload({"embedded": long})
    assert pool.get_connection().incr("n") == 1
    assert {entry.name for entry in sockets.iterdir()} == {"guard.sock", "server.sock"}
    # Another process finds them, also when its temporary directory is another.
    other = directory.parent / "tmp"
    other.mkdir()
    monkeypatch.setenv("TMPDIR", str(other))
    assert run(COUNT, long).stdout == "2\n"
    assert list(other.iterdir()) == []
    pool.close()
    assert not sockets.exists()
    assert not processes_using(long)
    assert run(COUNT, long).stdout == "3\n"
    _ = wait_until(lambda: not processes_using(long) and not list(other.iterdir()))


# -- rest --------------------------------------------------------------------------------------------------------


def test_an_idle_guard_sleeps(directory: Path, pool: Pool) -> None:
    pool.reload({"embedded": directory})
    assert pool.get_connection().ping() is True
    (guard,) = guards_of(directory)

    def awakenings() -> int:
        status = Path(f"/proc/{guard}/status").read_text()
        return sum(int(line.split()[1]) for line in status.splitlines() if "ctxt_switches" in line)

    # Once asleep it stays so. (The pause is what is measured, not a wait for something.)
    before = wait_until(lambda: awakenings() if "(sleeping)" in Path(f"/proc/{guard}/status").read_text() else 0)
    time.sleep(0.4)
    assert awakenings() - before <= 2
