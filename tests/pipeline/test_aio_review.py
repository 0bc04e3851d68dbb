"""What only large or careless pipelines meet: threads and databases, arguments that cannot be sent, many blocks."""

from __future__ import annotations

import enum
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

import redicts
from redicts import PipelineMisused, PoolExhausted, aio
from redicts.pool import Database
from tests.pipeline.places import at
from tests.support.servers import Server


class Colour(enum.IntEnum):
    """A number that is spelled with its name by ``repr``."""

    RED = 1


class Scale(float):
    """A number that is spelled in its own way by ``repr``, as those of numpy are."""

    def __repr__(self) -> str:
        return f"Scale({float(self)})"


def test_what_cannot_be_sent_is_refused_at_once_and_disturbs_nothing(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        before = pipe.proxy("a").add()
        for args in [("SET", "k", "\ud800"), ("SET", "\ud800", "v"), ("\ud800",)]:
            with pytest.raises(UnicodeEncodeError):
                _ = pipe.command(*args)
        after = pipe.proxy("a").add()
    assert (before.result, after.result) == (1, 2)


@pytest.mark.parametrize(("number", "spelled"), [(Colour.RED, "1"), (Scale(0.5), "0.5")])
def test_numbers_of_other_classes_are_numbers(fake: Database, number: float, spelled: str) -> None:
    with redicts.pipeline() as pipe:
        _ = pipe.command("SET", "k", number)
        stored = pipe.command("GET", "k")
    assert stored.result == spelled


def test_replies_are_not_turned_off_in_bytes_either(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        for args in [(b"CLIENT", b"reply", "OFF"), ("CLIENT REPLY", b"OFF"), (b"client reply", "off")]:
            with pytest.raises(PipelineMisused, match="CLIENT cannot be in a pipeline"):
                _ = pipe.command(*args)


@pytest.mark.parametrize("begin", [redicts.pipeline, aio.pipeline])
def test_a_callback_that_would_never_run_is_refused(begin: Callable[[], Any]) -> None:
    async def callback() -> None:
        pass

    pipe = begin()
    pipe._begin()
    with pytest.raises(TypeError, match="would have to be awaited"):
        pipe.on_execute(callback)


@pytest.fixture
def narrow(valkey_server: Server, lead: Callable[..., None]) -> Iterator[list[Database]]:
    """Two databases, by the names of None and "b", with one connection each."""
    made = []
    for number in (0, 1):
        pool = redis.BlockingConnectionPool(  # type: ignore[no-untyped-call]
            host=valkey_server.host, port=valkey_server.port, db=number, max_connections=1, timeout=2
        )
        made.append(Database(redis.Redis(connection_pool=pool), namespace=uuid.uuid4().hex))
    lead(made[0], b=made[1])
    yield made
    for database in made:
        at(database).clear()
        database.client.connection_pool.disconnect()


def test_threads_do_not_hold_the_connections_that_others_wait_for(narrow: list[Database]) -> None:
    """Whatever the order in which the databases come up in their pipelines."""
    failed: list[Exception] = []

    def work(names: list[str | None]) -> None:
        try:
            for _ in range(50):
                with redicts.pipeline() as pipe:
                    for name in names:
                        _ = pipe.proxy("x", db_name=name).add()
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work, args=(names,)) for names in ([None, "b"], ["b", None])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (failed, [at(database, "x").val() for database in narrow]) == ([], [100, 100])


def test_a_pool_without_a_free_connection_is_told_as_such(narrow: list[Database]) -> None:
    pool: Any = narrow[0].client.connection_pool
    pool.timeout = 0.01
    connection = pool.get_connection()
    with redicts.pipeline(raise_on_error=False) as pipe:
        without = pipe.proxy("x").add()
        other = pipe.proxy("x", db_name="b").add()
    pool.release(connection)
    assert (type(without.error), other.result) == (PoolExhausted, 1)


def test_a_long_pipeline_keeps_no_block_that_was_left(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        for _ in range(5):
            with redicts.pipeline(pipe) as inner, redicts.pipeline(inner) as deeper:
                _ = deeper.proxy("a").add()
        assert pipe._inside == []
        with redicts.pipeline(pipe):
            assert len(pipe._inside) == 1


def test_blocks_that_fail_take_back_their_own_wherever_it_stands(fake: Database) -> None:
    """Beside blocks that are open as long, after others that failed, and after what was sent early."""
    with redicts.pipeline() as pipe:
        kept = [pipe.proxy("kept").add()]
        first, second = redicts.pipeline(pipe), redicts.pipeline(pipe)
        with pytest.raises(ValueError, match="second"), second:  # noqa: PT012
            lost = [second.proxy("lost").add()]
            with pytest.raises(ValueError, match="first"), first:  # noqa: PT012
                lost += [second.proxy("lost").add(), first.proxy("lost").add()]
                kept.append(pipe.proxy("kept").add())
                raise ValueError("first")
            lost.append(second.proxy("lost").add())
            raise ValueError("second")
        kept.append(pipe.proxy("kept").add())
        with pytest.raises(ValueError, match="third"), redicts.pipeline(pipe) as third:  # noqa: PT012
            sent = third.proxy("sent").add()
            pipe.execute()
            lost.append(third.proxy("lost").add())
            raise ValueError("third")
    assert ([each.result for each in kept], sent.result) == ([1, 2, 3], 1)
    assert [type(each.error) for each in lost] == [redicts.NeverSent] * 5
    assert at(fake).val() == {"kept": 3, "sent": 1}
