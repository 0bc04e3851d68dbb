"""The same operation with 0 and with 1,000,000 keys of others in the database: both sides are redicts.

Both databases are one server's, so nothing else differs. A cost that grew with what else is there (a SCAN, a KEYS)
would show as a ratio far above 1; the budget leaves room for what a larger dictionary costs the processor's caches.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.rows.documents import users
from benchmarks.stage import CROWDED, PLAIN, Stage
from redicts import Proxy

AGAINST = "the same with 0 foreign keys"
BUDGET = 1.10


def _both(stage: Stage, make: Callable[[Proxy], Callable[[], object]]) -> Pair:
    """Make the same of a place in the empty and in the crowded database."""
    stage.crowd()
    sides = []
    for where in (PLAIN, CROWDED):
        place = stage.place("app", where)
        place.set("users", users(20))
        sides.append(make(place))
    return Pair(raw=sides[0], ours=sides[1])


@row("1,000,000 foreign keys: val() of a leaf", AGAINST, BUDGET)
def val_leaf(stage: Stage) -> Pair:
    return _both(stage, lambda app: app.get("users.user7.name").val)


@row("1,000,000 foreign keys: val() of 100 leaves", AGAINST, BUDGET)
def val_subtree(stage: Stage) -> Pair:
    return _both(stage, lambda app: app.get("users").val)


@row("1,000,000 foreign keys: set()", AGAINST, BUDGET)
def set_leaf(stage: Stage) -> Pair:
    return _both(stage, lambda app: lambda: app.set("users.user7.name", "x"))


@row("1,000,000 foreign keys: set() and delete()", AGAINST, BUDGET)
def delete(stage: Stage) -> Pair:
    return _both(stage, lambda app: lambda: app.set("job.id", 1).delete("job"))


@row("1,000,000 foreign keys: children()", AGAINST, BUDGET)
def children(stage: Stage) -> Pair:
    return _both(stage, lambda app: app.get("users").children)


@row("1,000,000 foreign keys: time_to_live()", AGAINST, BUDGET)
def time_to_live(stage: Stage) -> Pair:
    return _both(stage, lambda app: app.get("users.user7").time_to_live)
