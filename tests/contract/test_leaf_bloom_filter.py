"""``as_bloom_filter()`` in every face: what its operations do, and what they leave alone.

``tests/concurrency/test_leaf_bloom_filter.py`` has how often it is wrong, and what others see meanwhile.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

from redicts import InternalError, InvalidElement, ParameterMismatch, Proxy, WrongType
from redicts.leaves.bloom_filter import BloomFilter
from redicts.leaves.parts import bloom_elements, bloom_hash
from tests.contract.variants import SERVERS, on, once_each, sync_only
from tests.support.backends import Backend
from tests.support.trees import nothing_written

on_servers = on(*SERVERS, "asyncio:valkey-resp3", "queued:redis-resp3")
"""For what looks at bytes behind the back of redicts."""


@pytest.fixture
def seen(tree: Proxy) -> BloomFilter[Any]:
    """One at a place where nothing is."""
    return tree.get("app.seen").as_bloom_filter(capacity=1000, error_rate=0.01)


def made(tree: Proxy, name: str, *values: Any, **options: Any) -> BloomFilter[Any]:
    bloom = tree.get(name).as_bloom_filter(**{"capacity": 1000, **options})
    _ = bloom.update(values)
    return bloom


def test_nothing_is_there_before_the_first_element(seen: BloomFilter[Any], tree: Proxy, backend: Backend) -> None:
    other = tree.get("app.other").as_bloom_filter(capacity=1000)
    with nothing_written(backend):
        assert (seen.length(), len(seen), seen.is_full(), seen.current_error_rate()) == (0, 0, False, 0.0)
        assert seen.contains("x") is False
        assert "x" not in seen
        assert seen.contains_many(["x", 1]) == [False, False]
        assert seen.contains_many([]) == []
        assert seen.update() == seen.update([], ()) == 0
        seen.union_update()
        seen.union_update(other, seen)
        seen.clear()
    assert not tree.get("app").exists()


def test_what_it_sees(seen: BloomFilter[Any], tree: Proxy) -> None:
    assert [seen.add("a"), seen.add("a"), seen.add("b")] == [True, False, True]
    assert [seen.update(["a", "b"]), seen.update(["b", "c", "c"]), seen.update("ab", ["d"])] == [0, 1, 1]
    assert (seen.length(), len(seen)) == (4, 4)
    assert tree.val() == {"app": {"seen": 4}}
    assert tree.get("app.seen").kind() == "bloom_filter"
    assert seen.contains_many(["a", "x", "d", "y"]) == [True, False, True, False]
    assert ("c" in seen, "z" in seen) == (True, False)
    seen.clear()
    assert tree.val() == {}
    assert seen.contains_many(["a", "b"]) == [False, False], "no bit comes back"
    assert seen.add("a")


def test_elements_are_compared_as_json(seen: BloomFilter[Any]) -> None:
    """Pottery makes a set of what it is given first, of which 1 and True are one element."""
    values = [1, 1.0, True, "1", None, "null", [], [1], {"a": 1, "b": 2}, "é\U0001f600", 0.0, -0.0, 2**70]
    assert [seen.add(value) for value in values] == [True] * len(values)
    assert seen.length() == len(values)
    assert seen.contains({"b": 2, "a": 1})
    assert seen.contains_many([(1,), [1.0], [True], {"a": 1}, "é\U0001f601"]) == [True, False, False, False, False]


def test_what_it_is_asked_for(tree: Proxy) -> None:
    bloom = tree.get("x").as_bloom_filter(capacity=5, error_rate=0.25, scalable=True)
    assert (bloom.capacity, bloom.error_rate, bloom.scalable) == (5, 0.25, True)
    default = tree.get("x").as_bloom_filter(capacity=5)
    assert (default.capacity, default.error_rate, default.scalable) == (5, 0.01, False)


@once_each
def test_many_at_once(seen: BloomFilter[Any], tree: Proxy, backend: Backend) -> None:
    """More than one script takes; and no element is ever missed."""
    count = 21_000 if backend.real else 2000
    large = tree.get("app.large").as_bloom_filter(capacity=count, error_rate=0.001)
    new = large.update(f"element {number}" for number in range(count))
    assert 0.999 * count < new <= count
    assert abs(large.length() - count) <= 0.001 * count
    assert large.update(f"element {number}" for number in range(count)) == 0
    assert all(large.contains_many(f"element {number}" for number in range(count)))
    assert sum(large.contains_many(range(count))) < 0.002 * count


def test_an_overfull_filter_has_a_length(tree: Proxy) -> None:
    """Pottery's raises: ``ValueError: math domain error``."""
    few = tree.get("few").as_bloom_filter(capacity=20, error_rate=0.1)
    told, told_rate = 0, 0.0
    assert not few.is_full()
    for start in range(0, 2000, 250):
        few.update(range(start, start + 250))
        assert few.length() >= told
        assert few.current_error_rate() >= told_rate
        told, told_rate = few.length(), few.current_error_rate()
    assert few.is_full()
    assert told_rate == 1.0
    assert few.contains("anything")
    assert 20 < told < 2000
    assert tree.val() == {"few": told}


