"""A rate limiter that processes share: so many are let through in a period, and so many at once.

May import core and its neighbours. It is the generic cell rate algorithm, which telephone networks police their traffic
with (ITU-T Recommendation I.371, annex A; as a limiter of requests: B. Leach, "Rate Limiting, Cells, and GCRA", 2015).
All that is kept is one time, and all that is reckoned with are whole numbers: ``core/prelude/gcra.lua``.
"""

from __future__ import annotations

import math
from fractions import Fraction
from time import monotonic
from typing import Any, Final, NamedTuple

from redicts.core.effects import Op, Sleep
from redicts.core.kinds import KINDS
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.errors import PipelineMisused, RateLimited, WaitTimeout
from redicts.leaves.leaf import AsyncLeaf, Leaf, QueuedLeaf, SyncLeaf
from redicts.leaves.waiting import check_timeout

__all__ = ["AsyncRateLimiter", "Decision", "QueuedRateLimiter", "RateLimiter", "RateLimiterOperations"]

MICROSECONDS: Final = 1_000_000
FINEST: Final = 1_000_000
"""Of how many parts the rest of a microsecond may be. What needs more is off by less than that for each hit."""

MOST: Final = 1_000_000_000
"""How many may come at once, and in a second; and in how many seconds a burst is forgotten, at most."""


class Decision(NamedTuple):
    """What a rate limiter says.

    Attributes:
        allowed: Whether it was let through.
        remaining: How many more would be, just now.
        retry_after: Seconds until it will be, if nobody comes between; 0.0 where it was.
        reset_after: Seconds until it will be as if none had come, if nobody comes between.
    """

    allowed: bool
    remaining: int
    retry_after: float
    reset_after: float


