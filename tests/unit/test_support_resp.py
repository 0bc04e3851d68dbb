"""The parser of requests, fed in pieces of every size."""

from __future__ import annotations

import pytest

from tests.support.resp import RequestParser, pack

COMMANDS = [[b"SET", b"a", b"1\r\n$3\r\n"], [b"PING"], [b"GET", b""]]
STREAM = b"".join(pack(*command) for command in COMMANDS)


@pytest.mark.parametrize("size", range(1, len(STREAM) + 1))
def test_commands_are_whole_however_the_stream_is_cut(size: int) -> None:
    parser = RequestParser()
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [command for piece in pieces for command in parser.feed(piece)] == COMMANDS


def test_an_unfinished_command_is_kept() -> None:
    parser = RequestParser()
    assert parser.feed(STREAM[:-1]) == COMMANDS[:-1]
    assert parser.feed(STREAM[-1:]) == COMMANDS[-1:]


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        RequestParser().feed(b"PING\r\n")