def test_full_is_told_by_the_estimate(seen: BloomFilter[Any]) -> None:
    seen.update(range(950))
    assert not seen.is_full()
    assert 0.005 < seen.current_error_rate() < 0.01
    seen.update(range(1000, 1100))
    assert seen.is_full()
    assert seen.current_error_rate() > 0.01


def test_it_grows_where_it_may(tree: Proxy, backend: Backend) -> None:
    grown = tree.get("grown").as_bloom_filter(capacity=50, error_rate=0.01, scalable=True)
    size = []
    for start in range(0, 500, 50):
        assert grown.update(range(start, start + 50)) >= 48
        size.append(backend.client.strlen(backend.database.space.body(("grown",))))
        assert grown.current_error_rate() < 0.01
    assert all(grown.contains_many(range(500)))
    assert abs(grown.length() - 500) <= 5
    assert not grown.is_full()
    assert len({*size}) == 4, "50, 100, 200 and 400 elements"
    assert sum(grown.contains_many(range(1000, 3000))) < 30
    assert grown.update([]) == grown.add(7) == 0
    assert tree.get("grown").expire(100)
    assert [grown.add(f"{number}") for number in range(300)].count(True) >= 295
    assert 90 < tree.get("grown").time_to_live() <= 100
    one_by_one = tree.get("one").as_bloom_filter(capacity=1, error_rate=0.5, scalable=True)
    assert [one_by_one.add(number) for number in range(40)].count(True) > 20
    assert all(one_by_one.contains_many(range(40)))


def test_values_of_a_type(tree: Proxy, backend: Backend) -> None:
    numbers: BloomFilter[Any] = tree.get("numbers").as_bloom_filter(of=int, capacity=100)
    assert numbers.add(1)
    assert numbers.update(["2", 3]) == 2
    assert numbers.contains_many([1, "2", "x", None, 4]) == [True, True, False, False, False]
    assert numbers.contains("x") is False
    with nothing_written(backend):
        with pytest.raises(InvalidElement, match="nothing was written"):
            numbers.add("x")
        with pytest.raises(InvalidElement, match="nothing was written"):
            numbers.update([4, "x"])


def test_what_cannot_be_an_element(seen: BloomFilter[Any], tree: Proxy, backend: Backend) -> None:
    """Pottery looks for a random text instead."""
    other = tree.get("app.other").as_bloom_filter(capacity=1000)
    with nothing_written(backend):
        for value in (object(), b"x", {1, 2}, {1: 2}):
            for act in (seen.add, seen.contains, lambda v: seen.update(["a", v]), lambda v: seen.contains_many([v])):
                with pytest.raises(TypeError):
                    act(value)
        with pytest.raises(TypeError):
            seen.update(7)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"union_update\(\) takes filters"):
            seen.update(other)  # type: ignore[arg-type]
        for wrong in (["a"], "a", None, tree.get("app.set").as_set()):
            with pytest.raises(TypeError, match=r"update\(\) takes elements"):
                seen.union_update(wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="too many at once"):
            seen.union_update(*[other] * 1001)
        with pytest.raises(TypeError):
            iter(seen)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        seen |= {"a"}  # type: ignore[arg-type]


# ---- parameters

WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"capacity": 0}, ValueError, "at least 1, not 0"),
    ({"capacity": -5}, ValueError, "at least 1, not -5"),
    *[({"capacity": wrong}, TypeError, "'capacity' is an integer") for wrong in (True, 1.5, "10", None, [1])],
    *[
        ({"error_rate": wrong}, ValueError, "at least 1e-12 and below 1")
        for wrong in (0, 1, 0.0, 1.0, -0.1, 2, 1e-13, float("nan"), float("inf"))
    ],
    *[({"error_rate": wrong}, TypeError, "'error_rate' is a number") for wrong in ("x", True, None, "0.01", 1j)],
    *[({"scalable": wrong}, TypeError, "'scalable' is True or False") for wrong in (1, 0, None, "yes")],
]