class RateLimiterOperations(Leaf[Any]):
    """What a rate limiter can do.

    Args:
        place: The place, of any face.
        rate: How many are let through in a period.
        per: How many seconds that is.
        burst: How many may come at once; ``None``: as many as ``rate``, rounded up.

    Attributes:
        rate: As above.
        per: As above.
        burst: As above. What counts is what the handle says: if another one says something else, the server goes on
        from the
            time that it keeps, and from a full burst at most.

    Raises:
        PathError: The place is the root.
        TypeError: An argument is no number.
        ValueError: An argument is out of range, or so slow that a burst takes more than thirty years.
    """

    __slots__ = ("_rate", "burst", "per", "rate")

    KIND = KINDS["rate_limiter"]

    def __init__(self, place: Place, rate: float, per: float, burst: int | None) -> None:
        super().__init__(place)
        exact, period = _number(rate, "rate"), _number(per, "per")
        self.rate = rate
        self.per = per
        self.burst = math.ceil(exact) if burst is None else _count(burst, "burst", MOST)
        cost = period * MICROSECONDS / exact
        if exact / period > MOST or self.burst > MOST:
            raise ValueError(f"at most {MOST} are let through in a second, and at once, not {rate!r} per {per!r} s")
        if cost * self.burst > MOST * MICROSECONDS:
            raise ValueError(
                f"{rate!r} per {per!r} s, {self.burst} at once, is too slow: a burst takes over thirty years"
            )
        if cost.denominator > FINEST:
            cost = cost.limit_denominator(FINEST)
        whole, rest = divmod(cost.numerator, cost.denominator)
        self._rate = (str(whole), str(rest), str(cost.denominator), str(self.burst))

    @operation(idempotent=False)
    def hit(self, count: int = 1) -> Op[Decision]:
        """Ask to be let through; whoever is, uses up what it takes of the rate.

        Args:
            count: How many come together: all of them are let through, or none.

        Returns:
            Whether it was; and when to come again.

        Raises:
            TypeError: ``count`` is no integer.
            ValueError: ``count`` is below 1, or above ``burst``: that many never are.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: they were counted, or not.

        Atomicity: one step, by the server's clock.
        Cost: 1 round trip, O(1).

        Example:
            >>> limiter = root().get("limits.ada").as_rate_limiter(3, per=60)
            >>> limiter.hit(2)
            Decision(allowed=True, remaining=1, retry_after=0.0, reset_after=40.0)
            >>> decision = limiter.hit(2)
            >>> decision.allowed, decision.remaining, 19 < decision.retry_after <= 20
            (False, 1, True)
        """
        return (yield from self._hit(self._args(count)))

    @operation(idempotent=False)
    def check(self, count: int = 1) -> Op[Decision]:
        """Ask to be let through, as ``hit`` does, or fail.

        Args:
            count: How many come together.

        Raises:
            RateLimited: It was not let through; ``retry_after`` says in how many seconds it will be.
            TypeError: ``count`` is no integer.
            ValueError: ``count`` is below 1, or above ``burst``: that many never are.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: they were counted, or not.

        Atomicity: one step, by the server's clock.
        Cost: 1 round trip, O(1).

        Example:
            >>> limiter = root().get("limits.ada").as_rate_limiter(1, per=60)
            >>> limiter.check().remaining
            0
            >>> try:
            ...     _ = limiter.check()
            ... except RateLimited as error:
            ...     59 < error.retry_after <= 60
            True
        """
        found = yield from self._hit(self._args(count))
        if not found.allowed:
            raise RateLimited(
                f"the limit of {self.key()!r} is reached ({self._said()}); try again in {found.retry_after:.3f} s",
                path=self.key(),
                retry_after=found.retry_after,
            )
        return found

    @operation(idempotent=False, one_step=False)
    def wait(self, timeout: float | None = None, count: int = 1) -> Op[Decision]:
        """Ask to be let through, and wait until it is.

        It sleeps for as long as it has to, and asks again; with others who wait, perhaps several times, and in no
        order. One that is cancelled while it sleeps uses nothing up. (While it asks, perhaps.)

        Args:
            timeout: For how many seconds; ``None`` for no limit, 0 for one try.
            count: How many come together.

        Raises:
            WaitTimeout: It would not have been let through in time; that is told at once. (A ``TimeoutError``.)
            TypeError: An argument is no number.
            ValueError: ``timeout`` is negative; ``count`` is below 1, or above ``burst``: that many never are.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            PipelineMisused: It would have to wait, in a pipeline.
            OutcomeUnknown: The connection was cut on the way: they were counted, or not.

        Atomicity: one step lets it through, by the server's clock.
        Cost: 1 round trip where it need not wait; else one more for each time that it asks again.

        Example:
            >>> limiter = root().get("limits.mail").as_rate_limiter(100, burst=1)
            >>> [limiter.wait(timeout=5).allowed for _ in range(3)]
            [True, True, True]
        """
        patience, args = check_timeout(timeout), self._args(count)
        end = None if patience is None else monotonic() + patience
        while True:
            found = yield from self._hit(args)
            if found.allowed:
                return found
            if end is not None and monotonic() + found.retry_after > end:
                raise WaitTimeout(
                    f"the limit of {self.key()!r} is reached ({self._said()}): it would be let through in "
                    f"{found.retry_after:.3f} s, which is not in time ({timeout} s)",
                    path=self.key(),
                    timeout=timeout,
                )
            if self._place._batched:
                raise PipelineMisused(
                    f"{self.key()!r} lets nothing through just now, and a pipeline cannot wait; nothing was counted. "
                    "Ask for one try (timeout=0), or outside of the pipeline"
                )
            yield (Sleep(found.retry_after),)

    @operation(idempotent=True)
    def peek(self, count: int = 1) -> Op[Decision]:
        """Tell what would become of a hit; none is counted.

        Args:
            count: How many would come together.

        Returns:
            As for ``hit``; ``remaining`` and ``reset_after`` are as it stands.

        Raises:
            TypeError: ``count`` is no integer.
            ValueError: ``count`` is below 1, or above ``burst``: that many never are.
            WrongType: The place holds something else.

        Atomicity: one step. It may be otherwise when the answer arrives.
        Cost: 1 round trip, O(1).

        Example:
            >>> limiter = root().get("limits.ada").as_rate_limiter(3, per=60)
            >>> limiter.peek()
            Decision(allowed=True, remaining=3, retry_after=0.0, reset_after=0.0)
        """
        return _decision((yield from self._run_reading("rate_limiter_look", *self._args(count))))

    @operation(idempotent=True)
    def reset(self) -> Op[None]:
        """Forget what has come: as many as ``burst`` are let through at once again. The same as ``clear()``.

        Raises:
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        yield from self._run_writing("clear")

    @operation(idempotent=True)
    def length(self) -> Op[int]:  # pyright: ignore[reportIncompatibleVariableOverride]  # it counts otherwise
        """Count how many fewer than ``burst`` would be let through just now: 0 where nothing is remembered.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step. The number may be another when it arrives.
        Cost: 1 round trip, O(1).
        """
        return self.burst - _decision((yield from self._run_reading("rate_limiter_look", *self._args(1)))).remaining

    def _hit(self, args: tuple[str, ...]) -> Op[Decision]:
        return _decision((yield from self._run_writing("rate_limiter_hit", *args)))

    def _args(self, count: int) -> tuple[str, ...]:
        return (*self._rate, str(_count(count, "count", self.burst)))

    def _said(self) -> str:
        return f"{self.rate!r} per {self.per!r} s, {self.burst} at once"


def _decision(reply: Any) -> Decision:
    allowed, remaining, retry_us, reset_us, _ = reply
    return Decision(bool(allowed), int(remaining), retry_us / MICROSECONDS, reset_us / MICROSECONDS)


def _number(value: object, what: str) -> Fraction:
    """Check a number, and take a float for the decimal that it is written as: 0.1 is a tenth."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what} is a number, not {value!r}")
    if not 0 < value < math.inf:  # also refuses NaN
        raise ValueError(f"{what} is above 0 and finite, not {value!r}")
    return Fraction(str(value))


