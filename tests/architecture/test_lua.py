"""Every script says in its header how it is called, and is short."""

from __future__ import annotations

import pytest

from tests.architecture.rules.lua import MAX_LINES, lua_violations
from tests.architecture.rules.source import PACKAGE, lua_files

PRELUDE = PACKAGE / "core" / "prelude"


def test_scripts_have_headers_and_are_short() -> None:
    parts = {path.stem for path in PRELUDE.glob("*.lua")}
    found = []
    for path in lua_files():
        text = path.read_text(encoding="utf-8")
        found += lua_violations(path.stem, text, parts, part_of_prelude=path.parent == PRELUDE)
    assert found == []


def test_every_part_of_the_prelude_is_needed() -> None:
    texts = [path.read_text(encoding="utf-8") for path in lua_files()]
    needed = {
        part.strip()
        for text in texts
        for line in text.splitlines()
        if line.startswith(("-- Needs:", "-- First:"))
        for part in line[len("-- Needs:") :].split(",")
    }
    assert {path.stem for path in PRELUDE.glob("*.lua")} - needed == set()


# -- the rules themselves ------------------------------------------------------------------------------------------

GOOD = """-- made: does what it says.
-- KEYS: the hash.
-- ARGV: none.
-- Reply: 1.
-- Errors: none.
-- Complexity: O(1).
-- Needs: read

return 1
"""


def test_a_good_script_is_not_reported() -> None:
    assert lua_violations("made", GOOD, {"read"}) == []
    assert lua_violations("read", "-- prelude read: reads.\nlocal x = 1\n", part_of_prelude=True) == []


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("-- made:", "-- other:"),
        GOOD.replace("-- KEYS: the hash.", "--"),
        GOOD.replace("-- ARGV:", "-- Arguments:"),
        GOOD.replace("-- Reply: 1.", "-- Reply:"),
        GOOD.replace("-- Errors: none.\n", "\n").replace("-- Complexity: O(1).\n-- Needs: read\n", "")
        + "-- Complexity: after the header does not count",
        GOOD.replace("-- Complexity", "-- Cost"),
        GOOD.replace("-- Needs: read", "-- Needs: reed"),
        GOOD.replace("-- Needs: read", "-- First: reed\n-- Needs: read"),
        GOOD + "\n" * MAX_LINES,
        GOOD + "local t = cjson.decode(ARGV[1])",
        GOOD + "redis.call('keys', '*')",
        GOOD + 'redis.pcall( "SCAN", 0)',
    ],
)
def test_a_bad_script_is_found(text: str) -> None:
    assert lua_violations("made", text, {"read"}) != []


def test_a_comment_may_speak_of_cjson() -> None:
    assert lua_violations("made", GOOD + "-- never cjson here", {"read"}) == []
