"""A TCP proxy between client and server that counts what passes and breaks it on demand.

One thread for each connection forwards both directions, so what is counted and what is cut has one order. A **cut**
closes the server's side first and waits until the server is through with what it got; only then the client sees the
end. So when a test learns of the cut, the server's state has settled, and asking it is no race.

A **round trip** is a burst of the client followed by a reply. Before a reply is handed on, the proxy looks for more of
the client's bytes for a moment (``settle_seconds``): bytes sent before the reply was seen belong to the same burst.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from typing_extensions import Self

from tests.support.chaos_link import Link

__all__ = ["ChaosProxy"]


class ChaosProxy:
    """The proxy. Faults are set on it at any time and hold for all its connections.

    A cut happens once, to the connection that reaches its limit; later connections work again, so a client's healing
    can be seen. ``heal`` takes back every fault.

    Args:
        upstream: The server's (host, port).
        settle_seconds: How long a reply is held to see whether the client's burst goes on.

    Attributes:
        port: Where the proxy listens, on 127.0.0.1.
        commands: The commands that passed whole, each as the list of its arguments.
        round_trips: Bursts of clients that were followed by a reply.
        request_bytes: All bytes forwarded to the server.
        reply_bytes: All bytes forwarded to clients.
        connections: How many were accepted.
        cuts: How many times a cut happened.
    """

    host = "127.0.0.1"

    def __init__(self, upstream: tuple[str, int], settle_seconds: float = 0.001) -> None:
        self.upstream = upstream
        self.settle_seconds = settle_seconds
        self.lock = threading.Lock()
        # The holder keeps the port while nobody listens on it: then connections are refused by the system itself.
        self._holder = _bound_socket(0)
        self.port: int = self._holder.getsockname()[1]
        self._listener: socket.socket | None = None
        self._links: set[Link] = set()
        self._threads: list[threading.Thread] = []
        self.flowing_requests = threading.Event()
        self.flowing_replies = threading.Event()
        self.reset()
        self.heal()

    # -- counts --------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Set all counts back; a test does so once its client is connected."""
        with self.lock:
            self.commands: list[list[bytes]] = []
            self.round_trips = 0
            self.request_bytes = bytearray()
            self.reply_bytes = bytearray()
            self.connections = 0
            self.cuts = 0

    @property
    def command_names(self) -> list[str]:
        """The names of the commands that passed, in capitals."""
        return [command[0].decode().upper() for command in self.commands]

    # -- faults --------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Take back every fault: accept, forward, at once."""
        self.request_limit: int | None = None
        self.reply_limit: int | None = None
        self.delay_seconds = 0.0
        self.reset_connection = False
        self.resume()
        self.accept()

    def cut_after_requests(self, count: int, reset: bool = False) -> None:
        """Cut once ``count`` more bytes of requests have reached the server; the byte after them never does.

        Args:
            count: 0 cuts at the first byte. As many as a command has: it is carried out, its reply is lost.
            reset: The client sees a reset (ECONNRESET), not an orderly end.
        """
        self.reset_connection = reset
        self.request_limit = count

    def cut_after_replies(self, count: int, reset: bool = False) -> None:
        """Cut once ``count`` more bytes of replies have reached the client, as ``cut_after_requests``."""
        self.reset_connection = reset
        self.reply_limit = count

    def cut_before_reply(self, reset: bool = False) -> None:
        """Let the next request through whole and cut when its reply comes: carried out, outcome unknown."""
        self.cut_after_replies(0, reset)

    def cut(self) -> None:
        """Cut all connections now."""
        with self.lock:
            links = list(self._links)
        for link in links:
            link.cut_asked.set()
        for link in links:
            link.ended.wait(10)

    def refuse(self) -> None:
        """Refuse new connections (ECONNREFUSED) and cut those there are, as if the server were gone."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut()

    def accept(self) -> None:
        """Accept connections (again)."""
        if self._listener is None:
            self._listener = _bound_socket(self.port)
            self._listener.listen(128)
            self._spawn(self._accept_all, self._listener)

    def delay(self, seconds: float) -> None:
        """Hold each reply for so long."""
        self.delay_seconds = seconds

    def hang(self, requests: bool = True, replies: bool = True) -> None:
        """Forward nothing, without closing anything, until ``resume``.

        Args:
            requests: Hold what clients send.
            replies: Hold what the server answers; alone: commands are carried out and their replies are held.
        """
        if requests:
            self.flowing_requests.clear()
        if replies:
            self.flowing_replies.clear()

    def resume(self) -> None:
        """Forward again what ``hang`` held."""
        self.flowing_requests.set()
        self.flowing_replies.set()

    # -- life ----------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """URL of the proxy."""
        return f"redis://{self.host}:{self.port}/0"

    def close(self) -> None:
        """Cut everything and end all threads."""
        self.refuse()
        self._holder.close()
        for thread in self._threads:
            thread.join(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- inside --------------------------------------------------------------------------------------------------

    def _accept_all(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # refuse() closed it
            link = Link(self, client)
            with self.lock:
                self.connections += 1
                self._links.add(link)
            self._spawn(self._serve, link)

    def _serve(self, link: Link) -> None:
        try:
            link.run()
        finally:
            with self.lock:
                self._links.discard(link)

    def _spawn(self, function: Callable[[Any], None], argument: object) -> None:
        thread = threading.Thread(target=function, args=(argument,), name="chaos", daemon=True)
        self._threads = [other for other in self._threads if other.is_alive()]
        self._threads.append(thread)
        thread.start()


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((ChaosProxy.host, port))
    return bound
