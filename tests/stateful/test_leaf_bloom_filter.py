"""Random sequences of operations on Bloom filters, against sets: nothing is ever missed, and all answers fit together.

A longer run is the better test: ``pytest -m soak tests/stateful``.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from redicts import Proxy
from redicts.leaves.bloom_filter import BloomFilter
from tests.support.backends import Backend, fake_backend, server_backend
from tests.support.servers import Server
from tests.support.trees import tree_of

PROFILE = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, stateful_step_count=30)

FILTERS: dict[str, dict[str, Any]] = {
    "a.x": {"capacity": 30, "error_rate": 0.2},
    "a.b.y": {"capacity": 30, "error_rate": 0.2},
    "z": {"capacity": 30, "error_rate": 0.2},
    "a.grown": {"capacity": 3, "error_rate": 0.3, "scalable": True},
}
NAMES = st.sampled_from([*FILTERS])
EQUAL = st.sampled_from(["a.x", "a.b.y", "z"])
ELEMENTS = st.integers(0, 60) | st.sampled_from([1.0, True, None, "1", "é\U0001f600", (0, "x"), -(2**70)])
MANY = st.lists(ELEMENTS, max_size=25) | st.integers(0, 300).map(lambda start: list(range(start, start + 40)))


def text(value: Any) -> str:
    """Tell elements apart as JSON does."""
    return repr(value)


class BloomMachine(RuleBasedStateMachine):
    """Made for a backend by a subclass."""

    backend: Backend

    def __init__(self) -> None:
        super().__init__()
        self.backend.clear()
        self.tree: Proxy = tree_of(self.backend)
        self.blooms: dict[str, BloomFilter[Any]] = {
            name: self.tree.get(name).as_bloom_filter(**options) for name, options in FILTERS.items()
        }
        self.added: dict[str, dict[str, Any]] = {name: {} for name in FILTERS}

    @rule(name=NAMES, value=ELEMENTS)
    def add(self, name: str, value: Any) -> None:
        bloom, seemed, length = self.blooms[name], self.blooms[name].contains(value), self.blooms[name].length()
        assert bloom.add(value) is not seemed
        assert bloom.add(value) is False
        assert bloom.length() >= length + (not seemed)
        self.added[name][text(value)] = value

    @rule(name=NAMES, values=MANY)
    def update(self, name: str, values: list[Any]) -> None:
        """It does what adding one by one does."""
        bloom, twin = self.blooms[name], self.tree.get("twin").as_bloom_filter(**FILTERS[name])
        twin.clear()
        twin.update(self.added[name].values())
        if name == "a.grown" or bloom.contains_many(range(500)) != twin.contains_many(range(500)):
            seemed = [value for value in values if not bloom.contains(value)]
            assert 0 <= bloom.update(values) <= len(seemed)
        else:
            assert bloom.update(values) == sum(twin.add(value) for value in values)
            assert bloom.contains_many(range(500)) == twin.contains_many(range(500))
        assert bloom.update(values) == 0
        self.added[name].update({text(value): value for value in values})

    @rule(name=NAMES, values=MANY)
    def ask(self, name: str, values: list[Any]) -> None:
        found = self.blooms[name].contains_many(values)
        assert found == [self.blooms[name].contains(value) for value in values]
        assert all(there for value, there in zip(values, found, strict=True) if text(value) in self.added[name])

    @rule(name=EQUAL, others=st.lists(EQUAL, max_size=3))
    def unite(self, name: str, others: list[str]) -> None:
        before = {each: self.blooms[each].contains_many(range(500)) for each in {name, *others}}
        self.blooms[name].union_update(*[self.blooms[other] for other in others])
        either = [any(bits) for bits in zip(*before.values(), strict=True)]
        found = self.blooms[name].contains_many(range(500))
        assert all(there or not expected for there, expected in zip(found, either, strict=True))
        for other in others:
            self.added[name].update(self.added[other])

    @rule(name=NAMES)
    def clear(self, name: str) -> None:
        self.blooms[name].clear()
        self.added[name].clear()
        assert not any(self.blooms[name].contains_many(range(100)))

    @rule(name=NAMES)
    def life(self, name: str) -> None:
        assert self.tree.get(name).expire(100_000) is bool(self.added[name])

    @invariant()
    def nothing_is_missed(self) -> None:
        for name, bloom in self.blooms.items():
            added = self.added[name]
            assert all(bloom.contains_many(added.values()))
            assert self.tree.get(name).exists() is bool(added)
            assert bloom.length() == self.tree.get(name).val(0)
            if name == "a.grown":
                assert bloom.current_error_rate() <= 0.3
        assert self.tree.check() == []


def run(backend: Backend, profile: settings) -> None:
    machine = type("Machine", (BloomMachine,), {"backend": backend})
    run_state_machine_as_test(machine, settings=profile)


@pytest.mark.parametrize("kind", ["fake", "valkey"])
def test_they_never_miss_an_element(valkey_server: Server, kind: str) -> None:
    backend = fake_backend() if kind == "fake" else server_backend(valkey_server, 3)
    run(backend, settings(PROFILE, max_examples=2 if kind == "fake" else 8, stateful_step_count=15))
    backend.close()


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_they_never_miss_an_element_for_long(real_backend: Backend, soak_seconds: float) -> None:
    deadline = time.monotonic() + soak_seconds
    while time.monotonic() < deadline:
        run(real_backend, settings(PROFILE, max_examples=50, stateful_step_count=50, database=None))
