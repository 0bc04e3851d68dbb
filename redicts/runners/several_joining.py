"""The making of a connection in a thread of its own, so that nobody waits for a server that hangs.

May import redis only.
"""

from __future__ import annotations

import os
import socket
from _thread import start_new_thread
from collections.abc import Callable
from threading import Lock
from typing import Any

__all__ = ["Joining"]


class Joining:
    """The making of a connection, in a thread of its own, which sends what was asked meanwhile.

    Args:
        connection: Not connected yet.
        check: Looks at it when it is.

    Attributes:
        error: What it failed with.
        finished: Whether it is through.
        sent: Whether what was asked may have been sent.
    """

    def __init__(self, connection: Any, check: Callable[[Any], None]) -> None:
        self.error: Exception | None = None
        self.finished = self.sent = False
        self._connection = connection
        self._check = check
        self._packed: list[bytes] = []
        self._lock = Lock()
        self._given_up = False
        self._pid = os.getpid()
        # Numbers: objects would complain of not being closed when they and what closes them are garbage in one.
        self._signal, self._end = [end.detach() for end in socket.socketpair()]

    def begin(self) -> None:
        """Start the thread."""
        try:
            # Not threading.Thread, which waits until the thread runs: on a busy machine that takes its time.
            _ = start_new_thread(self._connect, ())
        except BaseException:
            self._hang_up()
            raise

    def __del__(self) -> None:
        """Close what nobody looks at any more."""
        self.close()

    def fileno(self) -> int:
        """Give what can be read from as soon as it is through."""
        return self._signal

    def send(self, packed: list[bytes]) -> bool:
        """Have something sent when there is a connection; false where it is through already."""
        with self._lock:
            if not self.finished:
                self._packed += packed
            return not self.finished

    def give_up(self) -> None:
        """Wait for it no longer: a connection that comes is closed."""
        if self._pid != os.getpid():
            self.close()  # this is a copy: the thread is the parent's, and may have held the lock
            return
        with self._lock:
            self._given_up = True
            finished = self.finished
        self.close()
        if finished:
            self._connection.disconnect()

    def close(self) -> None:
        """Leave the connection to who waited for it."""
        number, self._signal = self._signal, -1
        if number != -1:
            socket.close(number)

    def _hang_up(self) -> None:
        """Tell who waits that it is through."""
        number, self._end = self._end, -1
        if number != -1:
            socket.close(number)

    def _connect(self) -> None:
        connection = self._connection
        try:
            connection.connect()
            self._check(connection)
        except Exception as error:  # noqa: BLE001  # told to who waits
            self.error = error
        with self._lock:
            try:
                if self.error is None and not self._given_up and self._packed:
                    self.sent = True
                    connection.send_packed_command(self._packed, check_health=False)
            except Exception as error:  # noqa: BLE001  # likewise
                self.error = error
            self.finished = True
            if self.error is not None or self._given_up:
                connection.disconnect()
        self._hang_up()
