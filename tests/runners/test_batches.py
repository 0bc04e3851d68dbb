"""Commands and scripts in one round trip: replies in order, errors that harm nobody, scripts loaded on demand."""

from __future__ import annotations

from typing import Any

import pytest
import redis
import redis.exceptions

from redicts.core.codec import decode
from redicts.core.effects import Op, Refused, Sleep
from redicts.core.keys import decode_component
from redicts.errors import InternalError
from tests.runners.rig import Rig, call, script
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy
from tests.support.servers import Server

FACES = ("sync", "asyncio")

INCR = "return redis.call('INCR', KEYS[1])"


def test_replies_come_in_order_as_plain_python(rig: Rig) -> None:
    key = rig.key("k")
    replies = rig.run(
        call("SET", key, "é😀"),
        call("GET", key),
        call("GET", rig.key("none")),
        call("INCR", rig.key("n")),
        call("RPUSH", rig.key("l"), "a", 1, b"\xc3\xa9"),
        call("LRANGE", rig.key("l"), 0, -1),
        call("LRANGE", rig.key("none"), 0, -1),
        script("return {1, 'two', {3, false}}"),
        script("return redis.status_reply('FINE')"),
    )
    assert replies == ("OK", "é😀", None, 1, 3, ["a", "1", "é"], [], [1, "two", [3, None]], "FINE")


def test_one_operation_of_several_steps(rig: Rig) -> None:
    def count() -> Op[int]:
        (first,) = yield (call("INCRBY", rig.key("n"), 5),)
        second, third = yield call("INCRBY", rig.key("n"), first), call("GET", rig.key("n"))
        assert str(second) == third
        return int(second)

    assert rig.runner.run(count(), True) == 10


def test_an_operation_that_asks_nothing(rig: Rig) -> None:
    def nothing() -> Op[str]:
        return "done"
        yield

    assert rig.runner.run(nothing(), True) == "done"


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_client_that_decodes_is_fine_too(valkey_server: Server, protocol: int) -> None:
    with valkey_server.client(protocol=protocol, decode_responses=True, encoding="latin-1") as client:
        rig = Rig(client)
        assert rig.run(call("SET", rig.key("k"), "é😀"), call("GET", rig.key("k"))) == ("OK", "é😀")
        assert rig.run(script("return {KEYS[1], ARGV[1], 1}", ["é"], ["日本"])) == ["é", "日本", 1]
        assert rig.steps(call("PING")) == ["PONG"]
        rig.close()


def test_an_error_reply_is_raised_after_all_replies_were_read(rig: Rig) -> None:
    text, number = rig.key("text"), rig.key("n")
    with pytest.raises(redis.ResponseError, match="not an integer"):
        rig.run(call("SET", text, "x"), call("INCR", text), call("INCR", number), call("GET", number))
    assert rig.run(call("GET", number), call("PING")) == ("1", "PONG")


def test_an_error_reply_keeps_the_connection(backend: Backend) -> None:
    rig = Rig(backend.client)
    made: Any = backend.client.connection_pool
    assert rig.run(call("PING")) == "PONG"
    (before,) = made._available_connections
    socket = before._sock
    with pytest.raises(redis.ResponseError):
        rig.run(call("INCR"), call("PING"))
    assert made._available_connections == [before]
    assert before._sock is socket
    assert rig.run(call("ECHO", "still")) == "still"


def test_the_first_of_several_errors_is_raised(rig: Rig) -> None:
    with pytest.raises(redis.ResponseError, match="first"):
        rig.run(script("return redis.error_reply('ERR first')"), script("return redis.error_reply('ERR second')"))


def test_errors_are_raised_inside_the_operation(rig: Rig) -> None:
    def careful() -> Op[Any]:
        try:
            yield (call("INCR", rig.key("text"), "x", "y"),)
        except redis.ResponseError as error:
            (reply,) = yield (call("ECHO", type(error).__name__),)
            return reply
        raise AssertionError("no error")

    assert rig.runner.run(careful(), True) == "ResponseError"


