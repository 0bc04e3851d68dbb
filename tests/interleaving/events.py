"""All that can happen next: steps of owners, what arrives late, time, and what may go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redicts.locks.keeping as keeping
from redicts.core.effects import Block, Commit, Conflict, Eval, Sleep
from redicts.locks.holding import Context, Holding
from redicts.locks.owners import process
from tests.interleaving.owners import SPACE
from tests.interleaving.steps import carry_out, own_steps, spell
from tests.interleaving.world import DEAD, FAULTS, LATE, Cast, Move, Renewing, World, replaced

__all__ = ["moves"]


def moves(cast: Cast, world: World) -> list[Move]:
    """List what may happen next. Time passes by itself only where nobody has anything to do."""
    steps = [move for i in range(len(world.states)) for move in own_steps(cast, world, i)]
    steps += landings(cast, world)
    idle = not steps
    more = [*faults(cast, world), *jumps(cast, world), *renewals(cast, world)]
    if idle and (passed := time_passes(cast, world)) is not None:
        more.append(passed)
    return [*steps, *more]


def landings(cast: Cast, world: World) -> Iterator[Move]:
    """Give what was sent earlier and arrives: renewals, and transactions whose connection is lost."""
    for renewing in world.renewing:
        after = world.clone()
        after.renewing = tuple([other for other in world.renewing if other is not renewing])
        held = renewed(cast, after, renewing)
        yield Move(f"renewal for {cast.scenario.owners[renewing.owner].name} arrives: {held}", after)
    for late in world.late:
        after = world.clone()
        after.late = tuple([other for other in world.late if other is not late])
        client, writes = late
        try:
            reply = after.store.perform(client, Commit(writes))
        except Conflict:
            reply = "conflict"
        yield Move(f"late commit of {cast.scenario.owners[client % LATE].name}: {reply}", after)


def renewed(cast: Cast, world: World, renewing: Renewing) -> bool:
    """Let the product's renewal run: begun when it was sent, ended now."""
    request, text, fence, valid_until = renewing.held
    context = Context(process(), request.owner)
    holding = Holding(
        place="here",
        path=request.path,
        shared=request.shared,
        owner=request.owner,
        keys=SPACE.locks(request.path),
        text=text,
        fence=fence,
        lease_ms=cast.scenario.owners[renewing.owner].lease_ms,
        valid_until=valid_until,
        context=context,
    )
    cast.clock.now_ms = renewing.sent_ms
    op = keeping.renew([holding])
    (effect,) = next(op)
    reply = world.store.perform(renewing.owner, effect)
    cast.clock.now_ms = world.mono_ms
    try:
        _ = op.send((reply,))
    except StopIteration as stop:
        return bool(stop.value[0])
    raise AssertionError("a renewal is one round trip")


def renewals(cast: Cast, world: World) -> Iterator[Move]:
    """Give the renewals that may be sent now: of what is held, as long as its release has not begun."""
    for i, left in enumerate(world.renewals):
        seen = cast.seen(world, i)
        if left and seen is not None and seen.phase == "working":
            after = world.clone()
            after.renewals = replaced(world.renewals, i, left - 1)
            after.renewing = (*world.renewing, Renewing(i, seen.held[-1], world.mono_ms))
            yield Move(f"renewal for {cast.scenario.owners[i].name} is sent", after)


def jumps(cast: Cast, world: World) -> Iterator[Move]:
    """Give the next jump of time."""
    if world.jumped < len(cast.scenario.jumps):
        server_ms, mono_ms = cast.scenario.jumps[world.jumped]
        after = world.clone()
        after.jumped += 1
        after.mono_ms += mono_ms
        after.store.pass_time(server_ms)
        yield Move(f"time: {server_ms:+} ms there, {mono_ms:+} ms here", after)


def time_passes(cast: Cast, world: World) -> Move | None:
    """Let time pass until somebody who waits has something to do; ``None`` where nobody waits."""
    waiting = [kept for kept in world.blocking if kept is not None]
    if not waiting:
        return None
    ms = min(min(kept.end_ms, kept.patience_ms) for kept in waiting) - world.mono_ms
    assert ms > 0, "somebody had something to do"
    after = world.clone()
    after.mono_ms += ms
    after.store.pass_time(ms)
    return Move(f"{ms} ms pass", after)


def faults(cast: Cast, world: World) -> Iterator[Move]:
    """Give what may go wrong now, where anything still may."""
    for i in range(len(world.states)) if world.left else ():
        effect = cast.asked(world, i)
        for kind in cast.scenario.faults if effect is not None else ():
            assert kind in FAULTS, kind
            for detail, how, after in fault(cast, world, i, kind):
                assert effect is not None
                after.left -= 1
                after.faults = (*world.faults, f"{kind} {spell(effect).split()[0]}")
                yield Move(f"{cast.scenario.owners[i].name}: {kind} at {spell(effect)}, {detail}", how(after))


def fault(cast: Cast, world: World, i: int, kind: str) -> Iterator[tuple[str, Any, World]]:
    effect = cast.asked(world, i)
    assert effect is not None
    after, under_way = world.clone(), isinstance(effect, (Block, Sleep)) and world.blocking[i] is not None
    if kind == "die":
        after.store.close(i)
        after.states, after.blocking = replaced(world.states, i, DEAD), replaced(world.blocking, i, None)
        after.arrivals = tuple([arrival for arrival in world.arrivals if arrival[0] != i])
        yield "for good", lambda world: world, after
    elif kind == "late":
        if isinstance(effect, Commit) and effect.writes:
            client = LATE * (1 + len(world.faults)) + i  # a connection of its own
            after.store.watches[client] = after.store.watches.pop(i)
            after.late = (*world.late, (client, effect.writes))
            yield "arrives later", lambda world: cast.tell(world, i, "throw", "OutcomeUnknown"), after
    elif kind == "interrupt":
        yield "not sent", lambda world: cast.tell(world, i, "throw", "KeyboardInterrupt"), after
        if not under_way:
            done = world.clone()
            _ = carry_out(done, i, effect)
            yield "carried out", lambda world: cast.tell(world, i, "throw", "KeyboardInterrupt"), done
        elif i in world.store.given:
            half = world.clone()
            half.store.close(i)
            half.blocking = replaced(world.blocking, i, None)
            yield "half read", lambda world: cast.tell(world, i, "throw", "KeyboardInterrupt"), half
    elif kind == "unknown" and (isinstance(effect, Eval) or (isinstance(effect, Commit) and effect.writes)):
        done = world.clone()
        _ = carry_out(done, i, effect)
        _ = after.store.watches.pop(i, None)
        for detail, cut in (("not carried out", after), ("carried out", done)):
            yield detail, lambda world: cast.tell(world, i, "throw", "OutcomeUnknown"), cut
    elif kind == "lost" and not (isinstance(effect, Eval) or (isinstance(effect, Block) and not effect.args)):
        after.store.close(i)
        after.blocking = replaced(world.blocking, i, None)
        error = "OutcomeUnknown" if isinstance(effect, Block) else "ConnectionLost"
        yield "connection lost", lambda world: cast.tell(world, i, "throw", error), after
