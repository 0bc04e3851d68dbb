"""What locks leave behind in Redis: nothing, a second after all is over."""

from __future__ import annotations

from redicts import Proxy
from tests.concurrency.trees import Spot
from tests.support.waiting import wait_until

__all__ = ["assert_no_locks", "await_no_keys"]


def assert_no_locks(spot: Spot) -> None:
    """Assert that no lock stands anywhere. (Wake-ups and the counter of fence tokens go a second later.)"""
    assert [key for key in spot.all_keys() if key.startswith((f"{spot.namespace}:l:", f"{spot.namespace}:b:"))] == []


def await_no_keys(spot: Spot, tree: Proxy) -> None:
    """Remove the tree, and wait until there is not one key."""
    tree.clear()
    wait_until(lambda: not spot.all_keys(), what="the end of all keys")