@pytest.mark.parametrize(
    ("reply", "code", "detail"),
    [
        ("LOCKLOST ns:l:{a}", "LOCKLOST", "ns:l:{a}"),
        ("NEWSECTION a b", "NEWSECTION", "a b"),
        ("NOTANUMBER", "NOTANUMBER", ""),
        ("WRONGKIND @list", "WRONGKIND", "@list"),
    ],
)
def test_what_our_scripts_refuse_with_is_refused(rig: Rig, reply: str, code: str, detail: str) -> None:
    with pytest.raises(Refused) as caught:
        rig.run(script(f"return redis.error_reply('{reply}')"))
    assert (caught.value.code, caught.value.detail) == (code, detail)


def test_a_key_of_the_wrong_type_is_an_internal_error(rig: Rig) -> None:
    key = rig.key("text")
    assert rig.run(call("SET", key, "x")) == "OK"
    for effect in (call("HGET", key, "f"), script("return redis.call('HGET', KEYS[1], 'f')", [key])):
        with pytest.raises(InternalError, match=r"run check\(\)"):
            rig.run(effect)


def test_bytes_that_are_not_utf8_are_kept_for_the_codec_to_refuse(rig: Rig) -> None:
    key = rig.key("k")
    rig.client.set(key, b"\xff\xfe")
    assert rig.run(call("GET", key)) == "\udcff\udcfe"
    with pytest.raises(InternalError):
        decode('"\udcff"')
    with pytest.raises(InternalError):
        decode_component("\udcff")


def test_an_unknown_script_is_loaded_and_run_once(rig: Rig) -> None:
    effect = script(INCR, [rig.key("n")])
    assert rig.client.script_exists(effect.script.sha) == [False]
    assert rig.run(effect, idempotent=False) == 1
    assert rig.client.script_exists(effect.script.sha) == [True]
    assert rig.run(effect, idempotent=False) == 2


def test_scripts_flushed_between_two_calls_and_inside_a_batch(rig: Rig) -> None:
    effect = script(INCR, [rig.key("n")])
    assert rig.run(effect) == 1
    rig.client.script_flush()
    assert rig.run(effect, idempotent=False) == 2
    # Both of the batch were known when it was made; the second is not any more when its turn comes.
    assert rig.run(effect, call("SCRIPT", "FLUSH"), effect, call("GET", rig.key("n"))) == (3, "OK", 4, "3")
    assert rig.run(effect, effect) == (5, 6)


def test_a_script_that_fails_is_not_run_again(rig: Rig) -> None:
    effect = script("redis.call('INCR', KEYS[1]) return redis.error_reply('ERR after')", [rig.key("n")])
    with pytest.raises(redis.ResponseError, match="after"):
        rig.run(effect)
    assert rig.run(call("GET", rig.key("n"))) == "1"


def test_a_script_that_does_not_compile_says_so(rig: Rig) -> None:
    with pytest.raises(redis.ResponseError, match=r"(?i)compil|loading code"):
        rig.run(script("this is no Lua"))


def test_a_batch_is_one_round_trip_and_an_unknown_script_one_more(chaos_rig: Rig, chaos: ChaosProxy) -> None:
    keys = [chaos_rig.key(str(number)) for number in range(50)]
    assert chaos_rig.run(*[call("SET", key, "x" * 3000) for key in keys]) == ("OK",) * 50
    assert chaos.round_trips == 1
    effect = script(INCR, [chaos_rig.key("n")])
    chaos.reset()
    assert chaos_rig.run(effect, call("PING")) == (1, "PONG")
    assert (chaos.round_trips, chaos.command_names) == (2, ["EVALSHA", "PING", "EVAL"])
    chaos.reset()
    assert chaos_rig.run(effect, effect, call("PING")) == (2, 3, "PONG")
    assert (chaos.round_trips, chaos.command_names) == (1, ["EVALSHA", "EVALSHA", "PING"])
    assert chaos.connections == 0


def test_more_than_one_command_cannot_stand_with_an_effect_of_its_own(rig: Rig) -> None:
    with pytest.raises(ValueError, match="stands alone"):
        rig.run(Sleep(0), call("PING"))
    with pytest.raises(ValueError, match="stands alone"):
        rig.run(call("PING"), Sleep(0))
