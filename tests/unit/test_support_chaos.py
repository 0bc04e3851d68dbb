"""The proxy that breaks connections does what its docstrings say, and counts right."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.chaos import ChaosProxy
from tests.support.resp import pack
from tests.support.servers import Server
from tests.support.waiting import wait_until

INCR = pack(b"INCR", b"chaos:n")


class Wire:
    """A client without any cleverness: bytes out, bytes in."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> bytes:
        """The next bytes; empty at the end of the connection."""
        return self.socket.recv(65536)

    def ask(self, *arguments: bytes) -> bytes:
        self.send(pack(*arguments))
        return self.reply()


@pytest.fixture
def wire(chaos: ChaosProxy) -> Iterator[Wire]:
    client = Wire(chaos.port)
    client.ask(b"DEL", b"chaos:n")
    chaos.reset()
    yield client
    client.socket.close()


def stored(server: Server) -> int:
    direct = Wire(server.port)
    with direct.socket:
        answer = direct.ask(b"GET", b"chaos:n")
    return 0 if answer.startswith((b"$-1", b"_")) else int(answer.split(b"\r\n")[1])


def test_commands_bytes_and_round_trips_are_counted(chaos: ChaosProxy, wire: Wire) -> None:
    assert wire.ask(b"INCR", b"chaos:n") == b":1\r\n"
    assert wire.ask(b"incr", b"chaos:n") == b":2\r\n"
    assert chaos.commands == [[b"INCR", b"chaos:n"], [b"incr", b"chaos:n"]]
    assert chaos.command_names == ["INCR", "INCR"]
    assert chaos.round_trips == 2
    assert bytes(chaos.request_bytes) == INCR + pack(b"incr", b"chaos:n")
    assert bytes(chaos.reply_bytes) == b":1\r\n:2\r\n"


def test_a_pipeline_is_one_round_trip(chaos: ChaosProxy, wire: Wire) -> None:
    wire.send(INCR * 50)
    got = b""
    while got.count(b"\r\n") < 50:
        got += wire.reply()
    assert len(chaos.commands) == 50
    assert chaos.round_trips == 1


def test_a_pipeline_larger_than_any_buffer_is_one_round_trip(chaos: ChaosProxy, wire: Wire) -> None:
    command = pack(b"ECHO", b"x" * 1000)
    wire.send(command * 3000)
    got = 0
    while got < 3000 * len(b"$1000\r\n" + b"x" * 1000 + b"\r\n"):
        got += len(wire.reply())
    assert len(chaos.commands) == 3000
    assert chaos.round_trips == 1


def test_reset_sets_the_counts_back(chaos: ChaosProxy, wire: Wire) -> None:
    wire.ask(b"PING")
    chaos.reset()
    assert (chaos.commands, chaos.round_trips, chaos.connections) == ([], 0, 0)
    assert not chaos.request_bytes
    assert not chaos.reply_bytes


@pytest.mark.parametrize("count", range(len(INCR) + 1))
def test_cut_after_each_byte_of_a_request(chaos: ChaosProxy, wire: Wire, valkey_server: Server, count: int) -> None:
    chaos.cut_after_requests(count)
    wire.send(INCR)
    assert wire.reply() == b""
    assert bytes(chaos.request_bytes) == INCR[:count]
    assert chaos.cuts == 1
    assert stored(valkey_server) == (1 if count == len(INCR) else 0), "settled once the client saw the cut"


@pytest.mark.parametrize("count", range(len(b":1\r\n") + 1))
def test_cut_after_each_byte_of_a_reply(chaos: ChaosProxy, wire: Wire, valkey_server: Server, count: int) -> None:
    chaos.cut_after_replies(count)
    wire.send(INCR)
    got = b""
    while piece := wire.reply():
        got += piece
    assert got == b":1\r\n"[:count]
    assert stored(valkey_server) == 1


