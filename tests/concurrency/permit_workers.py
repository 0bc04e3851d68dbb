"""What processes do with semaphores, and with rate limiters."""

from __future__ import annotations

import os
import random
import time
from typing import Any

from redicts import LockLost, NotOwner, Pool, Proxy
from redicts.leaves.semaphore import Permit
from tests.concurrency.trees import Spot, meet

__all__ = ["LEASE", "VALUE", "die_with_one", "fork_within_a_block", "hit_for", "use_for_ever", "wait_for_ever"]

LEASE = 0.5
"""Seconds; that of all who may be killed."""

VALUE = 3


def use_for_ever(spot: Spot, me: int) -> None:
    """Take permits in every way, and log when.

    "+", its token, and until when it holds at least; "=" when it was renewed; "-" before it is released. All clocks
    here are one: the monotonic clock of the machine.
    """
    spot.open(socket_timeout=60)
    slots, client, choose = Proxy("slots").as_semaphore(VALUE, lease=LEASE), Pool().get_connection(), random.Random(me)
    log = f"log-of-{spot.namespace}"
    print("ready", flush=True)
    while True:
        how = choose.random()
        permit: Permit | None
        if how < 0.2:
            permit = slots.try_acquire()
            if permit is None:
                continue
        else:
            permit = slots.acquire(timeout=60, count=2 if how < 0.4 else 1)
        name = f"{me} {permit._granted.token}"
        client.rpush(log, f"+ {permit.count} {permit._granted.valid_until} {time.monotonic()} {name}")
        time.sleep(choose.random() * 0.004)
        if how > 0.9:
            permit.renew()
            client.rpush(log, f"= {permit.count} {permit._granted.valid_until} {time.monotonic()} {name}")
        client.rpush(log, f"- {permit.count} 0 {time.monotonic()} {name}")
        try:
            permit.release()
        except LockLost:  # the machine was busy for so long; the log says whether anybody came in too early
            client.rpush(log, f"? {permit.count} 0 {time.monotonic()} {name}")


def die_with_one(spot: Spot) -> None:
    """Take a permit, and do nothing."""
    spot.open()
    Proxy("slots").as_semaphore(1, lease=LEASE).acquire()
    print("taken", flush=True)
    time.sleep(600)


def wait_for_ever(spot: Spot) -> None:
    """Wait for a permit."""
    spot.open()
    Proxy("slots").as_semaphore(1, lease=LEASE).acquire()
    time.sleep(600)


def fork_within_a_block(spot: Spot) -> list[Any]:
    """Fork while a permit is held: what the child does with it is nothing."""
    spot.open()
    slots = Proxy("slots").as_semaphore(2)
    with slots as outer, slots.acquire() as permit:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for act in (permit.release, permit.renew, outer.release):
                    try:
                        act()
                    except NotOwner:
                        code += 1
                permit.__exit__(None, None, None)
                slots.__exit__(None, None, None)
                code += slots.available() == 0 and permit.valid_for() == 0.0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        inside = slots.length()
    return [os.waitstatus_to_exitcode(status), inside, slots.available()]


def hit_for(spot: Spot, parties: int, seconds: float, rate: float, burst: int) -> list[int]:
    """Hit a limiter all the time; tell at which times of the server one was let through, in us."""
    tree = spot.open(socket_timeout=60)
    limiter: Any = tree.get("limit").as_rate_limiter(rate, burst=burst)
    place: Any = tree
    let_through: list[int] = []
    meet(tree, "limit", parties)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        reply = place._run(limiter._run_writing("rate_limiter_hit", *limiter._args(1)), False)
        if reply[0]:
            let_through.append(int(reply[4]))
    return let_through
