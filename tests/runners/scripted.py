"""A server that says what it is told to say: for replies that a real one gives only in rare moments."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.support.resp import RequestParser

__all__ = ["ScriptedServer"]


class ScriptedServer:
    """Answers each command by name; what it was not told of, with ``+OK``.

    Args:
        replies: Command -> its replies in turn; the last one stays.
    """

    def __init__(self, replies: dict[bytes, list[bytes]]) -> None:
        self.replies = replies
        self.commands: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._listener]
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """End all connections and threads."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        parser = RequestParser()
        with contextlib.suppress(OSError):
            while data := connection.recv(65536):
                for command in parser.feed(data):
                    self.commands.append(command[0])
                    said = self.replies.get(command[0], [b"+OK\r\n"])
                    connection.sendall(said.pop(0) if len(said) > 1 else said[0])