@sync_only
def test_parameters_that_are_none(tree: Proxy, backend: Backend) -> None:
    with nothing_written(backend):
        for options, error, said in WRONG:
            with pytest.raises(error, match=said):
                tree.get("x").as_bloom_filter(**{"capacity": 10, **options})


@sync_only
def test_a_filter_that_is_too_large_is_refused_when_it_is_opened(tree: Proxy) -> None:
    """Pottery's begins, and fails at the first bit beyond 2 ** 32, with an error of the server."""
    with pytest.raises(ValueError, match=r"for 1000000000 elements .* would take 1\.2 GB; .* holds 0\.5 GB"):
        tree.get("x").as_bloom_filter(capacity=10**9, error_rate=0.01)
    for options in (
        {"capacity": 10**9, "scalable": True},
        {"capacity": 10**300},
        {"capacity": 10**8, "error_rate": 1e-12},
    ):
        with pytest.raises(ValueError, match="would take"):
            tree.get("x").as_bloom_filter(**options)
    assert tree.get("x").as_bloom_filter(capacity=4 * 10**8).contains("x") is False


OTHERS: list[dict[str, Any]] = [
    {"capacity": 1001},
    {"error_rate": 0.02},
    {"scalable": True},
    {"capacity": 10, "error_rate": 0.5, "scalable": True},
]


def test_the_parameters_are_part_of_it(seen: BloomFilter[Any], tree: Proxy, backend: Backend) -> None:
    """Pottery's with other parameters says no to what is in it, and sets bits that mean nothing."""
    assert seen.add("tea")
    mine = {"capacity": 1000, "error_rate": 0.01, "scalable": False}
    for options in OTHERS:
        asked = {**mine, **options}
        other = tree.get("app.seen").as_bloom_filter(**asked)
        with nothing_written(backend):
            for act in (
                lambda: other.add("x"), lambda: other.update(["x", "y"]), lambda: other.contains("tea"),  # noqa: B023
                lambda: other.contains_many(["tea"]), other.length, other.is_full, other.current_error_rate,  # noqa: B023
            ):  # fmt: skip
                with pytest.raises(ParameterMismatch, match=r"'app\.seen' was made with .*, and opened with") as caught:
                    act()
                assert isinstance(caught.value, ValueError)
                assert caught.value.path == "app.seen"
                assert {name: caught.value.expected[name] for name in mine} == asked
                assert {name: caught.value.found[name] for name in mine} == mine
        assert tree.val() == {"app": {"seen": 1}}
    assert seen.contains("tea")
    tree.get("app.seen").as_bloom_filter(capacity=5).clear()
    assert tree.get("app.seen").as_bloom_filter(capacity=5).add("tea"), "a place that was cleared has no parameters"


@on_servers
@pytest.mark.parametrize(
    "body",
    [
        b"oops",
        b"\x00" * 2000,
        b"redicts bloom",
        b"redicts bloom 1 xxh3 capacity=1000 error_rate=0.01 scalable=0 bits=1",
    ],
)
def test_what_redicts_did_not_put_there(seen: BloomFilter[Any], tree: Proxy, backend: Backend, body: bytes) -> None:
    other = made(tree, "app.other", "b")
    assert seen.add("a")
    backend.client.set(backend.database.space.body(("app", "seen")), body)
    with nothing_written(backend):
        for act in (
            seen.length, lambda: seen.add(1), lambda: seen.update([1, 2]), lambda: seen.contains(1),
            lambda: seen.contains_many([1]), lambda: seen.union_update(other), lambda: other.union_update(seen),
        ):  # fmt: skip
            with pytest.raises(InternalError, match=r"'app\.seen' holds no Bloom filter .*run check\(\)"):
                act()
        assert tree.val() == {"app": {"seen": None, "other": 1}}
        assert [problem[:1] + problem[2:3] for problem in tree.check()] == [("not a Bloom filter", "app.seen")]
    seen.clear()


