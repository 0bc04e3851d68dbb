"""Readers never see half of a ``set``, ``update``, ``delete`` or ``pop``, while other processes write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from redicts import Proxy
from tests.concurrency.flips import Tally, document, is_whole, read_for, write_for_ever
from tests.concurrency.trees import Spot, new_spot
from tests.support.processes import Processes
from tests.support.servers import Server

WRITERS = 2
READERS = 2
LOOKS = 200
CONTROLS = {"leaf by leaf", "torn.val()"}


def watch(spot: Spot, looks: int, generations: int, seconds: float) -> list[Tally]:
    """Have processes write, and others look; give what these counted."""
    with Processes() as processes:
        writers = [processes.prepare(write_for_ever, spot, first, WRITERS) for first in range(WRITERS)]
        readers = [processes.prepare(read_for, spot, looks, generations, seconds) for _ in range(READERS)]
        for writer in writers:
            writer.go()
        for writer in writers:
            writer.expect("writing")
        for reader in readers:
            reader.go()
        return [reader.result(seconds + 30) for reader in readers]


@pytest.fixture(scope="module")
def watched(server: Server) -> tuple[Spot, list[Tally]]:
    """What readers counted on each kind of server, and where; the writers have been killed."""
    spot = new_spot(server)
    return spot, watch(spot, looks=LOOKS, generations=100, seconds=40)


def test_no_reader_sees_a_mixture(watched: tuple[Spot, list[Tally]], server: Server) -> None:
    _, tallies = watched
    looks = {name: sum(tally.looks[name] for tally in tallies) for name in tallies[0].looks if name not in CONTROLS}
    print(f"{server.kind}: {sum(looks.values())} looks, none mixed, {[t.generations for t in tallies]} generations")
    for tally in tallies:
        assert {name: found for name, found in tally.mixed.items() if name not in CONTROLS} == {}
        assert tally.generations >= 100, "the documents hardly changed while they were read"
        assert min(tally.looks.values()) >= LOOKS


def test_a_reader_that_goes_leaf_by_leaf_sees_mixtures(watched: tuple[Spot, list[Tally]], server: Server) -> None:
    _, tallies = watched
    mixed = sum(len(tally.mixed.get("leaf by leaf", [])) for tally in tallies)
    print(f"{server.kind}: {mixed} mixtures seen leaf by leaf")
    assert mixed > 0, "the same writers, read in several steps: if this sees nothing, the test above cannot either"


def test_readers_find_a_writer_that_goes_leaf_by_leaf(watched: tuple[Spot, list[Tally]], server: Server) -> None:
    _, tallies = watched
    mixed = sum(len(tally.mixed.get("torn.val()", [])) for tally in tallies)
    print(f"{server.kind}: {mixed} mixtures of a writer that is not atomic")
    assert mixed > 0


def test_the_killed_writers_left_everything_whole(
    watched: tuple[Spot, list[Tally]], open_tree: Callable[..., Proxy]
) -> None:
    spot, _ = watched
    tree = open_tree(spot)
    assert is_whole(tree.get("doc").val())
    spot.assert_clean(tree)


def test_documents_tell_when_they_are_torn() -> None:
    for generation in range(10):
        assert is_whole(document(generation))
        assert not is_whole({"a": document(generation), "b": document(generation + 1)})
    assert not is_whole({**document(5), "w": 5})
    assert not is_whole({"a": 5})


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_no_reader_sees_a_mixture_for_long(server: Server, soak_seconds: float) -> None:
    tallies = watch(new_spot(server), looks=10**9, generations=0, seconds=soak_seconds / 2)
    print(f"{server.kind}: {sum(sum(tally.looks.values()) for tally in tallies)} looks")
    for tally in tallies:
        assert set(tally.mixed) == CONTROLS, tally.mixed
