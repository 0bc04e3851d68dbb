"""One connection through the ``ChaosProxy``: forwards, counts, and ends as the proxy's faults ask."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from typing import TYPE_CHECKING

from tests.support.resp import RequestParser

if TYPE_CHECKING:
    from tests.support.chaos import ChaosProxy

__all__ = ["Link"]

_CHUNK = 65536
_POLL_SECONDS = 0.01
_SETTLE_CUT_SECONDS = 3.0


class Link:
    """A client's socket, the server's, and the thread that forwards between them."""

    def __init__(self, proxy: ChaosProxy, client: socket.socket) -> None:
        self.proxy = proxy
        self.client = client
        self.server = socket.socket()
        self.cut_asked = threading.Event()
        self.ended = threading.Event()
        self._parser = RequestParser()
        self._burst_open = False

    def run(self) -> None:
        """Forward until one side ends or a fault says so."""
        try:
            self.server.settimeout(30)
            self.client.settimeout(30)
            self.server.connect(self.proxy.upstream)
            for side in (self.client, self.server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._step():
                pass
        except OSError:
            pass  # a side is gone; both are closed below
        finally:
            self.server.close()
            self.client.close()
            self.ended.set()

    def _step(self) -> bool:
        sides = []
        if self.proxy.flowing_requests.is_set():
            sides.append(self.client)
        if self.proxy.flowing_replies.is_set():
            sides.append(self.server)
        readable, _, _ = select.select(sides, [], [], _POLL_SECONDS)
        if self.cut_asked.is_set():
            return self._cut()
        if self.client in readable:
            return self._forward_requests()
        if self.server in readable:
            return self._forward_replies()
        return True

    def _forward_requests(self) -> bool:
        data = self.client.recv(_CHUNK)
        if not data:
            return False
        data, cut = self._limit("request_limit", data)
        with self.proxy.lock:
            self._burst_open = True
            self.proxy.request_bytes += data
            self.proxy.commands += self._parser.feed(data)
        self.server.sendall(data)
        return self._cut() if cut else True

    def _forward_replies(self) -> bool:
        if self._burst_open and self._burst_goes_on():
            return self._forward_requests()
        data = self.server.recv(_CHUNK)
        if not data:
            return False
        if self._burst_open and self.proxy.delay_seconds and self.cut_asked.wait(self.proxy.delay_seconds):
            return self._cut()
        data, cut = self._limit("reply_limit", data)
        with self.proxy.lock:
            self.proxy.round_trips += self._burst_open and bool(data)
            self._burst_open = False
            self.proxy.reply_bytes += data
        self.client.sendall(data)
        return self._cut() if cut else True

    def _burst_goes_on(self) -> bool:
        if not self.proxy.flowing_requests.is_set():
            return False
        return bool(select.select([self.client], [], [], self.proxy.settle_seconds)[0])

    def _limit(self, name: str, data: bytes) -> tuple[bytes, bool]:
        """Return what may pass, and whether the limit is reached (which uses it up)."""
        with self.proxy.lock:
            limit: int | None = getattr(self.proxy, name)
            if limit is None:
                return data, False
            if len(data) < limit:
                setattr(self.proxy, name, limit - len(data))
                return data, False
            setattr(self.proxy, name, None)
            return data[:limit], True

    def _cut(self) -> bool:
        """Close the server's side, wait until it is through with what it got, then close the client's."""
        with contextlib.suppress(OSError):
            self.server.settimeout(_SETTLE_CUT_SECONDS)
            self.server.shutdown(socket.SHUT_WR)
            while self.server.recv(_CHUNK):
                pass
        with self.proxy.lock:
            self.proxy.cuts += 1
        if self.proxy.reset_connection:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
