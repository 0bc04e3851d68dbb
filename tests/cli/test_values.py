"""``get``, ``set``, ``delete``, ``expire``, ``persist``, ``ttl``."""

from __future__ import annotations

import pytest

from redicts.proxy import Proxy
from tests.cli.conftest import Cli


def test_set_and_get_a_document(cli: Cli, tree: Proxy) -> None:
    assert cli("set", "shop", '{"name": "Corner", "tags": [], "open": null}') == cli("set", "x", "1")
    answer = cli("get", "shop")
    assert (answer.code, answer.err) == (0, "")
    assert answer.json == {"name": "Corner", "tags": [], "open": None}
    assert answer.out == '{"name":"Corner","open":null,"tags":[]}\n'
    assert tree.val() == {"shop": answer.json, "x": 1}
    assert cli("get").json == cli("get", "").json == tree.val()


@pytest.mark.parametrize("value", ["-5", "-1e300", "null", "true", '"text"', "[1, [2]]", "{}", str(2**80), '"\\ud800"'])
def test_values_of_every_kind(cli: Cli, tree: Proxy, value: str) -> None:
    import json

    assert cli("set", "a.b", value).code == 0
    assert tree["a.b"].val() == cli("get", "a.b").json == json.loads(value)


def test_a_name_with_a_dot(cli: Cli, tree: Proxy) -> None:
    assert cli("set", r"hosts.example\.org.port", "80").code == 0
    assert tree.val() == {"hosts": {"example.org": {"port": 80}}}
    assert cli("get", r"hosts.example\.org").json == {"port": 80}


def test_text_as_it_is(cli: Cli, tree: Proxy) -> None:
    assert cli("set", "a", "--text", "Grüße, 123").code == 0
    assert cli("set", "b", "--text", "123").code == 0
    assert tree.val() == {"a": "Grüße, 123", "b": "123"}
    assert cli("get", "a", "--text").out == "Grüße, 123\n"
    assert cli("get", "--text").json == {"a": "Grüße, 123", "b": "123"}


def test_a_value_from_stdin(cli: Cli, tree: Proxy) -> None:
    assert cli("set", "a", "-", stdin='{"x": [1]}\n').code == 0
    assert cli("set", "b", "-", "--text", stdin="two\nlines\n").code == 0
    assert tree.val() == {"a": {"x": [1]}, "b": "two\nlines"}
    assert cli("get", "b", "--text").out == "two\nlines\n"


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (["set", "a.new", "plain text"], None),
        (["set", "a.new", "{'x': 1}"], None),
        (["set", "a.new", "-"], "no json"),
        (["set", "a.new", "-"], b"\xff\xfe\xfa"),
        (["set", "a.new", "-", "--text"], b"\xff"),
        (["set", "a.new", "[" * 100_000], None),
        (["set", "a.new", '{"": 1}'], None),
        (["set", "a.new", '{"x": {"\\ud800": 1}}'], None),
        (["set", "a.new", '{"x":' * 150 + "1" + "}" * 150], None),
        (["set", "", "{}"], None),
        (["set", "a..b", "1"], None),
        (["set", "a\\b", "1"], None),
        (["set", "a.new"], None),
        (["set", "a.new", "1", "--expire", "0"], None),
        (["set", "a.new", "1", "--expire", "-3"], None),
        (["set", "a.new", "1", "--expire", "nan"], None),
        (["set", "a.new", "1", "--expire", "soon"], None),
        (["set", "a.new", "1", "--exipre", "5"], None),
        (["get", "a", "--default", "none of JSON"], None),
        (["expire", "a", "0"], None),
        (["expire", "", "5"], None),
        (["persist", ""], None),
        (["delete", ""], None),
        (["delete"], None),
        (["sing"], None),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    cli: Cli, tree: Proxy, words: list[str], stdin: str | bytes | None
) -> None:
    tree.set("a", 1)
    answer = cli(*words, stdin=stdin)
    assert answer.code == 2, answer
    assert answer.out == ""
    assert answer.err
    assert "Traceback" not in answer.err
    assert tree.val() == {"a": 1}


def test_text_that_is_not_json_says_what_to_do(cli: Cli) -> None:
    answer = cli("set", "a", "hello")
    assert "not JSON" in answer.err
    assert "--text" in answer.err
    assert "'\"hello\"'" in answer.err


def test_what_is_not_there(cli: Cli, tree: Proxy) -> None:
    for words in (["get", "a.b"], ["ttl", "a.b"], ["delete", "a.b"], ["expire", "a.b", "5"], ["persist", "a.b"]):
        answer = cli(*words)
        assert (answer.code, answer.out) == (1, "")
        assert answer.err == "redicts: nothing is at 'a.b'\n"
    assert cli("get", "a.b", "--default", "[1]").json == [1]
    assert cli("get").json == {}
    assert tree.val() == {}


def test_null_is_there(cli: Cli) -> None:
    assert cli("set", "a", "null").code == 0
    assert cli("get", "a", "--default", "1").out == "null\n"


def test_delete(cli: Cli, tree: Proxy) -> None:
    tree.update({"a.b": 1, "c": 2})
    assert cli("delete", "a.b").code == 0
    assert tree.val() == {"c": 2}
    assert cli("delete", "", "--everything").code == 0
    assert tree.val() == {}


def test_time_to_live(cli: Cli, tree: Proxy) -> None:
    assert cli("set", "a.b", "1", "--expire", "50.5").code == 0
    assert 50 < cli("ttl", "a.b").json <= 50.5
    assert cli("ttl", "a").json == cli("ttl", "").json == -1
    assert cli("expire", "a", "20").code == 0
    assert 19 < cli("ttl", "a.b").json <= 20
    assert cli("persist", "a").code == 0
    assert cli("ttl", "a").json == -1
    assert tree["a"].time_to_live() == -1


def test_pretty_and_compact(cli: Cli) -> None:
    assert cli("set", "a", '{"y": [1, 2], "x": "ü"}').code == 0
    assert cli("get", "a", "--pretty").out == '{\n  "x": "\\u00fc",\n  "y": [\n    1,\n    2\n  ]\n}\n'
    assert cli("get", "a", "--compact").out == cli("get", "a").out == '{"x":"\\u00fc","y":[1,2]}\n'
