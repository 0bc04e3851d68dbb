"""``string``, as a typed leaf: text or bytes as they are, not as JSON; parts and bits of them.

May import core and its neighbours. Invariant: text is UTF-8; what is counted and cut is bytes.
"""

from __future__ import annotations

import operator
from typing import Final, SupportsIndex, TypeAlias

from redicts.core.effects import Op
from redicts.core.kinds import KINDS
from redicts.core.operation import operation
from redicts.core.place import Place
from redicts.errors import InvalidElement
from redicts.leaves.leaf import ADDS, AsyncLeaf, Leaf, QueuedLeaf, SyncLeaf
from redicts.leaves.parts.row import spell_bound

__all__ = ["AsyncString", "Bytes", "QueuedString", "String", "StringOperations"]

Bytes: TypeAlias = "str | bytes | bytearray | memoryview"
"""What can be written: text goes as UTF-8."""

LARGEST: Final = 2**29
"""How many bytes a string has at most: what a server allows if nobody told it otherwise."""


class StringOperations(Leaf[str]):
    """What a string can do.

    Unlike a container it is there with nothing in it, too: once the empty text was written.
    """

    __slots__ = ()

    KIND = KINDS["string"]
    LENGTH = "STRLEN"

    def __init__(self, place: Place) -> None:
        super().__init__(place)

    @operation(idempotent=True)
    def set(self, value: Bytes) -> Op[None]:
        """Write all of it. Its time to live stays.

        Args:
            value: Text, or bytes.

        Raises:
            TypeError: It is neither.
            InvalidElement: UTF-8 cannot carry the text (half of a surrogate pair is in it).
            ValueError: It is longer than a string can be.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(bytes).

        Example:
            >>> note = root().get("note").as_string()
            >>> note.set("tea: 3 €")
            >>> note.get(), note.length(), root().val()
            ('tea: 3 €', 10, {'note': 'tea: 3 €'})
        """
        yield from self._write(ADDS, "SET", self._bytes(value), "KEEPTTL")

    @operation(idempotent=True)
    def get(self) -> Op[str]:
        """Read it as text.

        Returns:
            The text; empty where nothing is. (Whether anything is: the place's ``exists()``.)

        Raises:
            InvalidElement: It is no UTF-8 text; ``get_bytes()`` reads it.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(bytes).
        """
        text: str = (yield from self._read("GET")) or ""
        if not text.isascii():
            try:
                _ = text.encode()  # bytes that are not UTF-8 stand as lone surrogates
            except UnicodeEncodeError:
                shown = repr(_raw(text)[:80])
                raise InvalidElement(
                    f"what is at {self.key()!r} is no UTF-8 text; get_bytes() reads it", path=self.key(), element=shown
                ) from None
        return text

    @operation(idempotent=True)
    def get_bytes(self) -> Op[bytes]:
        """Read it as bytes; empty where nothing is.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(bytes).
        """
        return _raw((yield from self._read("GET")) or "")

    @operation(idempotent=True)
    def length(self) -> Op[int]:  # pyright: ignore[reportIncompatibleVariableOverride]  # the same, of bytes
        """Count the bytes (not the characters); 0 where nothing is.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        return int((yield from self._read("STRLEN")))

    @operation(idempotent=False)
    def append(self, value: Bytes) -> Op[int]:
        """Add to its end.

        Args:
            value: Text, or bytes.

        Returns:
            How many bytes it has then.

        Raises:
            TypeError: It is neither.
            InvalidElement: UTF-8 cannot carry the text (half of a surrogate pair is in it).
            ValueError: It is longer than a string can be.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was added once, or not at all.

        Atomicity: one step.
        Cost: 1 round trip, O(what is added).

        Example:
            >>> log = root().get("log").as_string()
            >>> log.append("one;"), log.append("two;"), log.get()
            (4, 8, 'one;two;')
        """
        return int((yield from self._write(ADDS, "APPEND", self._bytes(value))))

    @operation(idempotent=True)
    def get_range(self, start: SupportsIndex | None = None, stop: SupportsIndex | None = None) -> Op[bytes]:
        """Read some of the bytes: ``[start:stop]`` of them.

        Args:
            start: Where to begin, in bytes; negative from the end; ``None``: at the beginning.
            stop: Where to end, exclusive; ``None``: at the end.

        Returns:
            Bytes, for it may begin or end within a character.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(bytes read).

        Example:
            >>> log = root().get("log").as_string()
            >>> log.set("one;two;")
            >>> log.get_range(-4), log.get_range(0, 3)
            (b'two;', b'one')
        """
        first, last = spell_bound(start), spell_bound(stop)
        if last == "":
            return _raw((yield from self._read("GETRANGE", first or "0", "-1")))
        return _raw((yield from self._run_reading("string_part", "GETRANGE", first, last)))

    @operation(idempotent=True)
    def set_range(self, offset: SupportsIndex, value: Bytes) -> Op[int]:
        """Write over some of the bytes, and beyond the end; what lies between that and ``offset`` becomes zeros.

        Args:
            offset: Where to begin, in bytes from 0.
            value: Text, or bytes. With nothing to write nothing is done.

        Returns:
            How many bytes it has then.

        Raises:
            TypeError: It is neither.
            InvalidElement: UTF-8 cannot carry the text (half of a surrogate pair is in it).
            ValueError: ``offset`` is negative, or it would be longer than a string can be.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.

        Atomicity: one step.
        Cost: 1 round trip, O(what is written, and zeros).
        """
        at, written = operator.index(offset), self._bytes(value)
        if not 0 <= at <= LARGEST - len(written):
            raise ValueError(f"'offset' is from 0 to {LARGEST}, the length of a string at most; not {at}")
        if not written:
            return int((yield from self._read("STRLEN")))
        return int((yield from self._write(ADDS, "SETRANGE", str(at), written)))

    @operation(idempotent=True)
    def get_bit(self, offset: SupportsIndex) -> Op[int]:
        """Read one bit; 0 beyond the end, and where nothing is.

        Args:
            offset: Its number from 0; the highest bit of the first byte is the first.

        Raises:
            ValueError: ``offset`` is negative, or beyond every string.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(1).
        """
        return int((yield from self._read("GETBIT", _spell_bit(offset))))

    @operation(idempotent=False)
    def set_bit(self, offset: SupportsIndex, value: SupportsIndex) -> Op[int]:
        """Write one bit; what lies between the end and it becomes zeros.

        Args:
            offset: Its number from 0; the highest bit of the first byte is the first.
            value: 0 or 1, or a ``bool``.

        Returns:
            What it was before: of several callers, one is told 0.

        Raises:
            ValueError: ``offset`` is negative, or beyond every string; or ``value`` is no bit.
            WrongType: The place holds something else.
            LockLost: A lock that this owner took has run out.
            OutcomeUnknown: The connection was cut on the way: it was written, or not.

        Atomicity: one step.
        Cost: 1 round trip, O(1), and O(zeros) beyond the end.

        Example:
            >>> days = root().get("days").as_string()
            >>> days.set_bit(9, 1), days.set_bit(9, 1), days.count_bits(), days.find_bit(1)
            (0, 1, 1, 9)
        """
        return int((yield from self._write(ADDS, "SETBIT", _spell_bit(offset), _check_bit(value))))

    @operation(idempotent=True)
    def count_bits(self, start: SupportsIndex | None = None, stop: SupportsIndex | None = None) -> Op[int]:
        """Count the bits that are 1.

        Args:
            start: Where to begin, in bytes; negative from the end; ``None``: at the beginning.
            stop: Where to end, in bytes, exclusive; ``None``: at the end.

        Raises:
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(bytes).
        """
        if start is None and stop is None:
            return int((yield from self._read("BITCOUNT")))
        return int((yield from self._run_reading("string_part", "BITCOUNT", spell_bound(start), spell_bound(stop))))

    @operation(idempotent=True)
    def find_bit(
        self, bit: SupportsIndex, start: SupportsIndex | None = None, stop: SupportsIndex | None = None
    ) -> Op[int]:
        """Find the first bit that is 0, or 1.

        Args:
            bit: Which.
            start: Where to begin, in bytes; negative from the end; ``None``: at the beginning.
            stop: Where to end, in bytes, exclusive; ``None``: at the end.

        Returns:
            Its number from the beginning of the string, from 0; -1 where there is none (as of ``str.find``).

        Raises:
            ValueError: ``bit`` is no bit.
            WrongType: The place holds something else.

        Atomicity: one step.
        Cost: 1 round trip, O(bytes).
        """
        bounds = (spell_bound(start), spell_bound(stop))
        return int((yield from self._run_reading("string_part", "BITPOS", *bounds, _check_bit(bit))))

    def _bytes(self, value: Bytes) -> bytes:
        if isinstance(value, str):
            try:
                raw = value.encode()
            except UnicodeEncodeError as error:
                raise InvalidElement(
                    f"UTF-8 cannot carry the text for {self.key()!r} ({error.reason}); nothing was written",
                    path=self.key(),
                    element=repr(value[:80]),
                ) from None
        elif isinstance(value, (bytes, bytearray, memoryview)):
            raw = bytes(value)
        else:
            raise TypeError(f"a string holds text or bytes, not {type(value).__name__}")
        if len(raw) > LARGEST:
            raise ValueError(f"too long for a string: {len(raw)} bytes, at most {LARGEST}")
        return raw


def _raw(text: str) -> bytes:
    """Give the bytes of a reply."""
    return text.encode("utf-8", "surrogateescape")


def _spell_bit(offset: SupportsIndex) -> str:
    at = operator.index(offset)
    if not 0 <= at < 8 * LARGEST:
        raise ValueError(f"'offset' is the number of a bit from 0 to {8 * LARGEST - 1}, not {at}")
    return str(at)


def _check_bit(value: SupportsIndex) -> str:
    bit = operator.index(value)
    if bit not in {0, 1}:
        raise ValueError(f"a bit is 0 or 1, not {bit}")
    return str(bit)


class String(StringOperations, SyncLeaf):
    """A text, or bytes, that processes share, as ``as_string()`` opens it.

    ``len()`` counts its bytes; ``bytes()`` reads them. Compare what is read: a handle equals itself only.

    Example:
        >>> log = root().get("log").as_string()
        >>> log += "one;"
        >>> log += b"two;"
        >>> log.get(), bytes(log), len(log)
        ('one;two;', b'one;two;', 8)
        >>> root().val()
        {'log': 'one;two;'}
    """

    __slots__ = ()

    def __len__(self) -> int:
        return self.length()

    def __bytes__(self) -> bytes:
        return self.get_bytes()

    def __iadd__(self, value: Bytes) -> String:  # noqa: PYI034  # typing.Self came with Python 3.11
        if not isinstance(value, (str, bytes, bytearray, memoryview)):
            return NotImplemented
        _ = self.append(value)
        return self


class AsyncString(StringOperations, AsyncLeaf):
    """A text, or bytes, that processes share, for asyncio: every operation is awaited.

    Example:
        >>> log = aio.root().get("log").as_string()
        >>> await log.append("one;"), await log.get()
        (4, 'one;')
    """

    __slots__ = ()


class QueuedString(StringOperations, QueuedLeaf):
    """A text, or bytes, that processes share, as a pipeline sees it.

    Example:
        >>> with redicts.pipeline() as pipe:
        ...     log = pipe.proxy("log").as_string()
        ...     _ = log.append("one;")
        ...     text = log.get()
        >>> text.result
        'one;'
    """

    __slots__ = ()
