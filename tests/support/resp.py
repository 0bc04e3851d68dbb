"""Reads the commands out of a stream of RESP requests (arrays of bulk strings), however it is cut into pieces."""

from __future__ import annotations

__all__ = ["RequestParser", "pack"]


class RequestParser:
    """Feed it bytes, get whole commands."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[list[bytes]]:
        """Take the next bytes and return the commands that are complete now.

        Raises:
            ValueError: These bytes are no array of bulk strings.
        """
        self._rest += data
        commands = []
        while (found := self._command()) is not None:
            command, end = found
            self._rest = self._rest[end:]
            commands.append(command)
        return commands

    def _command(self) -> tuple[list[bytes], int] | None:
        header = self._number(b"*", 0)
        if header is None:
            return None
        count, at = header
        arguments = []
        for _ in range(count):
            size = self._number(b"$", at)
            if size is None or len(self._rest) < size[1] + size[0] + 2:
                return None
            length, at = size
            arguments.append(self._rest[at : at + length])
            at += length + 2
        return arguments, at

    def _number(self, kind: bytes, at: int) -> tuple[int, int] | None:
        end = self._rest.find(b"\r\n", at)
        if end < 0:
            return None
        line = self._rest[at:end]
        if not line.startswith(kind):
            raise ValueError(f"expected {kind!r} in a request, found {line[:40]!r}")
        return int(line[1:]), end + 2


def pack(*arguments: bytes) -> bytes:
    """Return a command as it goes over the wire."""
    parts = [b"*%d\r\n" % len(arguments)]
    parts += [b"$%d\r\n%b\r\n" % (len(argument), argument) for argument in arguments]
    return b"".join(parts)
