"""Bodies of typed leaves as JSON: whatever is in them, the text is JSON, and says the same."""

from __future__ import annotations

import json
import math
from random import Random
from typing import Any

import pytest

from redicts.core.codec import encode_canonical
from tests.lua.conftest import Scripts

PIECES = [
    b"", b"a", b"\x00", b"\x1f", b"\x7f", b'"', b"\\", b"/", b"\n", b"%s",
    b"\x80", b"\xbf", b"\xc0", b"\xc1", b"\xc2", b"\xc3\xa9", b"\xdf\xbf", b"\xc2A\x80",
    b"\xe0", b"\xe0\x80\x80", b"\xe0\xa0\x80", b"\xe2\x82\xac", b"\xe2\x82", b"\xe2\x28\xa1",
    b"\xed\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xee\x80\x80", b"\xef\xbf\xbf",
    b"\xf0\x80\x80\x80", b"\xf0\x90\x80\x80", b"\xf0\x9f\x98\x80", b"\xf1\x80\x80\x80",
    b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8", b"\xff",
]  # fmt: skip
"""What bytes are made of: characters, and what is nearly one."""


def shown(scripts: Scripts, kind: str, *command: str | bytes | float) -> Any:
    """Fill a body, and read the place."""
    client: Any = scripts.backend.client
    name, *args = command
    client.delete(scripts.body("a", "b"))
    client.hset(scripts.node("a"), "b", f"@{kind}")
    client.execute_command(name, scripts.body("a", "b"), *args)
    found = scripts.run("val", [scripts.node("a")], ["b"])
    return json.loads(found)


def test_bytes(scripts: Scripts) -> None:
    random = Random(5)
    mixed = [b"".join(random.choices(PIECES, k=random.randint(2, 5))) for _ in range(300)]
    for data in [*PIECES[1:], *mixed]:
        try:
            expected = data.decode()
        except UnicodeDecodeError:
            expected = data.decode("latin-1")
        assert shown(scripts, "string", "SET", data) == expected, data


def test_names(scripts: Scripts) -> None:
    keys: list[Any] = ["a", "1", "", 2, None, True, 2.5, "é", '"', "\\", ["x", '"\\\n'], [1, [None]], math.inf]
    fields = [text for key in keys for text in (encode_canonical(key), "1")]
    assert shown(scripts, "dict", "HSET", *fields) == {
        key if isinstance(key, str) else encode_canonical(key): 1 for key in keys
    }


@pytest.mark.parametrize("clash", [(1, "1"), (None, "null"), ([1], "[1]"), (["a"], '["a"]')])
def test_names_that_clash(scripts: Scripts, clash: tuple[Any, Any]) -> None:
    fields = [text for number, key in enumerate([*clash, "x"]) for text in (encode_canonical(key), str(number))]
    for kind in ("dict", "counter"):
        found = shown(scripts, kind, "HSET", *fields)
        assert sorted(found, key=str) == sorted(([key, number] for number, key in enumerate([*clash, "x"])), key=str)


def test_scores(scripts: Scripts) -> None:
    numbers = [0.1, -0.5, 3.0, 1e20, 1e16, 123456789012345680.0, 5e-324, 1.7976931348623157e308]
    found = shown(scripts, "sorted_set", "ZADD", *[repr(number) for number in numbers for _ in range(2)])
    assert found == [[number, number] for number in sorted(numbers)]
    assert all(isinstance(score, float) for _, score in found)
    assert shown(scripts, "sorted_set", "ZADD", "inf", "1", "-inf", "2") == [[2, -math.inf], [1, math.inf]]


def test_members(scripts: Scripts) -> None:
    assert shown(scripts, "reliable_queue", "ZADD", "0", '1.0 "a b"', "0", "2.0 [1, 2]") == ["a b", [1, 2]]
    assert shown(scripts, "priority_queue", "ZADD", "2", '1 [2,"x y"]', "1", "2 [1,null]") == [[1, None], [2, "x y"]]


def test_more_than_luas_stack_takes(scripts: Scripts) -> None:
    texts = [str(number) for number in range(20_000)]
    for kind, command in (("list", "RPUSH"), ("set", "SADD")):
        assert sorted(shown(scripts, kind, command, *texts)) == list(range(20_000))
    assert len(shown(scripts, "dict", "HSET", *[text for each in texts for text in (each, "0")])) == 20_000
