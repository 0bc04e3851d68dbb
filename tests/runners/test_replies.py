"""Replies are alike under RESP2 and RESP3, and are ``int``, ``str``, ``None`` and lists of them, whatever they were."""

from __future__ import annotations

from typing import Any

import pytest
import redis.exceptions

from redicts.core.effects import Commit, Refused
from redicts.errors import InternalError
from redicts.runners.replies import plain, translate
from tests.runners.rig import Rig, call, script, watch

FACES = ("sync", "asyncio")


def pairs(flat: list[str]) -> dict[str, str]:
    assert all(isinstance(item, str) for item in flat)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def test_hashes(rig: Rig) -> None:
    key = rig.key("h")
    fields: dict[Any, Any] = {"a": "1", "é": "{}", "": "x"}
    rig.client.hset(key, mapping=fields)
    assert pairs(rig.run(call("HGETALL", key))) == fields
    assert rig.run(call("HGETALL", rig.key("none"))) == []
    assert pairs(rig.run(call("HRANDFIELD", key, 5, "WITHVALUES"))) == fields
    assert sorted(rig.run(call("HRANDFIELD", key, 5))) == sorted(fields)
    assert not rig.run(call("HRANDFIELD", rig.key("none"), 5, "WITHVALUES"))  # nil from fakeredis
    assert rig.run(call("HMGET", key, "a", "none")) == ["1", None]
    assert rig.run(call("HEXISTS", key, "a")) == 1
    cursor, page = rig.run(call("HSCAN", key, "0", "COUNT", 100))
    assert (cursor, pairs(page)) == ("0", fields)
    assert pairs(rig.run(script("return redis.call('HGETALL', KEYS[1])", [key]))) == fields


def test_sets(rig: Rig) -> None:
    key = rig.key("s")
    rig.client.sadd(key, "a", "é", "")
    members = rig.run(call("SMEMBERS", key))
    assert isinstance(members, list)
    assert sorted(members) == ["", "a", "é"]
    assert rig.run(call("SMEMBERS", rig.key("none"))) == []
    assert rig.run(call("SISMEMBER", key, "a")) == 1
    assert sorted(rig.run(script("return redis.call('SMEMBERS', KEYS[1])", [key]))) == ["", "a", "é"]


SCORES = {"zero": "0", "one": "1", "half": "0.5", "ms": "1700000000123", "least": "-3", "all": "inf"}


def test_scores_are_text_as_in_resp2(rig: Rig) -> None:
    key = rig.key("z")
    rig.client.zadd(key, {name: float(score) for name, score in SCORES.items()})
    assert {name: rig.run(call("ZSCORE", key, name)) for name in SCORES} == SCORES
    assert rig.run(call("ZSCORE", key, "none")) is None
    assert pairs(rig.run(call("ZRANGE", key, 0, -1, "WITHSCORES"))) == SCORES
    assert rig.run(call("ZRANGE", key, 0, 1)) == ["least", "zero"]
    assert rig.run(call("ZRANGE", rig.key("none"), 0, -1, "WITHSCORES")) == []
    assert rig.run(call("ZRANGEBYSCORE", key, "0.1", "1", "WITHSCORES")) == ["half", "0.5", "one", "1"]
    assert rig.run(call("ZMSCORE", key, "one", "none")) == ["1", None]
    assert rig.run(call("ZINCRBY", key, 2, "one")) == "3"
    assert rig.run(call("ZPOPMIN", key)) == ["least", "-3"]
    assert rig.run(call("ZPOPMAX", key, 2)) == ["all", "inf", "ms", "1700000000123"]


def test_scores_read_under_a_watch_and_in_a_commit(rig: Rig) -> None:
    key = rig.key("z")
    rig.client.zadd(key, {"a": 1, "b": 2.5})
    read, written = rig.steps(
        watch([key], ("ZRANGE", key, 0, -1, "WITHSCORES"), ("TIME",)),
        Commit((call("ZRANGE", key, 0, -1, "WITHSCORES"), call("ZSCORE", key, "a"), call("HGETALL", rig.key("none")))),
    )
    assert read[0] == ["a", "1", "b", "2.5"]
    assert [text.isdigit() for text in read[1]] == [True, True]
    assert written == [["a", "1", "b", "2.5"], "1", []]


def test_commands_without_pairs_keep_their_lists(rig: Rig) -> None:
    rig.client.rpush(rig.key("l"), "a", "b")
    assert rig.run(script("return {{'a', 'b'}, {'c'}}")) == [["a", "b"], ["c"]]
    assert rig.run(call("LRANGE", rig.key("l"), 0, -1)) == ["a", "b"]
    assert rig.run(call("SCAN", "0", "MATCH", rig.key("none"), "COUNT", 1))[1] == []


@pytest.mark.parametrize(
    ("raw", "made"),
    [
        (b"\xc3\xa9", "é"),
        ("text", "text"),
        (7, 7),
        (None, None),
        (True, 1),
        (False, 0),
        (1.0, "1"),
        (-3.0, "-3"),
        (0.1, "0.1"),
        (1700000000123.0, "1700000000123"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        ({b"a": {b"b": 1.0}}, ["a", ["b", "1"]]),
        ([], []),
        ([b"a", [None, 1, [b"b"]]], ["a", [None, 1, ["b"]]]),
        (frozenset([b"a"]), ["a"]),
    ],
)
def test_plain(raw: Any, made: Any) -> None:
    assert plain(raw) == made
    assert type(plain(raw)) is type(made)


def test_pairs_of_the_commands_that_have_them() -> None:
    raw = [[b"a", 1.0], [b"b", 2.5]]
    assert plain(raw, "ZRANGE") == ["a", "1", "b", "2.5"]
    assert plain(raw, "EVALSHA") == [["a", "1"], ["b", "2.5"]]
    assert plain([b"a", b"1"], "ZRANGE") == ["a", "1"]


def test_text_that_is_not_utf8() -> None:
    """Kept, as lone surrogates: the codec refuses them, and ``check()`` can say where they are."""
    for raw, kept in ((b"\xff", "\udcff"), ([b"\xff"], ["\udcff"]), ({b"\xff": 1}, ["\udcff", 1])):
        assert plain(raw) == kept


def test_the_table_of_errors() -> None:
    refused = translate(redis.exceptions.ResponseError("LOCKLOST ns:l:{a}.b c"))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.detail) == ("LOCKLOST", "ns:l:{a}.b c")
    for text in ("WRONGTYPE Operation against a key", "Error running script: WRONGTYPE Operation"):
        assert isinstance(translate(redis.exceptions.ResponseError(text)), InternalError)
    for error in (
        redis.exceptions.ResponseError("OOM too much"),
        redis.exceptions.ReadOnlyError("x"),
        ValueError("LOCKLOST"),
    ):
        assert translate(error) is error
