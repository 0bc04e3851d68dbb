"""Queued operations, against redis-py's pipeline of the same commands; and how many round trips they take."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import redis

import redicts
from benchmarks.measure import Figures, Pair
from benchmarks.registry import row
from benchmarks.stage import Stage
from redicts import Proxy, aio
from redicts.core.effects import Command, Op
from redicts.faces.queued import QueuedProxy
from redicts.runners.packing import command_of
from redicts.tree.operations import TreeOperations
from tests.support.chaos import ChaosProxy

COUNT = 200
DEPTH = 5
VALUE = "hello world"
SAME = "r.pipeline(transaction=False): evalsha() of the same"

Queue = Callable[[QueuedProxy], object]


@row(f"{COUNT} queued add()", SAME, 1.25)
def add(stage: Stage) -> Pair:
    commands = [command for place in _places() for command in _commands(TreeOperations.add(place))]
    return Pair(raw=_raw(stage, commands), ours=_ours(lambda place: place.add()))


@row(f"{COUNT} queued set()", f"{SAME}, json.dumps(v)", 1.25)
def set_scalar(stage: Stage) -> Pair:
    commands = [command for place in _places() for command in _commands(TreeOperations.store(place, (), VALUE))]
    raw = stage.raw

    def theirs() -> None:
        pipe = raw.pipeline(transaction=False)
        for command in commands:
            pipe.evalsha(*command[1:-2], json.dumps(VALUE), command[-1])
        pipe.execute()

    return Pair(raw=theirs, ours=_ours(lambda place: place.set((), VALUE)))


@row(f"{COUNT} queued val()", f"{SAME}, json.loads() of each", 1.25)
def val(stage: Stage) -> Pair:
    with redicts.pipeline() as pipe:  # queued, it is one script; alone, one HGET
        queued = [place.using(pipe) for place in _places()]
        commands = [command for place in queued for command in _commands(TreeOperations.val(place))]
    return Pair(raw=_raw(stage, commands, json.loads), ours=_ours(lambda place: place.val()))


@row(f"{COUNT} queued set(), against SET", "r.pipeline(transaction=False): set(k, json.dumps(v))")
def set_against_set(stage: Stage) -> Pair:
    raw = stage.raw

    def theirs() -> None:
        pipe = raw.pipeline(transaction=False)
        for number in range(COUNT):
            pipe.set(f"k{number}", json.dumps(VALUE))
        pipe.execute()

    return Pair(raw=theirs, ours=_ours(lambda place: place.set((), VALUE)))


@row(f"{COUNT} queued add(), {DEPTH} blocks deep", SAME, 1.5)
def nested(stage: Stage) -> Pair:
    places = _places()
    commands = [command for place in places for command in _commands(TreeOperations.add(place))]
    each = COUNT // DEPTH

    def block(pipe: redicts.Pipeline | None, depth: int) -> None:
        with redicts.pipeline(pipe) as inner:
            for place in places[depth * each : (depth + 1) * each]:
                place.using(inner).add()
            if depth + 1 < DEPTH:
                block(inner, depth + 1)

    block(None, 0)
    return Pair(raw=_raw(stage, commands), ours=lambda: block(None, 0))


@row(f"{COUNT} queued add(), asyncio", "redis.asyncio's pipeline: evalsha() of the same", 1.25)
def add_async(stage: Stage) -> Pair:
    paths = _paths()
    commands = [command for place in _places() for command in _commands(TreeOperations.add(place))]
    places = [aio.Proxy(path) for path in paths]
    raw = stage.raw_async

    async def theirs() -> None:
        pipe = raw.pipeline(transaction=False)
        for command in commands:
            pipe.evalsha(*command[1:])
        await pipe.execute()

    async def ours() -> None:
        async with aio.pipeline() as pipe:
            for place in places:
                place.using(pipe).add()

    stage.burst(ours, 1)()
    return Pair(raw=stage.burst(theirs, 1), ours=stage.burst(ours, 1))


@row(f"{COUNT} queued add(): round trips", "one by one", 1, held="ours", unit="n")
def trips(stage: Stage) -> Figures:
    return _counted(stage, lambda chaos: chaos.round_trips)


@row(f"{COUNT} queued add(): commands", "one by one", COUNT, held="ours", unit="n")
def sent(stage: Stage) -> Figures:
    return _counted(stage, lambda chaos: len(chaos.commands))


def _paths() -> list[tuple[str, ...]]:
    return [("app", f"user{number % 20}", f"hits{number}") for number in range(COUNT)]


def _places() -> list[Proxy]:
    places = [Proxy(path) for path in _paths()]
    for place in places:
        place.set((), 1)
    return places


def _commands(op: Op[Any]) -> list[Command]:
    commands = [command_of(effect) for effect in next(op)]
    op.close()
    return commands


def _ours(queue: Queue) -> Callable[[], None]:
    places = _places()

    def ours() -> None:
        with redicts.pipeline() as pipe:
            for place in places:
                queue(place.using(pipe))

    ours()  # now the server knows the scripts, for both
    return ours


def _raw(
    stage: Stage, commands: Sequence[Command], decode: Callable[[str], object] | None = None
) -> Callable[[], None]:
    raw = stage.raw

    def theirs() -> None:
        pipe = raw.pipeline(transaction=False)
        for command in commands:
            pipe.evalsha(*command[1:])
        replies = pipe.execute()
        if decode is not None:
            for reply in replies:
                decode(reply)

    return theirs


def _counted(stage: Stage, count: Callable[[ChaosProxy], int]) -> Figures:
    """Count at the socket: what single calls come to, and what a pipeline does."""
    with ChaosProxy((stage.server.host, stage.server.port)) as chaos:
        client = redis.Redis(host=chaos.host, port=chaos.port)
        places = [Proxy(path, rconn=client) for path in _paths()]
        with redicts.pipeline() as pipe:
            for place in places:
                place.using(pipe).add()
        figures = []
        for together in (False, True):
            chaos.reset()
            if together:
                with redicts.pipeline() as pipe:
                    for place in places:
                        place.using(pipe).add()
            else:
                for place in places:
                    place.add()
            figures.append(float(count(chaos)))
        client.close()
    return Figures(*figures)
