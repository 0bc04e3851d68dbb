"""What an iteration over a hash or a set has come by. Imports nothing of redicts."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

__all__ = ["FEW", "Seen"]

FEW: Final = 32_000
"""Of how many texts the iteration keeps the texts themselves."""

_BUCKETS: Final = 1 << 14
_SIZE: Final = 16


class Seen:
    """The texts that an iteration has come by: the first ones as they are, then 16 bytes for each, a digest of it.

    A hash or set that shrinks meanwhile may give one twice.
    """

    __slots__ = ("_few", "_many")

    def __init__(self) -> None:
        self._few: set[str] | None = set()
        self._many: list[bytearray] = []

    def add(self, text: str) -> bool:
        """Note a text. Whether it is new."""
        if self._few is not None:
            if text in self._few:
                return False
            self._few.add(text)
            if len(self._few) >= FEW:
                few, self._few = self._few, None
                self._many = [bytearray() for _ in range(_BUCKETS)]
                for each in few:
                    _ = self.add(each)
            return True
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_SIZE).digest()
        bucket = self._many[int.from_bytes(digest[:4], "little") % _BUCKETS]
        at = bucket.find(digest)
        while at % _SIZE and at > 0:  # across two of them
            at = bucket.find(digest, at + 1)
        if at >= 0:
            return False
        bucket += digest
        return True
