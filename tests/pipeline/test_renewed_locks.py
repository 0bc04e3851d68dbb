"""A lock that is renewed, and a release that never happens: it is renewed on."""

from __future__ import annotations

import gc

import pytest

import redicts
from redicts import Lease
from redicts.pool import Database
from tests.pipeline.places import at
from tests.support.waiting import wait_until


def is_renewed(lease: Lease) -> bool:
    """Wait for the next renewal, or for the loss."""
    holding = lease._holding
    before = holding.valid_until
    wait_until(lambda: holding.valid_until > before or holding.is_lost, what="renewal")
    return not holding.is_lost


def test_a_release_that_is_taken_back_with_its_block(fake: Database) -> None:
    with at(fake, "a").acquire(renew=True, expire_timeout=2) as lease:
        with pytest.raises(ZeroDivisionError), redicts.pipeline() as pipe:  # noqa: PT012
            _ = lease.using(pipe).release()
            raise ZeroDivisionError
        assert is_renewed(lease)
        lease.ensure_held()


def test_a_release_that_was_begun_and_left(fake: Database) -> None:
    with at(fake, "a").acquire(renew=True, expire_timeout=2) as lease:
        op = type(lease).__mro__[1].release(lease)  # type: ignore[attr-defined]  # the generator itself
        _ = next(op)
        del op
        _ = gc.collect()
        assert is_renewed(lease)


def test_a_release_that_is_sent_ends_it(fake: Database) -> None:
    lease = at(fake, "a").acquire(renew=True, expire_timeout=0.3)
    with redicts.pipeline() as pipe:
        _ = lease.using(pipe).release()
    assert not at(fake, "a").is_locked()
    assert lease._holding.renew_again is not None
    lease._holding.end_renewal()
    assert lease._holding.renew_again is None, "there was nothing to end"


def test_its_life_is_no_longer_than_it_was_to_be(fake: Database) -> None:
    lease = at(fake, "a").acquire(renew=True, expire_timeout=0.2, max_lifetime=0.01)
    with pytest.raises(ZeroDivisionError), redicts.pipeline() as pipe:  # noqa: PT012
        _ = lease.using(pipe).release()
        raise ZeroDivisionError
    assert lease.lost.wait(20)
