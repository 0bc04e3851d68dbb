"""The same owners on real servers, in random orders: a sample of what ``test_explorer.py`` goes through in full."""

from __future__ import annotations

import random
import time

import pytest

from tests.interleaving.casting import MIXES
from tests.interleaving.sampling import Stage
from tests.support.backends import Backend

ROUNDS = 3


def play(backend: Backend, seed: int) -> str:
    """Play all mixes once; give the order of steps."""
    chance, played = random.Random(seed), []
    for mix, owners in MIXES.items():
        stage = Stage(tuple([owner._replace(rounds=2) for owner in owners]), backend.database, chance)
        stage.play()
        assert not [player.log.outcomes for player in stage.players if player.log.outcomes], (seed, mix)
        left = backend.keys()
        for key in left:
            assert -2 <= backend.client.pttl(key) <= 1000, (seed, mix, key)
            assert backend.client.pttl(key) != -1, (seed, mix, key)
        played.append("".join(stage.order))
        backend.clear()
    return " ".join(played)


def test_a_sample_on_real_servers(real_backend: Backend) -> None:
    orders = {play(real_backend, seed) for seed in range(ROUNDS)}
    assert len(orders) == ROUNDS
    print(f"{ROUNDS * len(MIXES)} orders on {real_backend.name}, {sum(map(len, orders))} steps")


@pytest.mark.exhaustive
def test_many_orders_on_real_servers(real_backend: Backend, soak_seconds: float) -> None:
    end, orders, seed = time.monotonic() + soak_seconds / 2, set(), 1000
    while time.monotonic() < end:
        orders.add(play(real_backend, seed))
        seed += 1
    assert len(orders) == seed - 1000
    print(f"{len(orders) * len(MIXES)} orders on {real_backend.name}")