@on_servers
def test_another_version_or_size_is_told(seen: BloomFilter[Any], tree: Proxy, backend: Backend) -> None:
    """Of a later redicts, and of a machine whose logarithms differ in the last bit."""
    body = backend.database.space.body(("app", "seen"))
    assert seen.add("a")
    header: Any = backend.client.getrange(body, 0, 99)
    other = made(tree, "app.other", "b")
    backend.client.setrange(body, 0, header.replace(b"bloom 1 xxh3", b"bloom 2 xxh3"))
    with pytest.raises(ParameterMismatch, match="made with format=2, and opened with format=1"):
        seen.add("b")
    backend.client.setrange(body, 0, header.replace(b"bloom 1 xxh3", b"bloom 1 xxh4"))
    with pytest.raises(ParameterMismatch, match="made with hash='xxh4', and opened with hash='xxh3'"):
        other.union_update(seen)
    backend.client.setrange(body, 0, header.replace(b"bits=9871", b"bits=9870"))
    with (
        nothing_written(backend),
        pytest.raises(ParameterMismatch, match="made with bits=9870, and opened with bits=9871"),
    ):
        other.union_update(seen)
    backend.client.setrange(body, 0, header)
    assert seen.contains("a")


@sync_only
def test_without_xxhash_it_says_what_to_install(tree: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xxhash", None)
    bloom_hash.load_hash.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'redicts\[bloom\]'"):
        tree.get("x").as_bloom_filter(capacity=5)
    bloom_hash.load_hash.cache_clear()


@once_each
def test_it_does_not_outgrow_a_string(tree: Proxy, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a server that holds 4 KB in a string; of 512 MB it would take too long."""
    monkeypatch.setattr(bloom_elements, "LARGEST", 8 * 4096)
    grown = tree.get("grown").as_bloom_filter(capacity=50, error_rate=0.01, scalable=True)
    fresh = tree.get("fresh").as_bloom_filter(capacity=50, error_rate=0.01, scalable=True)
    with nothing_written(backend), pytest.raises(ValueError, match=r"'fresh' would grow beyond .*nothing was written"):
        fresh.update(range(5000))
    added = 0
    with pytest.raises(ValueError, match="would grow beyond"):  # noqa: PT012  # it is the last of many
        while True:
            grown.update(range(added, added + 10))
            added += 10
    assert 1000 < added < 3000
    told = grown.length()
    with nothing_written(backend):
        assert all(grown.contains_many(range(added)))
        assert grown.update(range(added)) == 0, "what is in it needs no room"
        assert grown.add(3) is False
        with pytest.raises(ValueError, match="would grow beyond"):
            grown.update([1, 2, *range(10_000, 10_100)])
        assert not any(grown.contains_many(range(10_000, 10_010)))
    assert grown.length() == told


# ---- with others


def test_together(tree: Proxy, backend: Backend) -> None:
    monday, tuesday = made(tree, "days.monday", "ada", "bob"), made(tree, "days.tuesday", "bob", "eve")
    abroad, none = made(tree, "abroad.monday", "ada", "zoe"), tree.get("days.none").as_bloom_filter(capacity=1000)
    monday.union_update(tuesday, none)
    assert (monday.length(), tuesday.length(), none.length()) == (3, 2, 0)
    monday |= abroad
    assert (monday.length(), abroad.length()) == (4, 2)
    assert monday.contains_many(["ada", "bob", "eve", "zoe", "tom"]) == [True, True, True, True, False]
    with nothing_written(backend):
        monday.union_update(none)
        none.union_update(none)
    monday.union_update(monday, tuesday)
    none.union_update(abroad)
    assert tree.val() == {"days": {"monday": 4, "tuesday": 2, "none": 2}, "abroad": {"monday": 2}}
    assert len(backend.keys()) == 7, "two hashes, four bodies, and the names of the sections"
    assert monday.add("tom"), "it goes on as any"
    assert monday.length() == 5


def test_a_union_holds_what_was_in_each(tree: Proxy) -> None:
    one, other = made(tree, "d.one", *range(600)), made(tree, "d.other", *range(300, 900))
    alone = made(tree, "d.alone", *range(900))
    one |= other
    assert all(one.contains_many(range(900)))
    assert one.contains_many(range(900, 3000)) == alone.contains_many(range(900, 3000)), "bit for bit"
    assert one.current_error_rate() == alone.current_error_rate()
    assert abs(one.length() - 900) < 30


def test_lives_stay(tree: Proxy) -> None:
    one, other, place = made(tree, "d.one", 1), made(tree, "d.other", 2), tree.get("d.one")
    assert place.expire(1000)
    assert one.add(3)
    one.union_update(other)
    assert one.contains(2)
    assert 900 < place.time_to_live() <= 1000
    assert tree.get("d").expire(500)
    united = tree.get("d.made").as_bloom_filter(capacity=1000)
    united.union_update(other)
    assert 400 < tree.get("d.made").time_to_live() <= 500
    assert made(tree, "d.new", 1).length() == 1
    assert 400 < tree.get("d.new").time_to_live() <= 500


def test_what_has_no_union(tree: Proxy, backend: Backend) -> None:
    one, scalable = made(tree, "d.one", 1), made(tree, "d.scalable", 1, scalable=True)
    wider, lost = made(tree, "d.wider", 2, capacity=2000), made(tree, "d.lost", 2, capacity=2000)
    with nothing_written(backend):
        for other in (scalable, wider):
            with pytest.raises(ParameterMismatch, match=r"opened with other parameters than 'd\.one'") as caught:
                one.union_update(other)
            assert caught.value.path == other.key()
        with pytest.raises(ValueError, match=r"'d\.scalable' is scalable"):
            scalable.union_update(scalable)
        with pytest.raises(
            ParameterMismatch, match=r"'d\.lost' was made with capacity=2000, and opened with capacity=1000"
        ):
            one.union_update(made(tree, "d.none"), tree.get(lost.key()).as_bloom_filter(capacity=1000))
        with pytest.raises(ParameterMismatch, match=r"'d\.lost' was made with"):
            tree.get("d.lost").as_bloom_filter(capacity=1000).union_update(one)


def test_of_another_database(tree: Proxy, backend: Backend) -> None:
    """A synchronous one is read first; of others who has them must say how."""
    here = made(tree, "d.here", "a", "b")
    there = backend.face.place("d.there", namespace=f"{backend.namespace}:x").as_bloom_filter(capacity=1000)
    if backend.through == "asyncio":
        with pytest.raises(TypeError, match="in another database"):
            here.union_update(there)
        return
    with nothing_written(backend):
        here.union_update(there)
    assert there.update(["b", "c", "d"]) == 3
    here.union_update(there, there)
    assert here.contains_many(["a", "c", "d", "x"]) == [True, True, True, False]
    assert here.length() == 4
    there.clear()
    mine = backend.keys()
    assert len([key for key in mine if ":x:" not in key]) == 3, "what was lent is gone"


@pytest.mark.parametrize("value", [1, [], {"x": 1}, "set"])
def test_another_kind_is_left_alone(tree: Proxy, backend: Backend, value: Any) -> None:
    if value == "set":
        tree.get("app.seen").as_set().add(1)
    else:
        tree.set("app.seen", value)
    seen, other = tree.get("app.seen").as_bloom_filter(capacity=1000), made(tree, "app.other", "a")
    with nothing_written(backend):
        for act in (
            seen.length, seen.clear, lambda: seen.add(1), lambda: seen.update([1, 2]), lambda: seen.contains(1),
            lambda: seen.contains_many([1]), seen.is_full, seen.current_error_rate, lambda: seen.union_update(other),
            lambda: other.union_update(seen), lambda: other.union_update(other, seen),
        ):  # fmt: skip
            with pytest.raises(WrongType) as caught:
                act()
            assert (caught.value.path, caught.value.expected) == ("app.seen", "bloom_filter")


@sync_only
def test_what_python_does_with_it(seen: BloomFilter[Any]) -> None:
    assert not seen
    seen.add("x")
    assert seen
    assert repr(seen) == "BloomFilter('app.seen')"


def test_the_readme_of_pottery(tree: Proxy) -> None:
    dilberts = tree.get("dilberts").as_bloom_filter(capacity=100, error_rate=0.01)
    assert dilberts.add("rajiv")
    assert "rajiv" in dilberts
    assert "raj" not in dilberts
    assert "dan" not in dilberts
    assert len(dilberts) == 1
    assert dilberts.update({"raj", "dan"}) == 2
    assert dilberts.contains_many(["rajiv", "raj", "dan", "luis"]) == [True, True, True, False]
    assert len(dilberts) == 3
    dilberts.clear()
    assert len(dilberts) == 0
