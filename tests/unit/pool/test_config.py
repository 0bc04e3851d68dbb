"""A user's dict becomes a ``Config``, or an error that says what is wrong."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import pytest

from redicts.errors import ConfigError
from redicts.pool.config import Config, ReadyClient, read_config
from redicts.pool.options import OPTIONS, SSL_OPTIONS


class Client:
    """Looks like a redis-py client."""

    connection_pool = object()


def test_defaults_are_those_of_redicts_1() -> None:
    config = read_config(None)
    assert config == read_config({}) == Config()
    assert (config.host, config.port, config.database, config.password) == ("localhost", 6379, 0, None)
    assert (config.max_connections, config.timeout_secs, dict(config.names)) == (100, 50, {})
    assert (config.namespace, config.ssl, config.unix_socket_path, config.embedded) == ("redicts", False, None, None)
    assert config.socket_timeout == 30


@pytest.mark.parametrize(
    ("cfg", "expected"),
    [
        ({"host": "h", "port": 1, "database": 15}, {"host": "h", "port": 1, "database": 15}),
        ({"default": 3}, {"database": 3}),
        ({"default": 3, "database": 3}, {"database": 3}),
        ({"password": None}, {"password": None}),
        ({"password": "p", "username": "u"}, {"password": "p", "username": "u"}),
        ({"max_connections": 1, "timeout_secs": 0}, {"max_connections": 1, "timeout_secs": 0}),
        ({"timeout_secs": None, "socket_timeout": None}, {"timeout_secs": None, "socket_timeout": None}),
        ({"timeout_secs": 0.5, "socket_timeout": 0.25}, {"timeout_secs": 0.5, "socket_timeout": 0.25}),
        ({"unix_socket_path": Path("/run/x.sock")}, {"unix_socket_path": "/run/x.sock"}),
        ({"namespace": "shop"}, {"namespace": "shop"}),
        ({"ssl": True, "ssl_ca_certs": Path("/ca.pem")}, {"ssl": True, "ssl_options": {"ssl_ca_certs": "/ca.pem"}}),
        ({"ssl": True, "ssl_cert_reqs": ssl.CERT_NONE}, {"ssl_options": {"ssl_cert_reqs": ssl.CERT_NONE}}),
        ({"ssl": True, "ssl_cert_reqs": None}, {"ssl_options": {"ssl_cert_reqs": None}}),
        ({"ssl": True, "ssl_ca_certs": None}, {"ssl_options": {}}),
        ({"url": None, "embedded": None, "names": None}, {"host": "localhost", "embedded": None}),
        ({"url": "redis://h:7/3", "namespace": "x"}, {"host": "h", "port": 7, "database": 3, "namespace": "x"}),
        ({"url": "redis://h", "database": 3, "password": "p"}, {"host": "h", "database": 3, "password": "p"}),
        ({"url": "redis://h/3", "database": 3}, {"database": 3}),
        ({"url": "rediss://h", "ssl": True, "ssl_check_hostname": False}, {"ssl": True}),
        ({"embedded": "/srv/data", "ssl": False, "password": None}, {"embedded": "/srv/data"}),
    ],
)
def test_what_is_given_is_taken(cfg: dict[str, Any], expected: dict[str, object]) -> None:
    config = read_config(cfg)
    assert {key: getattr(config, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("port", value) for value in (True, 0, 65536, -1, "6379", 6379.0, None)],
        *[("database", value) for value in (True, -1, "0", 1.0, None, 2**31)],
        *[("default", value) for value in (False, -1, "0")],
        *[("max_connections", value) for value in (True, 0, -5, "100", 1.5, None)],
        *[("timeout_secs", value) for value in (True, -1, "50", float("nan"), float("inf"))],
        *[("socket_timeout", value) for value in (True, 0, -1, "50", float("nan"))],
        *[("host", value) for value in (None, "", 7, b"localhost", "a b", "redis://localhost", "user@host", "a\n")],
        *[("password", value) for value in (7, b"secret", ["secret"])],
        *[("username", value) for value in (7, "")],
        *[("url", value) for value in (7, "")],
        *[("unix_socket_path", value) for value in (7, "", "a\0b", b"/x")],
        *[("embedded", value) for value in (7, True, "", "a\0b")],
        *[("namespace", value) for value in (7, "", "a b", "{a}", None)],
        *[("ssl", value) for value in (1, "yes", None)],
        *[("ssl_check_hostname", value) for value in (1, "yes", None)],
        *[("ssl_cert_reqs", value) for value in (True, "maybe", 7)],
        *[("names", value) for value in (7, ["a"], "a")],
    ],
)
def test_a_value_that_does_not_fit_is_named(key: str, value: object) -> None:
    with pytest.raises(ConfigError) as raised:
        _ = read_config({key: value})
    assert raised.value.key == key
    text = str(raised.value)
    assert text.startswith(key)
    assert "must be" in text
    if key in {"password", "url"}:
        assert "secret" not in text.replace("may hold a secret", "")
    elif "@" not in str(value):
        assert repr(value) in text or type(value).__name__ in text


def test_an_unknown_key_lists_the_known_ones_and_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'database'") as raised:
        _ = read_config({"databse": 1})
    assert raised.value.key == "databse"
    assert all(key in str(raised.value) for key in OPTIONS)


def test_an_unknown_key_in_a_name_says_where() -> None:
    with pytest.raises(ConfigError, match=r"key in names\['a'\] 'prot': did you mean 'port'"):
        _ = read_config({"names": {"a": {"prot": 1}}})


@pytest.mark.parametrize("cfg", [7, "redis://localhost", [("host", "a")]])
def test_a_configuration_is_a_dict(cfg: Any) -> None:
    with pytest.raises(ConfigError, match="must be a dict"):
        _ = read_config(cfg)


@pytest.mark.parametrize(
    "cfg",
    [
        {"default": 1, "database": 2},
        {"url": "redis://a", "host": "a"},
        {"url": "redis://a:6379", "port": 6379},
        {"url": "redis://a", "unix_socket_path": "/x"},
        {"url": "redis://a", "embedded": "/x"},
        {"embedded": "/x", "host": "localhost"},
        {"embedded": "/x", "port": 6379},
        {"embedded": "/x", "unix_socket_path": "/y"},
        {"embedded": "/x", "password": "p"},
        {"embedded": "/x", "username": "u"},
        {"embedded": "/x", "ssl": True},
        {"unix_socket_path": "/x", "host": "a"},
        {"unix_socket_path": "/x", "ssl": True},
        {"unix_socket_path": "/x", "ssl_ca_certs": "/y"},
        {"ssl_ca_certs": "/y"},
        {"ssl": False, "ssl_ca_certs": "/y"},
        {"url": "redis://a/1", "database": 2},
        {"url": "redis://:secret@a", "password": "other"},
        {"url": "redis://a", "ssl": True},
        {"url": "rediss://a", "ssl": False},
        {"url": "redis://a?namespace=x", "namespace": "y"},
    ],
)
def test_contradictions_are_refused(cfg: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as raised:
        _ = read_config(cfg)
    assert "secret" not in str(raised.value)
    with pytest.raises(ConfigError, match=r"names\['n'\]"):
        _ = read_config({"names": {"n": cfg}})


def test_names_lead_to_databases() -> None:
    client = Client()
    config = read_config(
        {
            "host": "main",
            "port": 7,
            "password": "p",
            "max_connections": 5,
            "timeout_secs": 1,
            "socket_timeout": 2,
            "namespace": "shop",
            "names": {
                "number": 3,
                "url": "redis://other:8/1",
                "own": {"host": "third", "timeout_secs": 9},
                "ready": client,
            },
        }
    )
    number, url, own, ready = (config.named(name) for name in ("number", "url", "own", "ready"))
    assert isinstance(number, Config)
    assert (number.address, number.password, number.names) == ("main:7/3", "p", {})
    assert isinstance(url, Config)
    assert (url.address, url.password) == ("other:8/1", None)
    assert isinstance(own, Config)
    assert (own.address, own.password, own.timeout_secs) == ("third:6379/0", None, 9)
    for other in (url, own):
        assert (other.max_connections, other.socket_timeout, other.namespace) == (5, 2, "shop")
    assert isinstance(ready, ReadyClient)
    assert ready.client is client
    assert ready.namespace == "shop"
    assert config.named(None) is config


@pytest.mark.parametrize(
    "value",
    [True, -1, 1.5, None, b"redis://x", "localhost", ["redis://x"], object(), {"names": {}}, {"database": -1}],
)
def test_what_a_name_cannot_be(value: object) -> None:
    with pytest.raises(ConfigError, match=r"names\['n'\]"):
        _ = read_config({"names": {"n": value}})


@pytest.mark.parametrize("name", [7, "", None, ("a",)])
def test_names_are_text(name: object) -> None:
    with pytest.raises(ConfigError, match="must be text"):
        _ = read_config({"names": {name: 1}})


@pytest.mark.parametrize("db_name", ["sesions", "", 7, ["a"]])
def test_an_unknown_name_lists_the_known_ones(db_name: Any) -> None:
    config = read_config({"names": {"sessions": 1, "jobs": 2}})
    with pytest.raises(ConfigError, match="Known: jobs, sessions") as raised:
        _ = config.named(db_name)
    assert ("did you mean 'sessions'" in str(raised.value)) is (db_name == "sesions")


@pytest.mark.parametrize(
    ("cfg", "address"),
    [
        ({}, "localhost:6379/0"),
        ({"host": "::1", "port": 7}, "[::1]:7/0"),
        ({"unix_socket_path": "/run/x.sock", "database": 2}, "/run/x.sock, database 2"),
        ({"embedded": "/srv/data"}, "embedded /srv/data"),
        ({"embedded": "/srv/data", "database": 2}, "embedded /srv/data, database 2"),
    ],
)
def test_the_address_says_where(cfg: dict[str, Any], address: str) -> None:
    assert read_config(cfg).address == address


def test_a_relative_directory_is_resolved_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = os.path.realpath(tmp_path / "real" / "data")
    for spelling in ("real/data", "link/data", "./link/../real/data/", "~/real/data", tmp_path / "link" / "data"):
        assert read_config({"embedded": spelling}).embedded == expected


def test_the_default_url_is_used_when_no_place_is_given() -> None:
    url = "redis://:p@env:7/5"
    assert read_config({}, default_url=url).address == "env:7/5"
    assert read_config(None, default_url=url).password == "p"
    assert read_config({"database": 3, "names": {"n": 4}}, default_url=url).address == "env:7/3"
    assert read_config({"port": 6380}, default_url=url) == read_config({"port": 6380})
    assert read_config({"url": "redis://x"}, default_url=url).password is None
    number = read_config({"names": {"n": 4}}, default_url=url).named("n")
    assert isinstance(number, Config)
    assert (number.address, number.password) == ("env:7/4", "p")


def test_a_bad_default_url_is_named_as_what_it_is() -> None:
    with pytest.raises(ConfigError, match="REDICTS_URL") as raised:
        _ = read_config({}, default_url="http://:secret@x")
    assert "secret" not in str(raised.value)
    assert raised.value.key == "REDICTS_URL"


@pytest.mark.parametrize(
    "cfg",
    [
        {"password": "secret"},
        {"url": "redis://u:secret@h/0"},
        {"url": "rediss://h/0", "ssl_password": "secret"},
        {"names": {"n": "redis://:secret@h"}},
        {"names": {"n": {"password": "secret"}}},
    ],
)
def test_secrets_stay_out_of_every_text(cfg: dict[str, Any]) -> None:
    config = read_config(cfg)
    assert "secret" not in f"{config!r} {config} {config.address}"


@pytest.mark.parametrize(
    "cfg",
    [
        {"host": "redis://u:secret@h"},
        {"embedded": ["secret@h"]},
        {"password": ["secret"]},
        {"url": "redis://u:secret@h:port"},
        {"url": ["redis://u:secret@h"]},
        {"names": {"n": "u:secret@h"}},
        {"names": {"n": ["secret"]}},
    ],
)
def test_secrets_stay_out_of_errors(cfg: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as raised:
        _ = read_config(cfg)
    error: BaseException | None = raised.value
    while error is not None:  # a traceback shows the whole chain
        assert "secret@" not in str(error)
        assert "secret']" not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_the_callers_dict_is_not_changed_and_not_kept() -> None:
    cfg: dict[str, Any] = {"default": 2, "url": "redis://a", "names": {"n": 1}}
    before = {**cfg, "names": dict(cfg["names"])}
    config = read_config(cfg)
    assert cfg == before
    cfg["names"]["m"] = 2
    assert list(config.names) == ["n"]


def test_every_ssl_option_is_one_of_redis_py() -> None:
    import inspect

    from redis.connection import SSLConnection

    known = {name for name in inspect.signature(SSLConnection.__init__).parameters if name.startswith("ssl_")}
    assert known == set(SSL_OPTIONS)
