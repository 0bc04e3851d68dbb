"""Rate limiters: what a hit costs, against a count that expires (which lets twice the rate through at its turn)."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.measure import Pair
from benchmarks.registry import row
from benchmarks.stage import Stage

WINDOW_MS = 60_000
MANY = 10**8
"""More than a row asks for."""


@row("rate_limiter.hit()", "r.incr(k) and r.pexpire(k, ms) in one pipeline", 1.4)
def hit(stage: Stage) -> Pair:
    limiter = stage.place("app.limit").as_rate_limiter(MANY, per=100)
    return Pair(raw=counted(stage), ours=limiter.hit)


@row("rate_limiter.hit(), a rate of thirds", "r.incr(k) and r.pexpire(k, ms) in one pipeline")
def thirds(stage: Stage) -> Pair:
    limiter = stage.place("app.limit").as_rate_limiter(300_000, burst=MANY)
    return Pair(raw=counted(stage), ours=limiter.hit)


@row("rate_limiter.hit() that is refused", "r.incr(k) and r.pexpire(k, ms) in one pipeline", 1.4)
def refused(stage: Stage) -> Pair:
    limiter = stage.place("app.limit").as_rate_limiter(1, per=86_400)
    _ = limiter.hit()
    return Pair(raw=counted(stage), ours=limiter.hit)


def counted(stage: Stage) -> Callable[[], int]:
    """Make the side of redis-py."""
    raw = stage.raw

    def bare() -> int:
        with raw.pipeline(transaction=False) as pipe:
            pipe.incr("n")
            pipe.pexpire("n", WINDOW_MS)
            found: int = pipe.execute()[0]
        return found

    return bare
