"""Blocks: what is sent when, what never is, results made of others, callbacks, and what is refused."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import redicts
from redicts import Deferred, NeverSent, NotANumber, PathError, PipelineError, PipelineMisused, ResultNotReady
from redicts.pipeline import Pipeline
from redicts.pool import Database
from tests.pipeline.places import at


def visit(user: str, pipe: Pipeline | None = None) -> Deferred[int | float]:
    with redicts.pipeline(pipe) as inner:
        return inner.proxy("visits").get(user).add()


def test_a_building_block_works_alone_and_inside(fake: Database) -> None:
    assert visit("ada").result == 1
    with redicts.pipeline() as pipe:
        ada, bob = visit("ada", pipe), visit("bob", pipe)
        assert not ada.done
        assert len(pipe) == 2
    assert (ada.result, bob.result, len(pipe)) == (2, 1, 0)


def test_a_result_is_there_when_the_pipeline_was_executed(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        hits = pipe.proxy("a.b").add(3)
        assert repr(hits) == "Deferred(add at 'a.b': not executed yet)"
        assert (hits.done, hits.error) == (False, None)
        with pytest.raises(ResultNotReady, match=r"add at 'a\.b'.*execute"):
            hits.result  # noqa: B018
        pipe.execute()
        assert (hits.done, hits.result, repr(hits)) == (True, 3, "Deferred(add at 'a.b': 3)")
    assert at(fake, "a.b").val() == 3, "it is not sent again"


def test_an_operation_that_asks_nothing_of_the_server_waits_all_the_same(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        forever, nothing = pipe.root().time_to_live(), pipe.root().update({})
        assert not forever.done
    assert (forever.result, nothing.result, nothing.done) == (-1, None, True)


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_an_error_takes_back_the_block_and_those_inside(fake: Database, kind: type[BaseException]) -> None:
    called: list[str] = []
    with redicts.pipeline() as pipe:
        kept = pipe.proxy("kept").add()
        pipe.on_execute(lambda: called.append("outer"))
        with pytest.raises(kind, match="stop"), redicts.pipeline(pipe) as inner:  # noqa: PT012
            lost = inner.proxy("lost").add()
            deeper = visit("deeper", inner)
            made = inner.then(str, lost)
            inner.on_execute(lambda: called.append("inner"))
            late = pipe.proxy("late").add()
            raise kind("stop")
    assert (kept.result, late.result, called) == (1, 1, ["outer"])
    assert at(fake).val() == {"kept": 1, "late": 1}
    for deferred in (lost, deeper, made):
        assert deferred.done
        with pytest.raises(NeverSent, match=f"never sent.*{kind.__name__}"):
            deferred.result  # noqa: B018


def test_an_error_in_the_outermost_block_sends_nothing(fake: Database) -> None:
    with pytest.raises(ZeroDivisionError), redicts.pipeline() as pipe:  # noqa: PT012
        lost = visit("x", pipe)
        pipe.execute()
        never = visit("x", pipe)
        raise ZeroDivisionError
    assert (lost.result, at(fake, "visits.x").val()) == (1, 1)
    assert isinstance(never.error, NeverSent)


def test_callbacks_run_in_order_once_and_none_starves(fake: Database) -> None:
    ran: list[Any] = []

    def fail() -> None:
        ran.append("fail")
        raise LookupError("callback")

    with pytest.raises(PipelineError) as caught, redicts.pipeline(raise_on_error=False) as pipe:  # noqa: PT012
        hits = pipe.proxy("hits").add()
        pipe.on_execute(lambda: ran.append(hits.result))
        with redicts.pipeline(pipe) as inner:
            inner.on_execute(fail)
            inner.on_execute(lambda: ran.append("inner"))
        pipe.on_execute(lambda: ran.append("last"))
        assert ran == []
    assert ran == [1, "fail", "inner", "last"]
    assert [type(error) for error in caught.value.errors] == [LookupError]
    assert caught.value.__cause__ is caught.value.errors[0]


def test_callbacks_of_an_early_execution_may_queue_more(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        first = pipe.proxy("a").add()
        more: list[Deferred[Any]] = []
        pipe.on_execute(lambda: more.append(pipe.proxy("a").add(first.result)))
        pipe.execute()
        assert not more[0].done
    assert more[0].result == 2


def test_results_are_made_of_others(fake: Database) -> None:
    with redicts.pipeline(raise_on_error=False) as pipe:
        a, b = pipe.proxy("a").add(2), pipe.proxy("b").add(3)
        bad = pipe.root().pop("nothing")
        product = pipe.then(lambda x, y: x * y, a, b)
        shown = pipe.then(str, product)
        of_bad = pipe.then(str, bad)
        broken = pipe.then(lambda x: 1 // 0, a)
        constant = pipe.then(lambda: 7)
    assert (product.result, shown.result, constant.result) == (6, "6", 7)
    assert isinstance(of_bad.error, KeyError)
    assert isinstance(broken.error, ZeroDivisionError)


def test_failures_are_raised_as_one_error(fake: Database) -> None:
    at(fake).set("text", "x")
    with pytest.raises(PipelineError, match=r"3 failed.*4 operations") as caught, redicts.pipeline() as pipe:  # noqa: PT012
        good = pipe.proxy("good").add()
        bad = pipe.proxy("text").add()
        missing = pipe.root().pop("nothing")
        after = pipe.proxy("good").val()
        broken = pipe.then(lambda x: 1 // 0, good)
        _ = pipe.then(str, bad)
    error = caught.value
    assert [type(each) for each in error.errors] == [NotANumber, KeyError, ZeroDivisionError]
    assert "add at 'text': NotANumber" in str(error)
    assert error.__cause__ is error.errors[0] is bad.error
    assert (good.result, after.result, missing.done, broken.done) == (1, 1, True, True)
    with pytest.raises(NotANumber):
        bad.result  # noqa: B018
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert [type(each) for each in other.errors] == [type(each) for each in error.errors]


def test_many_failures_are_told_shortly(fake: Database) -> None:
    with pytest.raises(PipelineError, match=r"and 17 more, in `errors`") as caught, redicts.pipeline() as pipe:  # noqa: PT012
        for _ in range(20):
            _ = pipe.root().pop("nothing")
    assert len(caught.value.errors) == 20
    assert len(str(caught.value)) < 500


def test_failures_may_be_left_to_their_results(fake: Database) -> None:
    with redicts.pipeline(raise_on_error=False) as pipe, redicts.pipeline(pipe, raise_on_error=True) as inner:
        bad = inner.root().pop("nothing")
    assert isinstance(bad.error, KeyError)


def test_bad_arguments_raise_when_they_are_queued(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        with pytest.raises(PathError):
            _ = pipe.root().set("", 1)
        with pytest.raises(TypeError):
            _ = pipe.proxy("a").add("1")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            pipe.command()
        with pytest.raises(TypeError):
            _ = pipe.command("SET", "a", None)  # type: ignore[arg-type]
        with pytest.raises(PathError):
            pipe.section("")
        assert len(pipe) == 0


def test_a_pipeline_is_used_within_its_block(fake: Database) -> None:
    pipe = redicts.pipeline()
    for use in (lambda: pipe.proxy("a").add(), pipe.execute, lambda: pipe.on_execute(print), lambda: pipe.then(int)):
        with pytest.raises(PipelineMisused, match="not begun"):
            use()
    with pytest.raises(PipelineMisused, match="not begun"), redicts.pipeline(pipe):
        pass
    with pipe, redicts.pipeline(pipe) as inner:
        pass
    with pytest.raises(PipelineMisused, match="closed"):
        _ = inner.proxy("a").add()
    for use in (lambda: pipe.proxy("a").add(), pipe.execute, lambda: pipe.on_execute(print)):
        with pytest.raises(PipelineMisused, match="closed"):
            use()
    with pytest.raises(PipelineMisused, match="once"), pipe:
        pass
    assert at(fake).val() == {}


def test_a_block_that_outlives_the_one_around_it_is_closed(fake: Database) -> None:
    with redicts.pipeline() as pipe:
        middle = redicts.pipeline(pipe)
        with middle:
            inner = redicts.pipeline(middle)
            _ = inner.__enter__()
            kept = inner.proxy("a").add()
        with pytest.raises(PipelineMisused, match="closed"):
            _ = inner.proxy("a").add()
    assert kept.result == 1


def test_pipelines_of_other_kinds_are_refused(fake: Database) -> None:
    from redicts.aio.pipeline import Pipeline as AsyncPipeline
    from redicts.aio.pipeline import pipeline as async_pipeline

    other: Any = AsyncPipeline(None, atomic=False, db_name=None, raise_on_error=True)
    for use in (redicts.pipeline, at(fake, "a").using, at(fake, "a").acquire().using):
        with pytest.raises(TypeError, match=r"of asyncio"):
            use(other)
        with pytest.raises(TypeError, match="wanted, not 5"):
            use(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"redicts\.pipeline"):
        async_pipeline(redicts.pipeline())  # type: ignore[arg-type]


def test_places_of_a_pipeline(fake: Database) -> None:
    place = at(fake, "a.b")
    with redicts.pipeline() as pipe:
        queued = place.using(pipe)
        assert (queued.key(), queued.get("c").key(), queued.parent.key(), queued.name) == ("a.b", "a.b.c", "a", "b")
        assert queued == pipe.proxy("a.b") == pipe.section("a").get("b")
        assert {queued: 1}[pipe.root().get("a.b")] == 1
        assert queued != pipe.root()
        assert not hasattr(queued, "acquire")
        assert repr(queued).startswith("QueuedProxy('a.b' on ")
        assert bool(pipe)
        done = queued.set("c", {"d": 1}, expire=60)
    assert done.result is None
    assert place.val() == {"c": {"d": 1}}
    assert "closed" in repr(pipe)
