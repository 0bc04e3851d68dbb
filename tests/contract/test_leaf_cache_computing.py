"""``get_or_compute`` of caches, in the faces that have it: who computes, what is stored, what is remembered."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from redicts import InvalidElement, LockLost, Proxy, WrongType
from redicts.leaves.cache import Cache
from tests.contract.variants import on
from tests.support.backends import Backend
from tests.support.trees import behind, nothing_written
from tests.support.waiting import wait_until

pytestmark = on("fake", "valkey-resp3", "redis-resp2", "asyncio:valkey-resp3", "asyncio:redis-resp3", "asyncio:fake")


class Work:
    """Something to compute; what it gives is the number of the time."""

    def __init__(self, *outcomes: Any) -> None:
        self.calls = 0
        self.outcomes = list(outcomes)

    def __call__(self) -> Any:
        self.calls += 1
        outcome = self.outcomes.pop(0) if self.outcomes else self.calls
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome() if callable(outcome) else outcome


class Gate:
    """Somebody who computes, in a thread, until it is told to go on.

    Args:
        pages: Of which cache.
        value: What is computed; an exception is raised.
        options: Of ``get_or_compute``.
    """

    def __init__(self, pages: Cache[Any], value: Any = "computed", **options: Any) -> None:
        self.begun, self.open, self.value = threading.Event(), threading.Event(), value
        self.result: Any = None
        awaited = type(pages).__name__.startswith("Awaited")  # there a plain function would stop the loop
        work = partial(asyncio.to_thread, self._work) if awaited else self._work
        self.thread = threading.Thread(target=self._run, args=(pages, work, options), daemon=True)
        self.thread.start()
        assert self.begun.wait(8), self.result

    def _run(self, pages: Cache[Any], work: Any, options: dict[str, Any]) -> None:
        try:
            self.result = pages.get_or_compute("a", work, **options)
        except BaseException as error:  # noqa: BLE001  # told to the test
            self.result = error

    def _work(self) -> Any:
        self.begun.set()
        assert self.open.wait(8)
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value

    def end(self) -> Any:
        self.open.set()
        self.thread.join(8)
        assert not self.thread.is_alive()
        return self.result


@pytest.fixture
def pages(tree: Proxy) -> Cache[Any]:
    return tree.get("app.pages").as_cache(ttl=60)


def aside(backend: Backend, **options: Any) -> Cache[Any]:
    """The same cache through the synchronous face: for a thread that works in the middle of what another face does."""
    return behind(backend, "app.pages").as_cache(**options)


def fields(backend: Backend) -> dict[str, str]:
    client: Any = backend.client
    found = client.hgetall(backend.database.space.body(("app", "pages")))
    return {name.decode(): value.decode() for name, value in found.items() if name != b"!"}


def test_it_is_computed_once(pages: Cache[Any], tree: Proxy, backend: Backend) -> None:
    work = Work()
    assert [pages.get_or_compute("a", work) for _ in range(3)] == [1, 1, 1]
    assert (work.calls, pages.get("a"), tree.val()) == (1, 1, {"app": {"pages": {"a": 1}}})
    assert [*fields(backend)] == ['"a"'], "no claim is left"
    assert 59 < pages.time_to_live("a") <= 60
    assert pages.get_or_compute("b", work, ttl=5) == 2
    assert 4 < pages.time_to_live("b") <= 5
    assert pages.get_or_compute("c", work, ttl=None) == 3
    assert pages.time_to_live("c") == -1


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}])
def test_nothing_is_a_value_too(pages: Cache[Any], value: Any) -> None:
    work = Work(value, value)
    assert pages.get_or_compute("a", work) == pages.get_or_compute("a", work) == value
    assert work.calls == 1


def test_who_computed_it_gets_what_the_others_get(pages: Cache[Any]) -> None:
    assert pages.get_or_compute("a", lambda: (1, (2,))) == [1, [2]] == pages.get_or_compute("a", Work())


def test_it_is_computed_again_when_it_has_ended(tree: Proxy) -> None:
    pages, work = tree.get("app.pages").as_cache(ttl=0.05), Work()
    assert pages.get_or_compute("a", work) == 1
    wait_until(lambda: not pages.contains("a"))
    assert pages.get_or_compute("a", work, ttl=50) == 2
    assert pages.get_or_compute("a", work) == 2


def test_an_error_gives_the_claim_up(pages: Cache[Any], tree: Proxy, backend: Backend) -> None:
    error = ValueError("first")
    work = Work(error, KeyError("second"))
    with pytest.raises(ValueError, match="first") as caught:
        pages.get_or_compute("a", work)
    assert caught.value is error, "the very same"
    assert (tree.val(), backend.keys()) == ({}, [])
    began = time.monotonic()
    with pytest.raises(KeyError):
        pages.get_or_compute("a", work)
    assert pages.get_or_compute("a", work) == 3
    assert time.monotonic() - began < 5, "nobody waited for the lease"


def test_what_cannot_be_stored_gives_the_claim_up(tree: Proxy, backend: Backend) -> None:
    pages: Cache[Any] = tree.get("app.pages").as_cache(int)
    with pytest.raises(TypeError):
        tree.get("app.pages").as_cache().get_or_compute("a", lambda: {1})
    with pytest.raises(InvalidElement):
        pages.get_or_compute("a", lambda: "text")
    assert (tree.val(), backend.keys()) == ({}, [])
    assert pages.get_or_compute("a", lambda: 1) == 1


def test_bad_arguments_compute_nothing(pages: Cache[Any], backend: Backend) -> None:
    work = Work()
    bad: Any
    with nothing_written(backend):
        with pytest.raises(ValueError, match="ttl is above 0"):
            pages.get_or_compute("a", work, ttl=0)
        with pytest.raises(ValueError, match="negative_ttl is above 0"):
            pages.get_or_compute("a", work, negative=ValueError, negative_ttl=0)
        for bad in ("ValueError", [1], KeyboardInterrupt, (ValueError, BaseException), int):
            with pytest.raises(TypeError):
                pages.get_or_compute("a", work, negative=bad)
        with pytest.raises(TypeError):
            pages.get_or_compute([1], work)
    assert work.calls == 0


def test_what_is_stored_of_another_type_is_computed_anew(tree: Proxy) -> None:
    """As after a release that caches something else: nobody has to wait until the old has ended."""
    tree.get("app.pages").as_cache().set("a", "old")
    pages, work = tree.get("app.pages").as_cache(int), Work()
    assert [pages.get_or_compute("a", work), pages.get_or_compute("a", work)] == [1, 1]
    assert pages.get("a") == 1


def test_another_kind_is_left_alone(pages: Cache[Any], tree: Proxy, backend: Backend) -> None:
    work = Work()
    for make in (lambda: tree.set("app.pages", 1), lambda: tree.get("app.pages").as_dict().set("a", 1)):
        tree.get("app").clear()
        make()
        with nothing_written(backend), pytest.raises(WrongType):
            pages.get_or_compute("a", work)
    assert work.calls == 0


# ---- others who want the same


def test_others_wait(pages: Cache[Any], backend: Backend) -> None:
    gate = Gate(pages)
    results: list[Any] = []
    work = Work()

    def ask() -> None:
        results.append(aside(backend).get_or_compute("a", work))

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert pages.get_or_compute("other", Work()) == 1, "only who wants the same waits"
    assert (pages.get("a"), pages.contains("a")) == (None, False)
    assert gate.end() == "computed"
    for thread in threads:
        thread.join(8)
    assert (results, work.calls) == (["computed"] * 8, 0)


def test_when_it_raises_the_next_computes(pages: Cache[Any], backend: Backend) -> None:
    """The error is for who got it, and for nobody else."""
    gate = Gate(pages, ValueError("no"))
    results: list[Any] = []
    work = Work()
    threads = [
        threading.Thread(target=lambda: results.append(aside(backend).get_or_compute("a", work)), daemon=True)
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: not fields(backend)['?"a"'].split()[2].startswith("-"), what="one who waits")
    assert isinstance(gate.end(), ValueError)
    for thread in threads:
        thread.join(8)
    assert (results, work.calls) == ([1] * 5, 1)


def test_stale_is_served_while_one_computes(tree: Proxy, backend: Backend) -> None:
    pages = tree.get("app.pages").as_cache(ttl=0.05, stale=50)
    pages.set("a", "old")
    wait_until(lambda: not pages.contains("a"))
    gate, work = Gate(pages, ttl=50), Work()
    assert [aside(backend, stale=50).get_or_compute("a", work) for _ in range(3)] == ["old"] * 3
    assert (pages.get("a", "none"), pages.length()) == ("none", 0), "others see what is fresh"
    assert gate.end() == "computed"
    assert (work.calls, pages.get_or_compute("a", work)) == (0, "computed")


def test_stale_goes_on_being_served_when_computing_fails(tree: Proxy, backend: Backend) -> None:
    pages = tree.get("app.pages").as_cache(ttl=0.05, stale=50)
    pages.set("a", "old")
    wait_until(lambda: not pages.contains("a"))
    with pytest.raises(ValueError, match="no"):
        pages.get_or_compute("a", Work(ValueError("no")))
    gate = Gate(pages)
    assert aside(backend).get_or_compute("a", Work()) == "old"
    assert gate.end() == "computed"


def test_stale_ends(tree: Proxy) -> None:
    pages = tree.get("app.pages").as_cache(ttl=0.02, stale=0.02, lease=60)
    pages.set("a", "old")
    time.sleep(0.05)  # what is gone can only be seen by asking for it
    assert pages.get_or_compute("a", Work(), ttl=60) == 1


# ---- what comes between


@pytest.mark.parametrize("how", ["set", "delete", "clear", "delete the place"])
def test_what_began_before_is_not_stored_after(pages: Cache[Any], tree: Proxy, backend: Backend, how: str) -> None:
    """A cache that was told that something has changed must not get the old value a moment later."""
    pages.set("other", 1)
    gate = Gate(pages, "old")
    other = aside(backend)
    changes: dict[str, Callable[[], object]] = {
        "set": lambda: other.set("a", "new"),
        "delete": lambda: other.delete("a"),
        "clear": other.clear,
        "delete the place": lambda: behind(backend, "app").delete("pages"),
    }
    _ = changes[how]()
    assert gate.end() == "old", "who asked before gets it"
    assert pages.get("a", "none") == ("new" if how == "set" else "none")
    assert [name for name in fields(backend) if name.startswith("?")] == []


def test_a_late_one_does_not_overwrite_what_is_newer(tree: Proxy, backend: Backend) -> None:
    """Its lease is over, and another took over and is through."""
    pages = tree.get("app.pages").as_cache(lease=0.05)
    gate = Gate(pages, "first")
    assert aside(backend, lease=0.05).get_or_compute("a", lambda: "second") == "second"
    assert (gate.end(), pages.get("a")) == ("first", "second")


def test_a_late_one_is_better_than_nothing(tree: Proxy, backend: Backend) -> None:
    """What takes longer than the lease is stored where it is the newest there is; what is newer, after that."""
    pages = tree.get("app.pages").as_cache(lease=0.05)
    first = Gate(pages, "first")
    second = Gate(aside(backend, lease=0.05), "second")
    assert (first.end(), pages.get("a")) == ("first", "first")
    assert aside(backend).get_or_compute("a", Work()) == "first"
    assert (second.end(), pages.get("a")) == ("second", "second")
    assert [*fields(backend)] == ['"a"']


def test_a_late_one_that_was_outrun_by_a_change_stores_nothing(tree: Proxy, backend: Backend) -> None:
    pages = tree.get("app.pages").as_cache(lease=0.05)
    first = Gate(pages, "first")
    _ = aside(backend).delete("a")
    second = Gate(aside(backend, lease=60), "second")
    assert (first.end(), pages.get("a", "none")) == ("first", "none")
    assert (second.end(), pages.get("a")) == ("second", "second")


def test_of_two_late_ones_one_may_fail(tree: Proxy, backend: Backend) -> None:
    pages = tree.get("app.pages").as_cache(lease=0.05)
    first = Gate(pages, ValueError("no"))
    second = Gate(aside(backend, lease=60), "second")
    assert isinstance(first.end(), ValueError)
    results: list[Any] = []
    third = threading.Thread(target=lambda: results.append(aside(backend).get_or_compute("a", Work())), daemon=True)
    third.start()
    assert second.end() == "second"
    third.join(8)
    assert results == ["second"], "the second one's claim was not given up by the first"


def test_where_who_took_over_fails_the_first_is_stored(tree: Proxy, backend: Backend) -> None:
    pages = tree.get("app.pages").as_cache(lease=0.05)
    first = Gate(pages, "first")
    with pytest.raises(ValueError, match="no"):
        aside(backend, lease=60).get_or_compute("a", Work(ValueError("no")))
    assert (first.end(), pages.get("a")) == ("first", "first")


# ---- locks


def test_under_a_lost_lock(pages: Cache[Any], tree: Proxy, backend: Backend) -> None:
    lease, work = tree.get("app").acquire(expire_timeout=30), Work()
    pages.set("there", 0)
    assert tree.get("app").break_locks()
    assert pages.get_or_compute("there", work) == 0, "it is only read"
    with pytest.raises(LockLost):
        pages.get_or_compute("a", work)
    assert work.calls == 0
    with pytest.raises(LockLost):
        lease.release()
    lease = tree.get("app").acquire(expire_timeout=30)
    with pytest.raises(LockLost):
        pages.get_or_compute("a", lambda: behind(backend, "app").break_locks() and 1)
    assert [*fields(backend)] == ['"there"'], "its claim was given up"
    with pytest.raises(LockLost):
        lease.release()


# ---- errors that are remembered


class NotThere(LookupError):
    """With an ``__init__`` of its own, which a reader must not call."""

    made = 0

    def __init__(self, name: str, code: int) -> None:
        super().__init__(f"no {name}")
        self.name, self.code = name, code
        NotThere.made += 1


def raising(error: BaseException) -> Callable[[], Any]:
    def work() -> Any:
        raise error

    return work


def test_a_chosen_error_is_remembered(pages: Cache[Any], tree: Proxy) -> None:
    work = Work(NotThere("tea", 7))
    for _ in range(3):
        with pytest.raises(NotThere, match="no tea") as caught:
            pages.get_or_compute("a", work, negative=LookupError, negative_ttl=50)
        assert (caught.value.name, caught.value.code, caught.value.args) == ("tea", 7, ("no tea",))
    assert (work.calls, NotThere.made) == (1, 1)
    assert (pages.get("a", "none"), pages.contains("a"), len(pages), pages.time_to_live("a")) == ("none", False, 0, -2)
    assert tree.get("app.pages").val() == {}, "it is no value"
    assert pages.get_or_compute("a", work) == 2, "who has not chosen it computes"
    assert pages.get_or_compute("a", work, negative=[LookupError, ValueError]) == 2
    NotThere.made = 0


def test_a_remembered_error_ends(tree: Proxy) -> None:
    pages, work = tree.get("app.pages").as_cache(), Work(KeyError("a"), ValueError("b"))
    with pytest.raises(KeyError):
        pages.get_or_compute("a", work, negative=(KeyError,), negative_ttl=0.05)
    time.sleep(0.06)  # it can only be seen by asking for it
    with pytest.raises(ValueError, match="b"):
        pages.get_or_compute("a", work, negative=(KeyError,))
    assert pages.get_or_compute("a", work, negative=(KeyError,)) == 3
    with pytest.raises(KeyError):
        pages.get_or_compute("b", raising(KeyError(1)), negative=(KeyError,))
    with pytest.raises(KeyError):
        pages.get_or_compute("b", work, negative=(KeyError,))
    assert pages.delete("b") is False
    assert pages.get_or_compute("b", work, negative=(KeyError,)) == 4, "and can be deleted"


def test_others_are_not(pages: Cache[Any]) -> None:
    for error in (TypeError("x"), OSError(2, object()), LookupError({1}), LookupError((1, (2,)))):
        work = Work(error)
        with pytest.raises(type(error)):
            pages.get_or_compute("a", work, negative=(LookupError, OSError))
        assert pages.get_or_compute("a", work, negative=(LookupError, OSError)) == 2
        _ = pages.delete("a")


def test_the_waiting_get_a_remembered_error_too(pages: Cache[Any], backend: Backend) -> None:
    gate = Gate(pages, KeyError("no"), negative=KeyError)
    found: list[Any] = []

    def ask() -> None:
        try:
            aside(backend).get_or_compute("a", Work(), negative=KeyError)
        except KeyError as error:
            found.append(error.args)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: not fields(backend)['?"a"'].split()[2].startswith("-"), what="one who waits")
    assert isinstance(gate.end(), KeyError)
    for thread in threads:
        thread.join(8)
    assert found == [("no",)] * 4
