"""A connection cut at every byte of a command and of its reply: never a silent duplicate, never a silent loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from redicts.errors import ConnectionLost, OutcomeUnknown
from redicts.proxy import Proxy
from tests.runners.rig import call, in_use, steps
from tests.support.chaos import ChaosProxy
from tests.support.waiting import wait_until

MakeProxy = Callable[..., Proxy]


def sizes(chaos: ChaosProxy, act: Callable[[], object]) -> tuple[int, int]:
    """How many bytes of request and of reply it takes."""
    act()  # loads the scripts
    chaos.reset()
    act()
    assert chaos.connections == 0, "it was connected before"
    return len(chaos.request_bytes), len(chaos.reply_bytes)


def positions(size: int, every: int = 1) -> list[int]:
    """All byte positions, or every so many, with both ends."""
    return sorted({*range(0, size + 1, every), size - 1, size})


def wait_for_the_cut(chaos: ChaosProxy) -> None:
    """A cut after the last byte of a reply comes when the client is already through."""
    wait_until(lambda: chaos.cuts == 1, what="the cut")
    chaos.heal()


def cut_and_add(proxy: Proxy, chaos: ChaosProxy, cut: Callable[[], None], before: int) -> str:
    """Add 1 over a connection that will be cut; what was said and how much was added."""
    cut()
    try:
        total: object = proxy.add(1)
    except OutcomeUnknown:
        said = "unknown"
    except ConnectionLost:
        said = "lost"
    else:
        said = f"added {total == before + 1}"
    assert in_use(proxy._where().client) == 0
    return f"{said}, {proxy.val() - before} times"


def cuts_of_add(
    proxy: Proxy, chaos: ChaosProxy, reply: bool, where: list[int], prepare: Callable[[], object]
) -> Counter[str]:
    seen: Counter[str] = Counter()
    for count in where:
        prepare()
        before = proxy.val()
        chaos.reset()
        cut = chaos.cut_after_replies if reply else chaos.cut_after_requests
        seen[cut_and_add(proxy, chaos, lambda cut=cut, count=count: cut(count, reset=count % 2 == 1), before)] += 1  # type: ignore[misc]
        wait_for_the_cut(chaos)
    return seen


def test_add_cut_at_every_byte_of_its_request(proxy: MakeProxy, chaos: ChaosProxy) -> None:
    place = proxy("hits.today")
    place.store((), 100)
    request, _ = sizes(chaos, place.add)
    seen = cuts_of_add(place, chaos, False, positions(request), lambda: None)
    assert seen == {"unknown, 0 times": request, "unknown, 1 times": 1}


def test_add_cut_at_every_byte_of_its_reply(proxy: MakeProxy, chaos: ChaosProxy) -> None:
    place = proxy("hits.today")
    place.store((), 100)
    _, reply = sizes(chaos, place.add)
    seen = cuts_of_add(place, chaos, True, positions(reply), lambda: None)
    # A cut after the last byte harms nobody: the reply is there.
    assert seen == {"unknown, 1 times": reply, "added True, 1 times": 1}


def test_add_cut_while_its_script_is_loaded(proxy: MakeProxy, chaos: ChaosProxy) -> None:
    """EVALSHA, NOSCRIPT, EVAL with the whole text: two exchanges, and neither is done twice."""
    place = proxy("hits.today")
    place.store((), 100)

    def forget() -> None:
        place._where().client.script_flush()
        place._where().runner.run(steps((call("PING"),)), True)  # so that it is connected again

    forget()
    chaos.reset()
    place.add()
    request, reply = len(chaos.request_bytes), len(chaos.reply_bytes)
    assert chaos.command_names == ["EVALSHA", "EVAL"]
    seen = cuts_of_add(place, chaos, False, positions(request, every=request // 20), forget)
    assert set(seen) == {"unknown, 0 times", "unknown, 1 times"}
    assert seen["unknown, 1 times"] == 1
    seen = cuts_of_add(place, chaos, True, positions(reply, every=7), forget)
    assert set(seen) == {"unknown, 0 times", "unknown, 1 times", "added True, 1 times"}
    assert seen["added True, 1 times"] == 1


IDEMPOTENT: dict[str, tuple[Callable[[Proxy], object], object]] = {
    "val of a leaf": (lambda p: p.get("x.leaf").val(), 7),
    "val of a node": (lambda p: p.get("x").val(), {"leaf": 7}),
    "set": (lambda p: p.set("x.leaf", 7).key(), "place"),
    "setdefault": (lambda p: p.setdefault("x.leaf", 8), 7),
    "update": (lambda p: p.update({"x": {"leaf": 7}}), None),
    "children": (lambda p: p.children(), ["x"]),
    "exists": (lambda p: p.get("x").exists(), True),
    "expire": (lambda p: p.get("x").expire(1000), True),
    "persist": (lambda p: p.get("x").persist(), True),
    "iter_children": (lambda p: [leaf.key() for leaf in p.iter_children()], ["place.x.leaf"]),
    "check": (lambda p: p.check(), []),
}


@pytest.mark.parametrize("cuts", [12, pytest.param(100, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("name", IDEMPOTENT)
def test_what_may_be_repeated_is_healed_unseen_wherever_it_is_cut(
    proxy: MakeProxy, chaos: ChaosProxy, name: str, cuts: int
) -> None:
    act, expected = IDEMPOTENT[name]
    place = proxy()
    place.store("x", {"leaf": 7})
    act(place)
    request, reply = sizes(chaos, lambda: act(place))
    for limit, size in ((chaos.cut_after_requests, request), (chaos.cut_after_replies, reply)):
        for count in positions(size, every=max(1, size // cuts)):
            chaos.reset()
            limit(count)
            assert act(place) == expected, f"{name} cut after {count} of {size}"
            wait_for_the_cut(chaos)
            assert place.val() == {"x": {"leaf": 7}}


ONCE: dict[str, tuple[Callable[[Proxy], object], object]] = {
    "add": (lambda p: p.get("x").add(1), 8),
    "pop": (lambda p: p.pop("x"), None),
    "delete": (lambda p: p.delete("x"), None),
    "compare_and_set": (lambda p: p.get("x").compare_and_set(7, 8), 8),
    "transform": (lambda p: p.get("x").transform(lambda value: value + 1), 8),
}


@pytest.mark.parametrize("name", ONCE)
def test_what_must_not_be_repeated_says_so_and_names_the_command(
    proxy: MakeProxy, chaos: ChaosProxy, name: str
) -> None:
    act, after = ONCE[name]
    place = proxy()
    place.store("x", 7)
    act(place)
    place.store("x", 7)
    first_trip = len("$1\r\n7\r\n") if name == "transform" else 0
    chaos.reset()
    chaos.cut_after_replies(first_trip + 1)
    with pytest.raises(OutcomeUnknown, match="read the place to find out") as caught:
        act(place)
    assert caught.value.commands == ["EVALSHA"]
    assert chaos.command_names.count("EVALSHA") == 1
    assert place.get("x").val() == after


def test_the_read_of_a_transform_is_healed_unseen(proxy: MakeProxy, chaos: ChaosProxy) -> None:
    place = proxy("a.b")
    place.store((), 1)
    assert place.transform(lambda value: value + 1) == 2
    chaos.reset()
    chaos.cut_before_reply()
    assert place.transform(lambda value: value + 1) == 3
    assert chaos.cuts == 1
