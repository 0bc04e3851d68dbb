"""Blocks of pipelines, as far as they do no I/O: what is queued, by which block, and what becomes of it.

May import everything below the faces. ``pipeline`` and ``aio.pipeline`` add what waits. Invariants: what is queued in
one pipeline is one list, in the order of the calls, whichever block they came from; nothing is taken out of it twice;
what a block that failed has queued is taken out without being sent.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from redicts.core.deferred import Deferred
from redicts.core.effects import Effect, Op
from redicts.core.paths import PathLike, join, parse
from redicts.errors import NeverSent, NotAtomic, PipelineMisused
from redicts.faces.followers import Callback, Follower, Work
from redicts.faces.queued import AnyDatabase, QueuedProxy
from redicts.faces.raw import Raw, is_read, run_raw, spell_raw
from redicts.runners.pipeline import QUEUEABLE, Entry

__all__ = ["Pipe"]

T = TypeVar("T")


class State(Enum):
    """Where in its life a block is."""

    NEW = "is not begun: use it in a `with` block"
    OPEN = "open"
    CLOSED = "is closed: its block was left. Begin another"


class _Queues:
    """What the blocks of one pipeline share."""

    __slots__ = ("atoms", "callbacks", "entries", "followers", "taken")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.followers: list[Follower] = []
        self.callbacks: list[Callback] = []
        self.atoms = 0
        self.taken = 0  # how often something was taken out of the entries


class Pipe:
    """A block of a pipeline: the outermost, or one inside another.

    Args:
        above: The block that it is inside of; ``None``: it is the outermost.
        atomic: Whether what is queued in it, and in blocks inside it, goes in one transaction.
        db_name: The database of what names none; ``None``: that of the block above, or the default one.
        raise_on_error: Whether failures are raised at the end. What the outermost block says counts.
    """

    __slots__ = ("_above", "_atom", "_database", "_db_name", "_inside", "_queues", "_raises", "_since", "_state")

    def __init__(self, above: Pipe | None, *, atomic: bool, db_name: str | None, raise_on_error: bool) -> None:
        self._above = above
        self._state = State.NEW
        self._inside: list[Pipe] = []
        self._raises: bool = raise_on_error if above is None else above._raises
        self._db_name: str | None = db_name if db_name is not None or above is None else above._db_name
        self._queues: _Queues = _Queues() if above is None else above._queues
        outer = None if above is None else above._atom
        self._atom: Pipe | None = outer if outer is not None or not atomic else self
        self._database: AnyDatabase | None = None  # that of an atomic block, once it has one
        self._since = (0, 0)  # how much had been queued when it was entered, and how often taken out

    def _open_database(self, db_name: str | None) -> AnyDatabase:
        """Give a database of the ``Pool``."""
        raise NotImplementedError

    # ---- what can be queued

    def proxy(self, path: PathLike, db_name: str | None = None) -> QueuedProxy:
        """Lead to a place whose operations are queued here. No round trip.

        Args:
            path: As for ``Proxy``.
            db_name: A database of the ``Pool``; ``None``: the block's own.

        Raises:
            PathError: ``path`` cannot be one.
            ConfigError: There is no such database.
        """
        database = self._open_database(self._db_name if db_name is None else db_name)
        return QueuedProxy(self, database, parse(path))

    def root(self, db_name: str | None = None) -> QueuedProxy:
        """Lead to the root of the tree: as ``proxy("")``."""
        return self.proxy((), db_name)

    def section(self, name: PathLike, db_name: str | None = None) -> QueuedProxy:
        """Lead to a corner of the tree: as ``proxy(name)``, but ``name`` is not empty.

        Raises:
            PathError: ``name`` cannot be a path, or is empty.
            ConfigError: There is no such database.
        """
        return self.proxy(join((), name), db_name)

    def command(self, *args: Raw, db_name: str | None = None) -> Deferred[Any]:
        """Queue a Redis command of one's own.

        The locks that are held say nothing of it, and keys are taken as they are. It is sent again after a lost
        connection only if it is known to read.

        Args:
            *args: The command's name, then its arguments: text, bytes and numbers.
            db_name: As for ``proxy``.

        Returns:
            The reply, later: ``int``, ``str``, ``None`` and lists of them, whatever the protocol. An error reply is
            redis-py's ``ResponseError``.

        Raises:
            TypeError: An argument is none of these.
            ValueError: UTF-8 cannot carry a text.
            PipelineMisused: The command is one that cannot be in a pipeline, as ``SELECT`` and ``SUBSCRIBE``.

        Example:
            >>> with redicts.pipeline() as pipe:
            ...     count = pipe.command("INCRBY", "my:key", 5)
            >>> count.result
            5
        """
        command = spell_raw(args)
        database = self._open_database(self._db_name if db_name is None else db_name)
        return self._take(database, None, run_raw(command), is_read(command), True, str(command[0]))

    def then(self, function: Callable[..., T], *deferreds: Deferred[Any]) -> Deferred[T]:
        """Make one result of others: ``function`` of theirs, called when they are there.

        This is how a building block gives back something else than what the server answers.

        Args:
            function: Takes as many results as there are ``deferreds``. It should do nothing else: see ``on_execute``.
            *deferreds: Of this pipeline. Where one failed, so has the new one, and ``function`` is not called.

        Returns:
            The new result; what ``function`` raises, its ``result`` raises.

        Raises:
            TypeError: ``function`` is an ``async def``, which would never run.

        Example:
            >>> with redicts.pipeline() as pipe:
            ...     a, b = pipe.proxy("a").add(2), pipe.proxy("b").add(3)
            ...     product = pipe.then(lambda x, y: x * y, a, b)
            >>> product.result
            6
        """
        self._check_open()
        _check_plain(function)
        made: Deferred[T] = Deferred(f"then({getattr(function, '__name__', function)!s})")
        self._queues.followers.append(Follower(self, function, deferreds, made))
        return made

    def on_execute(self, function: Callable[[], object]) -> None:
        """Have something called once everything that was queued has its result: at the next execution.

        First come, first served, those of blocks inside and outside alike. What one of them raises keeps no other from
        being called; it is raised afterwards, whatever ``raise_on_error`` says.

        Args:
            function: Takes nothing. A plain function: what it gives is not awaited.

        Raises:
            TypeError: It is an ``async def``, which would never run.

        Example:
            >>> with redicts.pipeline() as pipe:
            ...     hits = pipe.proxy("hits").add()
            ...     pipe.on_execute(lambda: print("hits:", hits.result))
            hits: 1
        """
        self._check_open()
        if iscoroutinefunction(function):
            raise TypeError(
                f"{function!r} would have to be awaited: give a plain function, or await it after the block"
            )
        self._queues.callbacks.append(Callback(self, function))

    def __len__(self) -> int:
        """How many operations are queued in the whole pipeline, and not sent yet."""
        return len(self._queues.entries)

    def __bool__(self) -> bool:
        """Always true: an empty pipeline is one too."""
        return True

    def __repr__(self) -> str:
        state = "open" if self._state is State.OPEN else "not begun" if self._state is State.NEW else "closed"
        inner = "" if self._above is None else " inner"
        atomic = "" if self._atom is None else " atomic"
        return f"<{type(self).__name__}:{inner}{atomic} {state}, {len(self)} queued>"

    # ---- for the faces

    def _take(
        self, database: Any, place: Any, op: Op[T], idempotent: bool, one_step: bool, command: str = ""
    ) -> Deferred[T]:
        """Begin an operation, and queue it.

        Args:
            database: Where it goes.
            place: What it is an operation of.
            op: A fresh generator.
            idempotent: Whether its commands may be sent again after a lost connection.
            one_step: Whether it can be part of a transaction.
            command: For a user's own command, its name.

        Raises:
            PipelineMisused: The block is not open, or the operation would have to wait.
            NotAtomic: The block is atomic, and the operation is not, or goes to another database.

        What the operation refuses at once, it raises.
        """
        if self._state is not State.OPEN:
            self._check_open()
        begun: Any = op  # a generator has its function's name, which its type does not say
        deferred: Deferred[T] = Deferred(command or begun.__name__, place)
        atom = self._atom
        if atom is not None:
            self._check_atomic(atom, database, deferred, one_step)
        effects: tuple[Effect, ...] = ()
        value: Any = None
        try:
            effects = next(op)
        except StopIteration as stop:
            value = stop.value
        else:
            if not isinstance(effects[0], QUEUEABLE):
                op.close()
                raise PipelineMisused(f"{deferred.about()} would have to wait, which a pipeline cannot")
        if atom is not None:
            atom._database = database
        self._queues.entries.append(
            Entry(op, effects, value, idempotent, command != "", deferred, database, self, atom)
        )
        return deferred

    def _check_open(self) -> None:
        if self._state is not State.OPEN:
            raise PipelineMisused(f"this pipeline {self._state.value}")

    def _check_atomic(self, atom: Pipe, database: AnyDatabase, deferred: Deferred[Any], one_step: bool) -> None:
        if not one_step:
            raise NotAtomic(
                f"{deferred.about()} may take more than one step, which a transaction does not have: queue it outside "
                "of the atomic block; or take the lock, read, and write in an atomic pipeline under it (a lease is "
                "released in one by lease.using(pipe).release())"
            )
        if atom._database is not None and atom._database != database:
            raise NotAtomic(
                f"{deferred.about()} is in {database.address}, and this atomic block in {atom._database.address}: a "
                "transaction has one database. Use one atomic block for each"
            )

    def _begin(self) -> None:
        """Enter the block.

        Raises:
            PipelineMisused: It was entered before, or the block above is not open.
        """
        if self._state is not State.NEW:
            raise PipelineMisused("a pipeline is entered once: begin another, or redicts.pipeline(pipe) inside it")
        if self._above is not None:
            self._above._check_open()
            self._above._inside.append(self)
        self._state = State.OPEN
        self._since = (len(self._queues.entries), self._queues.taken)
        if self._atom is self:
            self._queues.atoms += 1

    def _close(self) -> None:
        """Leave the block; those inside it, too."""
        while self._inside:
            self._inside.pop()._close()
        if self._state is State.OPEN and self._atom is self:
            self._queues.atoms -= 1
        self._state = State.CLOSED

    def _leave(self, error: BaseException | None) -> Work | None:
        """Leave the block at its end.

        Returns:
            What is to be executed now: ``None`` but for the outermost block.
        """
        self._close()
        if self._above is not None and self in self._above._inside:
            self._above._inside.remove(self)  # a long pipeline may have any number of blocks
        if error is not None:
            self._drop(error)
            return None
        return self._everything() if self._above is None else None

    def _ahead(self) -> Work:
        """Give what is to be executed now, before the end of the block.

        Raises:
            PipelineMisused: It is not open; or it would tear a transaction apart that another block has begun.
        """
        self._check_open()
        if self._queues.atoms - (self._atom is self):
            raise PipelineMisused(
                "execute() inside of an atomic block would send half of it: leave the atomic block first"
            )
        return self._everything()

    def _everything(self) -> Work:
        queues = self._queues
        work = Work(queues.entries, queues.followers, queues.callbacks, self._raises)
        queues.entries, queues.followers, queues.callbacks = [], [], []
        queues.taken += 1
        return work

    def _drop(self, error: BaseException) -> None:
        """Take out what was queued in this block, and in those inside it: it ended with an error."""
        queues = self._queues
        start, taken = self._since
        start = start if taken == queues.taken else 0
        later = queues.entries[start:]  # what came before is not looked at: there may be much of it
        for entry in later:
            if self._holds(entry.block):
                entry.fail(_never(entry.deferred, error))
        for follower in queues.followers:
            if self._holds(follower.block):
                follower.made._fail(_never(follower.made, error))
        queues.entries[start:] = [entry for entry in later if not self._holds(entry.block)]
        queues.taken += 1
        queues.followers = [follower for follower in queues.followers if not self._holds(follower.block)]
        queues.callbacks = [callback for callback in queues.callbacks if not self._holds(callback.block)]

    def _holds(self, block: Pipe | None) -> bool:
        """Whether a block is this one, or inside it."""
        while block is not None and block is not self:
            block = block._above
        return block is self


def _check_plain(function: Callable[..., object]) -> None:
    if iscoroutinefunction(function):
        raise TypeError(f"{function!r} would have to be awaited: give a plain function, or await it after the block")


def _never(deferred: Deferred[Any], error: BaseException) -> NeverSent:
    return NeverSent(
        f"{deferred.about()} was never sent, and will not be: the block that queued it ended with "
        f"{type(error).__name__}. Nothing was done by it; queue it again where it is wanted all the same"
    )