def _count(number: object, what: str, most: int) -> int:
    """Check a number of hits."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{what} is an integer, not {number!r}")
    if number < 1:
        raise ValueError(f"{what} is at least 1, not {number}")
    if number > most:
        raise ValueError(f"{what} is at most {most} here, not {number}: so many are never let through at once")
    return number


class RateLimiter(RateLimiterOperations, SyncLeaf):
    """A rate limiter that processes share, as ``as_rate_limiter()`` opens it: GCRA, a leaky bucket in one number.

    ``rate`` are let through in ``per`` seconds, evenly: after a burst one comes back every ``per / rate`` seconds, not
    all at the turn of a period. In any stretch of ``t`` seconds no more than ``burst + t * rate / per`` are let
    through, whoever asks. What is refused uses nothing up. ``retry_after`` is exact: a microsecond sooner it is refused
    again.

    The clock is the server's. Should it be set back, or a standby's be behind, it is as if all of the burst had just
    been used; should it jump ahead, as if nothing had.

    A place that nobody has used for so long that it does not matter is not there: it takes no memory. An ``expire()``
    on it only makes that later.

    Example:
        >>> limiter = root().get("limits.ada").as_rate_limiter(2, per=60)
        >>> limiter.hit(), limiter.hit().allowed, limiter.hit().allowed
        (Decision(allowed=True, remaining=1, retry_after=0.0, reset_after=30.0), True, False)
        >>> 29 < limiter.peek().retry_after <= 30
        True
        >>> limiter.reset()
        >>> root().val()
        {}
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return True  # what is left is asked by name


class AsyncRateLimiter(RateLimiterOperations, AsyncLeaf):
    """A rate limiter that processes share, for asyncio: the same names as ``RateLimiter``, awaited.

    Example:
        >>> limiter = aio.root().get("limits.ada").as_rate_limiter(1, per=60)
        >>> (await limiter.hit()).allowed, (await limiter.hit()).allowed
        (True, False)
        >>> await limiter.wait(timeout=1)
        Traceback (most recent call last):
        ...
        redicts.errors.WaitTimeout: ...
    """

    __slots__ = ()


class QueuedRateLimiter(RateLimiterOperations, QueuedLeaf):
    """A rate limiter that processes share, as a pipeline sees it. It cannot wait there: that is a ``PipelineMisused``.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     asked = [pipe.proxy("limits").get(name).as_rate_limiter(2).hit() for name in ("ada", "bob")]
        >>> [each.result.remaining for each in asked]
        [1, 1]
    """

    __slots__ = ()
