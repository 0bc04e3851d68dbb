"""Making what stands at a place something else: plain JSON a typed leaf, and back.

What goes over is what ``val()`` shows. It is read, spelled anew, and put in its place by one script, if nobody came
between: values never pass through a JSON library on the server.

May import core, errors and its neighbours. Invariant: what would lose anything is refused, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from redicts.core.codec import EXPIRING, NODE, TYPED, Json, decode, encode, encode_canonical, encode_document
from redicts.core.effects import Argument, Op
from redicts.core.guarded import guards_of, run_guarded
from redicts.core.keys import BODY
from redicts.core.kinds import KINDS, Kind
from redicts.core.operation import operation
from redicts.core.paths import dotted
from redicts.core.place import Place
from redicts.core.scripts import load
from redicts.errors import InvalidElement, WrongType
from redicts.tree.contents import has_dict, is_count

__all__ = ["Converting"]

JSON: Final = "json"
"""What plain JSON is called where it is asked for."""

NOTHING_TO_DO, DONE = 0, 1
"""What the script answers first; anything else: it has looked, and says what is there."""


class Converting(Place):
    """What can be made of a place without changing its value."""

    __slots__ = ()

    @operation(idempotent=False, one_step=False)
    def convert(self, kind: str) -> Op[bool]:
        """Make a typed leaf of what is here, or plain JSON. The time to live stays.

        =======================================  =====================================================================
        to                                       from
        =======================================  =====================================================================
        ``list``, ``deque``, the queues          an array, or any leaf that ``val()`` shows as one
        ``set``                                  the same, where no element is there twice, and none is a dict
        ``priority_queue``                       an array of pairs: priority and value
        ``sorted_set``                           an array of pairs: member and score; a dict
        ``dict``                                 an array of pairs: key and value; a dict
        ``counter``                              the same, where the values are whole numbers
        ``string``                               text
        ``json``                                 any typed leaf: what ``val()`` shows; a dict becomes a node
        =======================================  =====================================================================

        Nothing is lost without a word: what does not fit is refused. (What goes of a reliable queue is who has taken
        what, and how often.) Of an empty array or dict nothing is left: the place is open as a leaf with nothing in it,
        which is not there.

        Args:
            kind: A name as ``kind()`` gives it for typed leaves, or ``"json"``.

        Returns:
            Whether anything was converted; ``False`` where it is of that kind already, and where nothing is.

        Raises:
            ValueError: There is no such kind, or it is none that holds JSON, as a Bloom filter.
            WrongType: What is here cannot become one; it was left alone.
            InvalidElement: Something in it cannot be in one; it was left alone. (A ``ValueError``.)
            PathError: It would be a node with a name that cannot be one; or it is the root.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was converted, or not.

        Atomicity: optimistic: reads, and puts in its place if nobody came between, else again. Between lists, deques
            and queues one step.
        Cost: 2 round trips, and 1 more for each time somebody came between; 1 between lists, deques and queues, and
            where there is nothing to do. O(what is converted).

        Example:
            >>> todo = root().set("todo", ["tea", "cups"]).get("todo")
            >>> todo.convert("list"), todo.kind(), todo.val()
            (True, 'list', ['tea', 'cups'])
            >>> todo.as_list().append("pot")
            >>> todo.convert("json"), todo.kind(), todo.val()
            (True, 'leaf', ['tea', 'cups', 'pot'])
        """
        self._not_root(self._path, "converted")
        if kind != JSON and kind not in _CONTAINERS:
            there = f"a {kind} cannot be made of JSON" if kind in KINDS else f"there is no kind {kind!r}"
            raise ValueError(f"{there}; there are {', '.join(_CONTAINERS)}, and {JSON} for plain JSON")
        entry, guards = self._space.entry(self._path), guards_of(self, (self._path,))
        wanted = EXPIRING if kind == JSON else KINDS[kind].marker
        found, text, filling = "", "", list[Argument]()
        while True:
            args: list[Argument] = [entry.field, wanted, found, text, *filling]
            script = load("redicts.tree", "convert")
            state, *seen = yield from run_guarded(self, script, (self._path,), (entry.key,), args, guards)
            if state in {NOTHING_TO_DO, DONE}:
                return bool(state)
            found, text, lost, moment = seen
            known = KINDS.get(found[1:]) if found.startswith(TYPED) else None
            if lost or (known and not known.is_container):  # what it shows of an unknown one is no JSON
                raise self._would_lose(found, kind, lost)
            filling = self._filling(kind, found, decode(text), int(moment))

    def _filling(self, kind: str, found: str, value: Json, moment_us: int) -> list[Argument]:
        """Spell a value as what a place is converted to."""
        if kind == JSON:
            return [*encode_document(value, self._path)]
        try:
            return [*_FITS[KINDS[kind].snapshot](KINDS[kind], value, moment_us)]
        except _Unfit as unfit:
            place = dotted(self._path)
            if unfit.element is None:
                raise WrongType(
                    f"{place!r} holds {_named(found)} that cannot become a {kind}: {unfit}; it was left alone",
                    path=place,
                    expected=kind,
                    found=_kind_of(found),
                ) from None
            raise InvalidElement(
                f"{place!r} cannot become a {kind}: {unfit}; it was left alone", path=place, element=unfit.element
            ) from None

    def _would_lose(self, found: str, kind: str, lost: str) -> WrongType:
        place, why = dotted(self._path), "it is not UTF-8 text; read it with as_string()"
        if not lost:
            why = "val() shows an account of it, not what it is"
        elif found == NODE:
            letter, below = self._space.parse_key(lost) or ("", ())
            what = "is a typed leaf, or expires by itself" if letter == BODY else "expires by itself"
            why = f"{dotted(below)!r} below it {what}: convert that to plain JSON, or persist() it, first"
        elif KINDS[found.removeprefix(TYPED)].snapshot == "items":
            why = "some of its keys expire by themselves"
        return WrongType(
            f"{place!r} holds {_named(found)} that would lose something as {kind}: {why}; it was left alone",
            path=place,
            expected=kind,
            found=_kind_of(found),
        )


_CONTAINERS: Final = [kind.name for kind in KINDS.values() if kind.is_container]


class _Unfit(Exception):
    """A value cannot be converted. ``element``: what in it is the reason; ``None``: its form."""

    def __init__(self, why: str, element: str | None = None) -> None:
        super().__init__(why)
        self.element = element


def _kind_of(marker: str) -> str:
    return {NODE: "node", EXPIRING: "leaf"}.get(marker, marker.removeprefix(TYPED))


def _named(marker: str) -> str:
    return {NODE: "a node", EXPIRING: "a JSON value"}.get(marker, f"a {marker.removeprefix(TYPED)}")


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}..."


def _array(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise _Unfit(f"{_short(encode(value))} is no array")
    return value


def _elements(kind: Kind, value: Json, moment_us: int) -> Iterator[str]:  # noqa: ARG001  # as the others
    texts = [encode_canonical(each) for each in _array(value)]
    if kind.redis_type == "set":
        _check_hashable(_array(value))
        _check_unique(texts)
    if texts:
        yield "SADD" if kind.redis_type == "set" else "RPUSH"
        yield from texts


def _items(kind: Kind, value: Json, moment_us: int) -> Iterator[str]:  # noqa: ARG001  # as the others
    pairs = _pairs(value)
    for _, count in pairs if kind.name == "counter" else ():
        if not is_count(count):
            raise _Unfit(f"{_short(encode(count))} is no integer of 64 bits", _short(encode(count)))
    if pairs:
        yield "HSET"
        for key, each in pairs:
            yield from (encode_canonical(key), encode_canonical(each))


def _scores(kind: Kind, value: Json, moment_us: int) -> Iterator[str]:  # noqa: ARG001  # as the others
    pairs = _pairs(value)
    if pairs:
        yield "ZADD"
        for score, member in _checked_scores([(score, member) for member, score in pairs]):
            yield from (_score(score), encode_canonical(member))


def _members(kind: Kind, value: Json, moment_us: int) -> Iterator[str]:
    """Number them as the scripts of these kinds do: from the time on, so that no other has, or had, such a number."""
    if not _array(value):
        return
    yield "ZADD"
    if kind.name == "priority_queue":
        for pair in value:
            _check_pair(pair)
        for number, (priority, each) in enumerate(_checked_scores(value), moment_us):
            yield from (_score(priority), f"{number:016x} {encode_canonical([priority, each])}")
    else:
        for number, each in enumerate(value, moment_us):
            yield from ("0", f"{number:014x}00000.0 {encode_canonical(each)}")


def _text(kind: Kind, value: Json, moment_us: int) -> Iterator[str]:  # noqa: ARG001  # as the others
    if not isinstance(value, str):
        raise _Unfit(f"{_short(encode(value))} is no text")
    try:
        _ = value.encode()
    except UnicodeEncodeError:
        raise _Unfit("UTF-8 cannot carry half of a surrogate pair", _short(encode(value))) from None
    yield from ("SET", value)


def _pairs(value: Json) -> list[tuple[Json, Json]]:
    """Give the keys and values of an object, or of an array of pairs; no key is there twice."""
    if isinstance(value, dict):
        return list(value.items())
    pairs = _array(value)
    for pair in pairs:
        _check_pair(pair)
    keys = [key for key, _ in pairs]
    _check_hashable(keys)
    _check_unique([encode_canonical(key) for key in keys])
    return [(key, each) for key, each in pairs]


def _check_hashable(values: Iterable[Json]) -> None:
    for value in values:
        if has_dict(value):
            raise _Unfit(f"{_short(encode(value))} is not hashable", _short(encode(value)))


def _check_unique(texts: list[str]) -> None:
    if len(set(texts)) == len(texts):
        return
    seen = set[str]()
    for text in texts:
        if text in seen:
            raise _Unfit(f"{_short(text)} is there twice", _short(text))
        seen.add(text)


def _check_pair(pair: Json) -> None:
    if not isinstance(pair, list) or len(pair) != 2:
        raise _Unfit(f"{_short(encode(pair))} in it is no pair", _short(encode(pair)))


def _checked_scores(pairs: Iterable[Sequence[Json]]) -> Iterator[tuple[float, Json]]:
    """Give pairs of a score and something else, where each score is a number that a float can hold."""
    for score, other in pairs:
        if isinstance(score, bool) or not isinstance(score, (int, float)):
            raise _Unfit(f"{_short(encode(score))} is no number", _short(encode(score)))
        try:
            exact = float(score) == score
        except OverflowError:
            exact = False
        if not exact:
            raise _Unfit(f"{_short(encode(score))} is no score: a float cannot hold it", _short(encode(score)))
        yield score, other


def _score(number: float) -> str:
    return repr(float(number) + 0.0)  # -0.0 is 0.0


_FITS: Final[dict[str, Callable[[Kind, Json, int], Iterator[str]]]] = {
    "elements": _elements,
    "items": _items,
    "members": _members,
    "scores": _scores,
    "text": _text,
}
"""By the form of the snapshot."""
