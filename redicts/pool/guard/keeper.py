"""The guard's process: takes in users, hears when they leave, and ends the server after the last one.

Imports the standard library and this folder only. Invariant: while all is well nothing wakes it up but users who come
and go.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import socket
import time
from pathlib import Path
from typing import Final

from . import GUARD_SOCKET
from .lock import Refused, claim, leave_word
from .server import Server, note

__all__ = ["Guard", "main"]

END_SECONDS: Final = 10.0
"""The server has so long to end in order. SIGKILL loses nothing either: what was acknowledged is written."""


class Guard:
    """Those who use the server of a directory.

    Args:
        lock: The open file with the lock of the directory.
        sockets: Where the sockets are made.
        server: The server.
    """

    def __init__(self, lock: int, sockets: Path, server: Server) -> None:
        self._lock, self._sockets, self._server = lock, sockets, server
        self._users: set[socket.socket] = set()
        self._waiting: set[socket.socket] = set()  # those of the users who have not been told "ready"
        self._left: list[socket.socket] = []
        self._told_to_end = False
        self._selector = selectors.DefaultSelector()
        self._wakeup, self._waker = socket.socketpair()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def run(self, first: socket.socket) -> None:
        """Serve until the last user is gone; ``Refused`` if there can be no socket here.

        Args:
            first: The connection of the user who started this guard.
        """
        self._watch_signals()
        self._listen()
        self._welcome(first)
        try:
            while not self._told_to_end and (self._users or self._accept()):
                self._step()
        except Refused as refusal:
            note(str(refusal))
            for user in self._waiting:
                say(user, f"failed {refusal}")
        finally:
            self._end()

    def _step(self) -> None:
        """Wait for something to happen and see to it."""
        for key, _ in self._selector.select(self._server.pause()):
            key.data()
        if self._server.step():
            for user in self._waiting:
                say(user, "ready")
            self._waiting.clear()

    def _watch_signals(self) -> None:
        _ = signal.signal(signal.SIGINT, signal.SIG_IGN)
        _ = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        _ = signal.signal(signal.SIGTERM, lambda *_: setattr(self, "_told_to_end", True))
        _ = signal.signal(signal.SIGCHLD, lambda *_: None)
        _ = signal.pthread_sigmask(signal.SIG_SETMASK, [])  # the user's thread may have blocked some
        self._wakeup.setblocking(False)
        self._waker.setblocking(False)
        _ = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        _ = self._selector.register(self._wakeup, selectors.EVENT_READ, lambda: self._wakeup.recv(4096))

    # -- users ---------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        self._remove_door()  # of a guard that was killed
        self._listener.setblocking(False)
        try:
            self._listener.bind(str(self._sockets / GUARD_SOCKET))
        except OSError as error:
            text = f"no Unix socket can be made in {self._sockets} ({error}): choose another directory"
            raise Refused(text) from None
        self._listener.listen(1024)
        _ = self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self) -> bool:
        """Take in the next user, if there is one."""
        try:
            user, _ = self._listener.accept()
        except OSError:
            return False
        self._welcome(user)
        return True

    def _welcome(self, user: socket.socket) -> None:
        user.setblocking(False)
        self._users.add(user)
        _ = self._selector.register(user, selectors.EVENT_READ, lambda: self._hear(user))
        say(user, "listening")
        self._server.doubt()
        if self._server.ready:
            say(user, "ready")
        else:
            self._waiting.add(user)
        self._forget_left()

    def _hear(self, user: socket.socket) -> None:
        """Users say nothing: what there is to read is the end of one."""
        try:
            if user.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        _ = self._selector.unregister(user)
        self._users.discard(user)
        self._waiting.discard(user)
        self._left.append(user)
        if self._users:
            self._forget_left()

    def _forget_left(self) -> None:
        # Not the last one: its connection is closed by our end, for it may be waiting for the server to be gone.
        while self._left:
            self._left.pop().close()

    # -- the end -------------------------------------------------------------------------------------------------

    def _remove_door(self) -> None:
        with contextlib.suppress(OSError):
            (self._sockets / GUARD_SOCKET).unlink()

    def _end(self) -> None:
        """End the server in order, remove every socket, and let go of the lock by ending."""
        leave_word(self._lock, self._sockets, ending=True)
        # The sockets first: whoever comes now starts a guard, and that waits for our lock.
        self._remove_door()
        self._listener.close()
        self._server.remove_sockets()
        deadline = time.monotonic() + END_SECONDS
        if not self._server.gone():
            os.kill(self._server.pid, signal.SIGTERM)
        while not self._server.gone():
            _ = select.select([self._wakeup], [], [], max(0.0, deadline - time.monotonic()))
            with contextlib.suppress(BlockingIOError):
                _ = self._wakeup.recv(4096)
            if time.monotonic() >= deadline:
                os.kill(self._server.pid, signal.SIGKILL)
                deadline += 1
        with contextlib.suppress(OSError):
            self._sockets.rmdir()  # one made for them; the directory of the data is not empty


def say(user: socket.socket, line: str) -> None:
    """Say a line to a user. Nobody is waited for: whoever does not read this is ending."""
    with contextlib.suppress(OSError):
        _ = user.send(line.encode("unicode_escape") + b"\n")


def main(arguments: list[str]) -> None:
    """Be the guard: ``DIR SOCKETS FD PROGRAM SETTINGS``, as ``joining.py`` starts it."""
    directory, sockets, link, program, settings = arguments
    if os.fork():
        os._exit(0)  # the guard is nobody's child, so that nobody has to wait for it
    _ = os.umask(0o077)
    os.chdir("/")
    first = socket.socket(fileno=int(link))
    first.set_inheritable(False)
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        lock = claim(Path(directory))
        leave_word(lock, Path(sockets))
        Guard(lock, Path(sockets), Server(Path(directory), Path(sockets), program, settings, lock)).run(first)
    except Refused as refusal:
        note(str(refusal))
        say(first, f"failed {refusal}")
    os._exit(0)  # at once: who closed the last connection waits until all of this process's are closed
