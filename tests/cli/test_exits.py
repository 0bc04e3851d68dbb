"""Which error ends a command with which code."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import redis.exceptions

from redicts import errors
from redicts.cli import connection, exits
from redicts.cli.exits import Code, explain
from redicts.proxy import Proxy
from tests.cli.conftest import Cli
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server

EXPECTED = {
    "PathError": 2,
    "WrongType": 2,
    "NotANumber": 2,
    "InvalidElement": 2,
    "ConnectionLost": 3,
    "PoolExhausted": 3,
    "OutcomeUnknown": 3,
    "ConfigError": 4,
    "LockError": 4,
    "LockTimeout": 4,
    "LockLost": 4,
    "NotOwner": 4,
    "InternalError": 4,
    "TaskLost": 4,
    "ParameterMismatch": 4,
    "QuorumIsImpossible": 4,
    "QuorumNotAchieved": 4,
    "RateLimited": 4,
    "TooManyElements": 4,
    "TooManyExtensions": 4,
    "WaitTimeout": 4,
    "RedictsError": 4,
    "ResultNotReady": 4,
    "NeverSent": 4,
    "PipelineError": 4,
    "PipelineMisused": 4,
    "NotAtomic": 4,
}


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_has_a_code(name: str) -> None:
    failure = explain(getattr(errors, name)("what happened"))
    assert failure is not None
    assert failure.code == EXPECTED[name]


def test_errors_of_the_server_and_of_files() -> None:
    refused = explain(redis.exceptions.ResponseError("OOM command not allowed"))
    assert refused is not None
    assert (refused.code, str(refused)) == (4, "the server refused: OOM command not allowed")
    missing = explain(FileNotFoundError(2, "No such file", "x.json"))
    assert missing is not None
    assert missing.code == 2
    assert explain(KeyError("a defect")) is None


def test_the_table_names_every_code(cli: Cli) -> None:
    said = cli("--help")
    assert said.code == 0
    for code in Code:
        assert str(code.value) in exits.TABLE
        assert str(code.value) in said.out.partition("Exit codes")[2]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_no_server() -> None:
    port = free_port()
    answer = Cli(["--url", f"redis://127.0.0.1:{port}"])("get", "a")
    assert (answer.code, answer.out) == (3, "")
    assert f"127.0.0.1:{port}" in answer.err
    assert "--url" in answer.err
    assert "--embedded" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_delete_whose_reply_is_lost(chaos: ChaosProxy, options: list[str], tree: Proxy) -> None:
    cli = Cli(["--url", chaos.url, *options[2:]])
    tree.update({"a.x": 1, "a.y": 1, "a.z": 1})
    assert cli("delete", "a.x").code == 0  # the server knows the script now
    chaos.reset()
    assert cli("delete", "a.y").code == 0
    chaos.cut_after_replies(len(chaos.reply_bytes) - 2)  # in the middle of the last, the delete's own
    answer = cli("delete", "a.z")
    assert chaos.cuts == 1
    assert (answer.code, answer.out) == (3, "")
    assert "once, or not at all" in answer.err
    assert tree.val() == {}


def test_a_server_that_wants_a_password(start_server: Callable[..., Server]) -> None:
    server = start_server(requirepass="secret")
    answer = Cli(["--url", server.url])("get", "a")
    assert (answer.code, answer.out) == (4, "")
    wrong = Cli(["--url", server.url.replace("//", "//:wrong@")])("get", "a")
    assert wrong.code == 4
    assert "wrong" not in wrong.err.replace("WRONGPASS", "").replace("wrong number", "")
    assert Cli(["--url", server.url.replace("//", "//:secret@")])("get").json == {}


def test_a_server_that_takes_no_writes(start_server: Callable[..., Server]) -> None:
    server = start_server()
    with server.client() as client:
        client.replicaof("127.0.0.1", free_port())
    answer = Cli(["--url", server.url])("set", "a", "1")
    assert answer.code == 4
    assert "replica" in answer.err


@pytest.mark.parametrize("url", ["nonsense", "http://localhost", "redis://localhost/x", "redis://localhost?tyop=1"])
def test_a_url_that_is_none(url: str) -> None:
    answer = Cli(["--url", url])("get")
    assert (answer.code, answer.out) == (4, "")
    assert "Traceback" not in answer.err


def test_a_namespace_that_is_none(cli: Cli) -> None:
    assert cli("--namespace", "a b", "get").code == 4


def test_url_and_embedded(cli: Cli, folder: Path) -> None:
    for words in (["--embedded", str(folder), "get"], ["get", "--embedded", str(folder)]):
        answer = cli(*words)
        assert answer.code == 2
        assert "only one" in answer.err
    assert not folder.exists()


def test_the_url_of_the_environment(
    options: list[str], monkeypatch: pytest.MonkeyPatch, tree: Proxy, folder: Path
) -> None:
    monkeypatch.setenv("REDICTS_URL", options[1])
    tree.set("a", 1)
    assert Cli(options[2:])("get", "a").out == "1\n"
    assert Cli(options[2:])("set", "a", "2", "--embedded", str(folder)).code == 0  # what is said wins
    assert tree["a"].val() == 1
    monkeypatch.setenv("REDICTS_URL", "redis://127.0.0.1:1")
    assert Cli(options)("get", "a").out == "1\n"


def test_options_stand_before_and_after_the_command(options: list[str], tree: Proxy) -> None:
    tree.set("a", 1)
    assert Cli([])("get", "a", *options).out == "1\n"
    assert Cli(options[:2])("get", "a", *options[2:]).out == "1\n"


def test_embedded(folder: Path) -> None:
    cli = Cli(["--embedded", str(folder)])
    for words in (["get"], ["delete", "a"], ["tree"], ["check"], ["ping"], ["export"]):
        answer = cli(*words)
        assert (answer.code, answer.out) == (3, "")  # a directory misspelled is not made
        assert str(folder) in answer.err
    assert not folder.exists()
    assert cli("set", "a.b", "1").code == 0
    assert cli("get", "a").json == {"b": 1}
    assert cli("ping").json["backend"] == "embedded"


def test_a_directory_that_cannot_be_used(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file")
    assert Cli(["--embedded", str(folder)])("set", "a", "1").code == 2


def test_a_defect_is_not_hidden(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(target: connection.Target, make: bool = False) -> Proxy:
        raise ZeroDivisionError

    monkeypatch.setattr(connection.Target, "open", broken)
    with pytest.raises(ZeroDivisionError):
        cli("get")


def test_every_command_explains_itself(cli: Cli) -> None:
    from redicts.cli.commands import commands

    for name, command in commands.commands.items():
        said = cli(name, "--help")
        assert said.code == 0
        assert "--url" in said.out
        assert command.help
        assert len(command.get_short_help_str(60)) < 60
        assert not command.get_short_help_str(60).endswith("...")
    assert isinstance(commands, click.Group)
