"""Connection URLs, taken apart."""

from __future__ import annotations

import pytest

from redicts.errors import ConfigError
from redicts.pool.url import parse_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://", {"ssl": False, "host": "localhost"}),
        ("redis://h", {"ssl": False, "host": "h"}),
        ("REDIS://h", {"ssl": False, "host": "h"}),
        ("redis://h/", {"ssl": False, "host": "h"}),
        ("redis://h:7/3", {"ssl": False, "host": "h", "port": 7, "database": 3}),
        ("redis://:p@h", {"ssl": False, "host": "h", "password": "p"}),
        ("redis://u:p%40%2F%23x@h", {"ssl": False, "host": "h", "username": "u", "password": "p@/#x"}),
        ("redis://[::1]:7", {"ssl": False, "host": "::1", "port": 7}),
        ("rediss://h", {"ssl": True, "host": "h"}),
        ("redis://h?db=3", {"ssl": False, "host": "h", "database": 3}),
        ("redis://h?timeout=2&max_connections=5", {"ssl": False, "host": "h", "timeout_secs": 2, "max_connections": 5}),
        ("redis://h?socket_timeout=0.5", {"ssl": False, "host": "h", "socket_timeout": 0.5}),
        ("rediss://h?ssl_check_hostname=no", {"ssl": True, "host": "h", "ssl_check_hostname": False}),
        ("rediss://h?ssl_ca_certs=%2Fca.pem", {"ssl": True, "host": "h", "ssl_ca_certs": "/ca.pem"}),
        ("unix:///run/x.sock", {"unix_socket_path": "/run/x.sock"}),
        ("unix://u:p@/run/x%20y.sock?db=2",
         {"unix_socket_path": "/run/x y.sock", "username": "u", "password": "p", "database": 2}),
    ],
)  # fmt: skip
def test_parts(url: str, expected: dict[str, object]) -> None:
    assert parse_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "localhost",
        "localhost:6379",
        "redis:localhost",
        "http://h",
        "valkey://h",
        "redis://h:port",
        "redis://h:0",
        "redis://h:65536",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/1/2",
        "redis://:secret@h/1#2",
        "redis://:sec#ret@h",
        "redis://h/1?db=2",
        "redis://h?db=1&db=2",
        "redis://h?db=",
        "redis://h?db=secret",
        "redis://h?secret=1",
        "redis://h?socket_timeout=nan",
        "redis://h?max_connections=0",
        "redis://h?max_connections=1.5",
        "rediss://h?ssl_check_hostname=maybe",
        "redis://[::1",
        "unix://",
        "unix:///",
        "unix://x.sock",
        "unix://host/x.sock",
    ],
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        _ = parse_url(url)
    if "?secret" not in url:
        assert "secret" not in str(raised.value).replace("may hold a secret", "")
    assert "url" in str(raised.value)


def test_it_is_called_what_the_user_calls_it() -> None:
    with pytest.raises(ConfigError, match=r"^url in names\['a'\] begins with none") as raised:
        _ = parse_url("http://x", "url", "names['a']")
    assert raised.value.key == "url"