def test_limits_count_over_several_requests(chaos: ChaosProxy, wire: Wire, valkey_server: Server) -> None:
    chaos.cut_after_requests(2 * len(INCR) + 3)
    assert wire.ask(b"INCR", b"chaos:n") == b":1\r\n"
    assert wire.ask(b"INCR", b"chaos:n") == b":2\r\n"
    assert wire.ask(b"INCR", b"chaos:n") == b""
    assert stored(valkey_server) == 2


def test_a_cut_happens_once_and_new_connections_work(chaos: ChaosProxy, wire: Wire) -> None:
    chaos.cut_before_reply()
    assert wire.ask(b"INCR", b"chaos:n") == b""
    again = Wire(chaos.port)
    with again.socket:
        assert again.ask(b"INCR", b"chaos:n") == b":2\r\n"
    assert (chaos.cuts, chaos.connections) == (1, 1)


def test_a_cut_can_be_a_reset(chaos: ChaosProxy, wire: Wire) -> None:
    chaos.cut_before_reply(reset=True)
    wire.send(INCR)
    with pytest.raises(ConnectionResetError):
        wire.reply()


def test_cut_now(chaos: ChaosProxy, wire: Wire) -> None:
    chaos.cut()
    assert chaos.cuts == 1
    assert wire.reply() == b""


def test_refused_connections_are_refused_until_accepted_again(chaos: ChaosProxy, wire: Wire) -> None:
    chaos.refuse()
    assert wire.reply() == b"", "open connections are cut"
    with pytest.raises(ConnectionRefusedError):
        Wire(chaos.port)
    chaos.accept()
    again = Wire(chaos.port)
    with again.socket:
        assert again.ask(b"PING") == b"+PONG\r\n"


def test_delay_holds_each_reply(chaos: ChaosProxy, wire: Wire) -> None:
    chaos.delay(0.2)
    began = time.monotonic()
    assert wire.ask(b"PING") == b"+PONG\r\n"
    assert time.monotonic() - began >= 0.2
    chaos.heal()
    began = time.monotonic()
    wire.ask(b"PING")
    assert time.monotonic() - began < 0.2


def test_hang_forwards_nothing_until_resume(chaos: ChaosProxy, wire: Wire, valkey_server: Server) -> None:
    chaos.hang()
    threading.Timer(0.2, chaos.resume).start()
    began = time.monotonic()
    assert wire.ask(b"INCR", b"chaos:n") == b":1\r\n"
    assert time.monotonic() - began >= 0.19


def test_hang_of_replies_lets_requests_through(chaos: ChaosProxy, wire: Wire, valkey_server: Server) -> None:
    chaos.hang(requests=False)
    wire.send(INCR)
    wait_until(lambda: stored(valkey_server) == 1)
    wire.socket.settimeout(0.1)
    with pytest.raises(TimeoutError):
        wire.reply()
    wire.socket.settimeout(10)
    chaos.resume()
    assert wire.reply() == b":1\r\n"


def test_a_hung_connection_can_be_cut(chaos: ChaosProxy, wire: Wire) -> None:
    chaos.hang()
    wire.send(INCR)
    chaos.cut()
    assert chaos.cuts == 1


def test_redis_py_works_through_it(chaos: ChaosProxy, valkey_server: Server) -> None:
    import redis

    with redis.Redis(port=chaos.port) as client:
        client.set("chaos:big", b"x" * 3_000_000)
        chaos.reset()
        assert client.get("chaos:big") == b"x" * 3_000_000
        client.delete("chaos:big")
    assert chaos.command_names == ["GET", "DEL"]
    assert chaos.round_trips == 2


def test_a_server_that_is_gone_ends_the_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with ChaosProxy(unused.getsockname()) as proxy:
            client = Wire(proxy.port)
            with client.socket:
                assert client.reply() == b""


def test_close_ends_threads() -> None:
    before = threading.active_count()
    with ChaosProxy(("127.0.0.1", 1)) as proxy:
        assert threading.active_count() > before
        port = proxy.port
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        Wire(port)
