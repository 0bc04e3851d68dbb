"""``locks`` and ``unlock``."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import redis

from redicts import Lease, Lock, LockError, LockLost, Proxy
from redicts.pool.database import Database
from tests.cli.conftest import Cli, Shell
from tests.cli.test_process import in_terminal
from tests.support.backends import Backend
from tests.support.processes import Processes
from tests.support.servers import Server
from tests.support.trees import nothing_written
from tests.support.waiting import wait_until

HEADER = ["path", "mode", "owner", "host", "pid", "age", "left", "waiters"]
HOST, PID = socket.gethostname(), os.getpid()
MINE = [HOST, str(PID)]
SECONDS = re.compile(r"\d+\.\d s")

Acquire = Callable[..., Lease]


@pytest.fixture
def acquire(tree: Proxy) -> Iterator[Acquire]:
    """``acquire("a.b", owner="x")``: takes a lock, for a minute; it is given back after the test."""
    leases: list[Lease] = []

    def take(path: str, **options: Any) -> Lease:
        leases.append((tree.get(path) if path else tree).acquire(**{"expire_timeout": 60, **options}))
        return leases[-1]

    yield take
    for lease in leases:
        with suppress(LockError):
            lease.release()


def rows(text: str) -> list[list[str]]:
    """Take a table apart; each time is replaced by a sign."""
    lines = [re.split(r" {2,}", line.strip()) for line in text.splitlines() if line.strip()]
    return [["~" if SECONDS.fullmatch(cell) else cell for cell in line] for line in lines]


# -- locks -----------------------------------------------------------------------------------------------------------


def test_nothing_is_locked(cli: Cli, tree: Proxy) -> None:
    tree.set("a", 1)
    for words, said in [
        ((), "redicts: nothing is locked\n"),
        (("a.b",), "redicts: nothing is locked at 'a.b', above or below it\n"),
        (("--json",), ""),
    ]:
        answer = cli("locks", *words)
        assert (answer.code, answer.out, answer.err) == (0, "", said)


def test_the_table(cli: Cli, acquire: Acquire, store: Backend) -> None:
    acquire("shop.cart", owner="till 3")
    acquire("shop.cart.tea", owner="till 3", shared=True)
    acquire("x", owner="one", shared=True)
    acquire("x", owner="two", shared=True)
    with nothing_written(store):
        answer = cli("locks")
    assert (answer.code, answer.err) == (0, "")
    assert rows(answer.out) == [
        HEADER,
        ["shop.cart", "exclusive", "till 3", *MINE, "~", "~", "0"],
        ["shop.cart.tea", "shared", "till 3", *MINE, "~", "~", "0"],
        ["x", "shared", "one", *MINE, "~", "~", "0"],
        ["x", "shared", "two", *MINE, "~", "~", "0"],
    ]
    age, left = (float(text.split()[0]) for text in SECONDS.findall(answer.out)[:2])
    assert 0 <= age < 30 < left <= 60
    assert [row[0] for row in rows(cli("locks", "shop").out)[1:]] == ["shop.cart", "shop.cart.tea"]
    assert [row[0] for row in rows(cli("locks", "shop.cart.cups").out)[1:]] == ["shop.cart"]
    assert rows(cli("locks", "--max", "1").out)[1:] == [
        ["shop.cart", "exclusive", "till 3", *MINE, "~", "~", "0"], ["... 3 more"],
    ]  # fmt: skip


def test_the_lock_of_the_root(cli: Cli, acquire: Acquire) -> None:
    acquire("", owner="one")
    for words in ((), ("a.b",)):
        assert rows(cli("locks", *words).out)[1:] == [["(root)", "exclusive", "one", *MINE, "~", "~", "0"]]


def test_json(cli: Cli, acquire: Acquire) -> None:
    lease = acquire(r"a\.b.[bold]ü", owner="\x1b[2J")
    acquire("s", shared=True)
    answer = cli("locks", "--json")
    assert (answer.code, answer.err) == (0, "")
    first, second = [json.loads(line) for line in answer.out.splitlines()]
    assert {**first, "age": 0, "remaining": 0, "time": 0} == {
        "path": lease.path, "mode": "exclusive", "owner": "\x1b[2J", "host": HOST, "pid": PID,
        "age": 0, "remaining": 0, "time": 0, "waiters": 0,
    }  # fmt: skip
    assert (second["path"], second["mode"]) == ("s", "shared")
    assert 0 <= first["age"] < 30 < first["remaining"] <= 60
    assert first["time"] == second["time"] > 1_700_000_000


def test_what_is_stored_cannot_steer_the_terminal(cli: Cli, acquire: Acquire) -> None:
    acquire("a.\x1b[31mred\x07\n", owner="\x9b2J[bold]")
    for answer in (cli("locks"), cli("locks", "--json"), cli("unlock", "a.\x1b[31mred\x07\n"), cli("unlock", "a")):
        said = answer.out + answer.err
        assert "red" in said
        assert not any((character < " " and character != "\n") or "\x7f" <= character <= "\x9f" for character in said)


def test_long_paths_are_whole(cli: Cli, acquire: Acquire) -> None:
    path = ".".join(f"component{number}" for number in range(60))
    acquire(path)
    lines = cli("locks").out.splitlines()[1:]
    assert "".join(line.split("  ")[0].strip() for line in lines) == path


def test_who_waits(cli: Cli, tree: Proxy, acquire: Acquire) -> None:
    lease = acquire("a.b", owner="one")
    waiters = [
        threading.Thread(target=lambda path=path: tree.get(path).acquire(acquire_timeout=30).release())
        for path in ("a", "a.b.c", "a.b")
    ]
    for waiter in waiters:
        waiter.start()
    try:
        wait_until(lambda: [row[-1] for row in rows(cli("locks").out)] == ["waiters", "3"], 20)
        assert cli("locks", "--json").json["waiters"] == 3
    finally:
        lease.release()
        for waiter in waiters:
            waiter.join(30)
    assert not any(waiter.is_alive() for waiter in waiters)
    assert cli("locks").err == "redicts: nothing is locked\n"


def test_a_server_that_does_not_tell_who_waits(start_server: Callable[..., Server]) -> None:
    server = start_server()
    client: Any = server.client()
    client.execute_command("ACL", "SETUSER", "some", "on", ">one", "~*", "+@all", "-client|list")
    cli = Cli(["--url", server.url.replace("//", "//some:one@")])
    with Lock(client, "a", owner="one"):
        assert rows(cli("locks").out)[1:] == [["a", "exclusive", "one", *MINE, "~", "~", "?"]]
        assert cli("locks", "--json").json["waiters"] is None


def test_tampered_keys_are_named(cli: Cli, store: Backend, acquire: Acquire) -> None:
    acquire("a.b", owner="one")
    key = f"{store.namespace}:l:{{a}}.b"
    store.client.zadd(key, {"some text": 9e12})
    for words in (("locks", "a.b.c"), ("unlock", "a.b"), ("unlock", "a.b", "--force")):
        answer = cli(*words)
        assert (answer.code, answer.out) == (4, "")
        assert f"{store.namespace}:" in answer.err
    assert cli("check", "--repair").code == 0
    assert rows(cli("locks").out)[1:] == [["a.b", "exclusive", "one", *MINE, "~", "~", "0"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--watch", "a.b"), "a PATH goes before --watch"),
        (("--watch", "0"), "0.1 to 86400 seconds"),
        (("--watch", "nan"), "0.1 to 86400 seconds"),
        (("--max", "0"), "--max"),
        (("a..b",), "empty"),
    ],
)
def test_bad_input(cli: Cli, words: tuple[str, ...], said: str) -> None:
    answer = cli("locks", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


# -- locks --watch ---------------------------------------------------------------------------------------------------


def drain(descriptor: int, said: bytearray) -> None:
    """Read what still comes from a terminal."""
    with suppress(OSError):  # Linux: nobody has the other end any more
        while data := os.read(descriptor, 4096):
            said.extend(data)


def interrupted(process: Any) -> tuple[int, str]:
    """End a command by Ctrl-C: its code, and what it said on stderr."""
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    return process.returncode, err


def test_watching(shell: Shell, acquire: Acquire) -> None:
    process = shell.start("locks", "--watch", "0.1")
    try:
        assert process.stdout is not None
        lines = iter(process.stdout)
        assert next(lines) == "nothing is locked\n"
        lease = acquire("a.b", owner="one")
        assert next(line for line in lines if line.startswith("path"))
        assert rows(next(lines)) == [["a.b", "exclusive", "one", *MINE, "~", "~", "0"]]
        lease.release()
        assert next(line for line in lines if line.startswith("nothing")) == "nothing is locked\n"
        assert interrupted(process) == (0, "")
    finally:
        process.kill()


def test_watching_json(shell: Shell, acquire: Acquire) -> None:
    acquire("a.b", owner="one")
    process = shell.start("locks", "a", "--watch", "0.1", "--json")
    try:
        assert process.stdout is not None
        first, second = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert first["path"] == second["path"] == "a.b"
        assert first["time"] < second["time"]
        assert interrupted(process) == (0, "")
    finally:
        process.kill()


def test_watching_on_a_terminal(shell: Shell, acquire: Acquire) -> None:
    """The table is drawn over and over at its place, and stands there in the end."""
    lease = acquire("a.b", owner="one")
    shell.environment = {"TERM": "xterm-256color", "COLUMNS": "100"}
    ours, theirs = os.openpty()
    process = shell.start("locks", "--watch", "0.1", stdout=theirs)
    os.close(theirs)
    said = bytearray()

    def read_until(text: bytes) -> None:
        while text not in said:
            said.extend(os.read(ours, 4096))

    try:
        read_until(b"exclusive")
        lease.release()
        read_until(b"nothing is locked")
        assert b"\x1b[2K" in said  # the former lines are cleared
        reader = threading.Thread(target=drain, args=(ours, said))
        reader.start()
        assert interrupted(process) == (0, "")
        reader.join(30)
        assert said.rindex(b"\x1b[?25h") > said.rindex(b"\x1b[?25l")  # the cursor is shown again
    finally:
        process.kill()
        os.close(ours)


def test_the_table_fits_a_narrow_terminal(shell: Shell, acquire: Acquire) -> None:
    acquire("shop.cart.a-long-name-of-a-place")
    shell.environment = {"TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}
    lines = in_terminal(shell, "locks").out.replace("\r\n", "\n").splitlines()
    assert max(map(len, lines)) <= 80
    assert "waiters" in lines[0]
    assert "exclusive" in lines[1]


# -- unlock ----------------------------------------------------------------------------------------------------------


def test_without_force_nothing_is_removed(cli: Cli, acquire: Acquire, store: Backend) -> None:
    acquire("a.b", owner="one", shared=True)
    acquire("a.b", owner="two", shared=True)
    acquire("a", owner="one", shared=True)
    with nothing_written(store):
        answer = cli("unlock", "a.b")
    assert (answer.code, answer.out) == (2, "")
    first, second, last = answer.err.splitlines()
    assert first.startswith(f"redicts: shared lock at 'a.b' of process {PID} on {HOST} (owner one), for ")
    assert "(owner two)" in second
    assert "nothing was removed" in last
    assert last.endswith("redicts unlock a.b --force")


def test_with_force_all_at_that_very_place_are(cli: Cli, acquire: Acquire, tree: Proxy) -> None:
    leases = [acquire("a.b", owner=owner, shared=True) for owner in ("one", "two")]
    others = [acquire(path, owner="one", shared=True) for path in ("a", "a.b.c", "")]
    answer = cli("unlock", "a.b", "--force")
    assert (answer.code, answer.out) == (0, "")
    lines = answer.err.splitlines()
    assert len(lines) == 2
    for line, owner in zip(sorted(lines), ("one", "two"), strict=True):
        assert line.startswith(f"redicts: removed: shared lock at 'a.b' of process {PID} on {HOST} (owner {owner})")
    for lease in leases:
        with pytest.raises(LockLost):
            lease.ensure_held()
    for lease in others:
        lease.ensure_held()
    assert tree.check() == []
    assert cli("unlock", "a.b", "--force").code == 1


def test_nothing_is_held_there(cli: Cli, acquire: Acquire) -> None:
    for words in ((), ("--force",)):
        answer = cli("unlock", "a.b", *words)
        assert (answer.code, answer.out, answer.err) == (1, "", "redicts: no lock is held at 'a.b'\n")
    below = acquire("a.b.two words", owner="one")
    for words in ((), ("--force",)):
        answer = cli("unlock", "a.b", *words)
        assert (answer.code, answer.out) == (1, "")
        assert "no lock is held at 'a.b', but one above or below it is in the way: exclusive lock at" in answer.err
        assert answer.err.endswith("redicts unlock 'a.b.two words' --force\n")
    acquire("", owner="one")
    assert "redicts unlock '' --force" in cli("unlock", "a.b", "--force").err
    assert "(and 1 more)" in cli("unlock", "a.b", "--force").err
    below.ensure_held()
    assert cli("unlock", "a..b").code == 2


def test_the_next_in_line_gets_it(cli: Cli, tree: Proxy, acquire: Acquire) -> None:
    acquire("a.b", owner="stuck", expire_timeout=600)
    got = threading.Event()

    def wait() -> None:
        with tree.get("a").acquire(acquire_timeout=60):
            got.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    wait_until(lambda: cli("locks", "--json").json["waiters"] == 1, 20)
    assert cli("unlock", "a.b", "--force").code == 0
    assert got.wait(30)
    waiter.join(30)


def hold(url: str, namespace: str) -> list[str]:
    """Hold a lock until it is told to go on, in a process of its own; say how that ends."""
    client = redis.from_url(url)
    tree = Proxy(())
    tree._database = Database.of_client(client, namespace)
    lost = threading.Event()
    place = tree.get("a.b")
    lease = place.acquire(expire_timeout=600, on_lost=lambda _: lost.set())
    place.set("x", "under the lock")
    print("held", flush=True)
    client.blpop([f"{namespace}:go"], timeout=60)
    ends = []
    for attempt in (lambda: place.set("x", "after it"), lambda: tree.set("a.b.y", 1), lease.ensure_held, lease.release):
        try:
            attempt()
        except LockLost:
            ends.append("LockLost")
        else:
            ends.append("done")
    return [*ends, f"told: {lost.wait(30)}"]


def test_the_holder_learns_of_it(
    cli: Cli, tree: Proxy, store: Backend, valkey_server: Server, processes: Processes
) -> None:
    holder = processes.start(hold, valkey_server.url, store.namespace)
    holder.expect("held")
    (row,) = rows(cli("locks").out)[1:]
    assert row[:2] + row[3:5] == ["a.b", "exclusive", HOST, str(holder.pid)]
    answer = cli("unlock", "a.b", "--force")
    assert answer.code == 0
    assert f"process {holder.pid} on {HOST}" in answer.err
    with tree.get("a.b").acquire(acquire_timeout=0):
        tree.set("a.b.x", "the successor's")
        store.client.rpush(f"{store.namespace}:go", "1")
        assert holder.result(60) == [*["LockLost"] * 4, "told: True"]
        assert tree.val() == {"a": {"b": {"x": "the successor's"}}}
    assert tree.check() == []
