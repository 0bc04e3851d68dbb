"""Connections to one of several masters, over which is asked without waiting for the reply.

May import redis, core and exchange. A reply that nobody waits for any more is *owed*: the connection is used again all
the same, and what is owed is read first. So a master that hangs gets what it is asked in order when it goes on, without
another connection for each time; and one that is gone costs no one more than the attempt to connect, which is made in a
thread of its own.

Invariant: whatever is interrupted, no reply is ever taken for another's: a link whose state is not known is dropped.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import Any, Final

import redis.exceptions
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from redicts.core.effects import Call, Eval
from redicts.runners.exchange import LOST, Failed, as_failed
from redicts.runners.packing import command_of, pack_commands
from redicts.runners.several_joining import Joining
from redicts.runners.version import check_version

__all__ = ["DONE", "MAX_OWED", "OWED_SECONDS", "PENDING", "RESENT", "Link", "Links", "Owed", "full"]

OWED_SECONDS: Final = 2.0
"""How long a reply may be owed; then the connection is given up."""

MAX_OWED: Final = 64
"""How many may be: what is sent and not read must never fill the buffers on the way."""

CONNECT_SECONDS: Final = 2.0
"""How long each step of making a connection may take, where the patience is longer."""

PENDING: Final = object()
"""No reply yet."""

DONE: Final = object()
RESENT: Final = object()
"""What a lane says of a master, in place of the link that was used: it has answered; or it was asked by two links."""


class Owed:
    """A reply that nobody waits for. When it has come, its lane is told.

    Args:
        lane: The lane of what was asked, if any.
        at: The number of the master there.
    """

    __slots__ = ("at", "lane")

    def __init__(self, lane: dict[int, Any] | None, at: int) -> None:
        self.lane = lane
        self.at = at

    def settle(self, link: object) -> None:
        """Note that what was asked by a link was answered."""
        if self.lane is not None and self.lane.get(self.at) is link:
            self.lane[self.at] = DONE


def full(owed: int, bound: bool) -> bool:
    """Tell whether a link owes so many replies that nothing more is asked over it.

    Args:
        owed: How many.
        bound: Whether what is asked follows what was asked there before: there is room for that.
    """
    return owed >= (2 * MAX_OWED if bound else MAX_OWED)


class Links:
    """The links to one master. Safe in threads, and in a child after ``fork``.

    Args:
        pool: Whose connections they are like.
        address: What the server is called in errors.
        answers_at_once: Whether its connections do their work while a command is sent (fakeredis).

    Attributes:
        address: As above.
    """

    def __init__(self, pool: Any, address: str, *, answers_at_once: bool) -> None:
        self.address = address
        self._class = pool.connection_class
        self._options = {
            **pool.connection_kwargs,
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),
            "retry": Retry(NoBackoff(), 0),
        }
        self._at_once = answers_at_once
        self._checked = False
        self._begin()

    def _begin(self) -> None:
        self._idle: list[Link] = []
        self._lock = threading.Lock()  # held for moments only
        self._pid = os.getpid()

    def take(self, patience: float, prefer: object = None) -> Link:
        """Take a link that is free, or make one, which may be connecting still.

        Args:
            patience: Seconds that connecting may take.
            prefer: The one to take, if it is free.
        """
        if self._pid != os.getpid():
            self._begin()  # nothing is closed: the connections are the parent's
        if prefer is not None:
            try:
                self._idle.remove(prefer)  # type: ignore[arg-type]  # or it is none of them
            except ValueError:
                pass
            else:
                if not prefer.is_overdue():  # type: ignore[attr-defined]
                    return prefer  # type: ignore[return-value]
                prefer.drop()  # type: ignore[attr-defined]
        while True:
            try:
                link = self._idle.pop()
            except IndexError:
                return self._make(patience)
            if not link.is_overdue():
                return link
            link.drop()

    def give_back(self, link: Link) -> None:
        """Take a link back; what is owed on it must be noted. What another thread handed on is sent now."""
        if self._pid != os.getpid():
            return
        link.used = True
        with self._lock:
            try:
                link.follow()
            except Exception:  # noqa: BLE001  # it is lost, and who handed it on does not wait
                link.drop()
            else:
                self._idle.append(link)

    def hand_on(self, link: Link, effect: Call | Eval, owed: Owed) -> bool:
        """Have something asked over a link that another thread uses just now, after what was asked there before.

        Returns:
            Whether it will be; not if nobody uses it.
        """
        if self._pid != os.getpid():
            return False
        with self._lock:
            handed = link.is_out and link not in self._idle
            if handed:
                link.following.append((effect, owed))
            return handed

    def disconnect(self, inuse_connections: bool = False) -> None:  # noqa: ARG002  # as of redis-py's pools
        """Close the links that are free."""
        while self._idle:
            self._idle.pop().drop()

    def _make(self, patience: float) -> Link:
        seconds = min(max(patience, 0.001), CONNECT_SECONDS)
        timeouts = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
        connection = self._class(**{**self._options, **timeouts})
        if self._at_once:
            return Link(connection, None, at_once=True)
        joining = Joining(connection, self._check)
        joining.begin()
        return Link(connection, joining)

    def _check(self, connection: Any) -> None:
        if not self._checked:
            check_version(connection, self.address)
            self._checked = True


class Link:
    """One connection: it is made once, and dropped when it is lost.

    Args:
        connection: Of redis-py.
        joining: What makes it; ``None``: it is made when it is first used.
        at_once: Whether the reply is there when the command was sent.

    Attributes:
        at_once: As above.
        following: What other threads want to be asked when it is given back.
        is_out: Whether it was not dropped.
        used: Whether it was used before, so that it may have been lost meanwhile.
        waits: Whether what was asked last has not been answered, and is not owed.
    """

    __slots__ = (
        "_connection",
        "_joining",
        "_known",
        "_owed",
        "_since",
        "_steady",
        "at_once",
        "following",
        "is_out",
        "used",
        "waits",
    )

    def __init__(self, connection: Any, joining: Joining | None, *, at_once: bool = False) -> None:
        self.at_once = at_once
        self.following: list[tuple[Call | Eval, Owed]] = []
        self.is_out = True
        self.used = self.waits = False
        self._connection = connection
        self._joining = joining
        self._known: set[str] = set()
        self._owed: deque[Owed] = deque()
        self._since = 0.0
        self._steady = True

    def __del__(self) -> None:
        """Give up connecting, where an interrupt came just when it was taken, and nobody has it any more."""
        if self._joining is not None:
            self._joining.give_up()

    @property
    def owes(self) -> int:
        """How many replies it owes."""
        return len(self._owed)

    def fileno(self) -> int:
        """Give what can be read from when there is something new; -1 where it is lost."""
        if self._joining is not None:
            return self._joining.fileno()
        sock = self._connection._sock
        return -1 if sock is None else int(sock.fileno())

    def is_overdue(self) -> bool:
        """Tell whether a reply has been owed for too long."""
        return bool(self._owed) and time.monotonic() - self._since > OWED_SECONDS

    def ask(self, effect: Call | Eval, whole: bool = False) -> None:
        """Send what is asked, or have it sent.

        Args:
            effect: A command, or a script: by its SHA where the server was given it over this link.
            whole: The script's text in any case.

        ``Failed`` is raised where the connection is lost.
        """
        if isinstance(effect, Eval):
            sha = effect.script.sha
            whole = whole or sha not in self._known
            self._known.add(sha)
        packed = pack_commands(self._connection, [command_of(effect, whole=whole)])
        self._steady = False
        try:
            if self._joining is None or not self._joining.send(packed):
                self._settle()
                if not self.at_once and not self._connection.is_connected:
                    raise redis.exceptions.ConnectionError("the connection was lost")
                self._connection.send_packed_command(packed, check_health=False)
        except LOST as error:
            raise _failed(error, sent=True) from error
        self.waits = True
        self._steady = True

    def read(self) -> Any:
        """Read what has come: what is owed first. Gives the reply to what was asked last, or ``PENDING``.

        ``Failed`` is raised where the connection is lost.
        """
        if self._joining is not None and not self._joining.finished:
            return PENDING
        self._settle()
        options: dict[str, Any] = {} if self.at_once else {"timeout": 0, "disconnect_on_error": False}
        while True:
            self._steady = False
            try:
                reply = self._connection.read_response(disable_decoding=True, **options)
            except redis.exceptions.TimeoutError:
                self._steady = True
                return PENDING
            except redis.exceptions.ResponseError as error:
                reply = error
            except LOST as error:
                raise _failed(error, sent=True) from error
            if not self._owed:
                if not self.waits:
                    raise Failed(redis.exceptions.ConnectionError("a reply that was not asked for"), sent=False)
                self.waits = False
                self._steady = True
                return reply
            self._owed.popleft().settle(self)
            self._since = time.monotonic()  # it is alive

    def owe(self, owed: Owed) -> None:
        """Note that nobody waits any more for the reply to what was asked last."""
        if not self._owed:
            self._since = time.monotonic()
        self._owed.append(owed)
        self.waits = False

    def follow(self) -> None:
        """Send what other threads want to be asked, where it is certain that this comes after all the rest."""
        while self.following:
            effect, owed = self.following.pop(0)
            self.ask(effect)
            self.owe(owed)

    @property
    def is_steady(self) -> bool:
        """Whether nothing was interrupted in the middle of it."""
        return self._steady

    def drop(self) -> None:
        """Close it."""
        self.is_out = False
        joining, self._joining = self._joining, None
        if joining is not None:
            joining.give_up()
        else:
            self._connection.disconnect()

    def _settle(self) -> None:
        """Go over from connecting to the connection; ``Failed`` is raised where there is none."""
        joining = self._joining
        if joining is None:
            return
        self._joining = None
        joining.close()
        if joining.error is not None:
            if isinstance(joining.error, LOST):
                raise _failed(joining.error, sent=joining.sent)
            raise joining.error


def _failed(error: Exception, sent: bool) -> Exception:
    return as_failed(error, sent, count=1) or error
