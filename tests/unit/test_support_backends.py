"""Backends: their own namespace, their clock, and nothing left behind."""

from __future__ import annotations

from typing import Any

from tests.support.backends import Backend, server_backend
from tests.support.servers import Server


def test_the_clock_moves_on(backend: Backend) -> None:
    client, name = backend.client, backend.namespace
    client.set(f"{name}:forever", 1)
    client.set(f"{name}:long", 1, ex=100)
    client.hset(f"{name}:hash", "f", "1")
    client.expire(f"{name}:hash", 100)
    client.set(f"{name}:short", 1, px=40_000)
    backend.advance(39)
    assert client.exists(f"{name}:short")
    backend.advance(1)
    assert not client.exists(f"{name}:short")
    assert 59 <= client.ttl(f"{name}:long") <= 60
    assert client.pexpiretime(f"{name}:hash") - client.pexpiretime(f"{name}:long") < 1000
    assert client.ttl(f"{name}:forever") == -1
    backend.advance(1e9)
    assert backend.keys() == [f"{name}:forever"]


def test_keys_that_expire_together_still_do(backend: Backend) -> None:
    for number in range(50):
        backend.client.set(f"{backend.namespace}:{number}", 1, pxat=4_000_000_000_000)
    backend.advance(12.345)
    keys = backend.keys()
    assert {backend.client.pexpiretime(key) for key in keys} == {4_000_000_000_000 - 12_345}


def test_each_test_has_its_own_namespace_and_leaves_nothing(valkey_server: Server) -> None:
    first, second = server_backend(valkey_server, 3), server_backend(valkey_server, 2)
    first.client.set(f"{first.namespace}:a", 1)
    second.client.set(f"{second.namespace}:a", 1)
    first.advance(10)
    first.close()
    assert second.keys() == [f"{second.namespace}:a"]
    second.close()
    with valkey_server.client() as client:
        assert not client.exists(f"{first.namespace}:a", f"{second.namespace}:a")


def test_the_protocol_is_what_the_name_says(backend: Backend) -> None:
    if backend.real:
        client: Any = backend.client
        hello = client.execute_command("HELLO")
        pairs = hello if isinstance(hello, dict) else dict(zip(hello[::2], hello[1::2], strict=True))
        assert backend.name.endswith(f"resp{pairs[b'proto']}")
