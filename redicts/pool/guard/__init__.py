"""The guard of an embedded server: starts it, keeps it running while anybody uses it, ends it after the last user.

A process of its own, run by the name of this folder (``python -I -S .../guard DIR SOCKETS FD PROGRAM SETTINGS``). What
is in here imports the standard library only and not the package around it, so that it starts fast and stays small.
Every user process holds a connection to the guard's socket, or a copy of one after ``fork``. The kernel closes it
however that process ends, SIGKILL included, and after the last one the server goes down in order. The guard speaks and
users listen; each line is one of

    ``listening``     the guard is there (the server may still be loading its data)
    ``ready``         the server answers
    ``failed TEXT``   it does not, and why

Invariants: who holds the lock of DIR, and nobody else, makes and removes sockets and starts the server. The server has
a copy of that lock, so there are never two servers on one DIR, even after the guard was killed. A socket that users
find under its final name leads to a server that has loaded its data.

``keeper.py`` has the users, ``server.py`` the server, ``lock.py`` the lock.
"""

from typing import Final

__all__ = ["GUARD_SOCKET", "LOCK_FILE", "LOG_FILE", "NEW_SOCKET", "SERVER_SOCKET", "START_FILE"]

LOCK_FILE: Final = "guard.lock"
START_FILE: Final = "start.lock"
LOG_FILE: Final = "server.log"
GUARD_SOCKET: Final = "guard.sock"
SERVER_SOCKET: Final = "server.sock"
NEW_SOCKET: Final = "server.new.sock"
