"""One database as the faces use it: a client, the spelling of its keys, and what runs operations on it.

May import redis, identity, core and runners. Invariant: two ``Database`` are equal exactly when the same key
means the same value in both.
"""

from __future__ import annotations

from typing import Final, final
from weakref import WeakValueDictionary

import redis

from redicts.core.keys import KeySpace
from redicts.pool.identity import Identity, address_of, check_client, identity_of
from redicts.runners.sync import SyncRunner

__all__ = ["Database"]


@final
class Database:
    """A database that operations can run on. Equal, and with the same hash, when it is the same place.

    Args:
        client: Leads to it.
        namespace: What every key of redicts begins with.
        name: What the configuration calls it; ``None``: the one without a name.
        address: Where it is, for messages; by default what the client says.
        lock_renew: Whether locks are renewed where nothing else is said.

    Attributes:
        name: As above.
        client: As above.
        space: Spells its keys.
        runner: Runs operations on it.
        address: As above.
        lock_renew: As above.
        identity: The same for every client that leads here.

    Raises:
        ConfigError: The namespace cannot be used.
    """

    __slots__ = ("__weakref__", "address", "client", "identity", "lock_renew", "name", "runner", "space")

    def __init__(
        self,
        client: redis.Redis,
        *,
        namespace: str = "redicts",
        name: str | None = None,
        address: str | None = None,
        lock_renew: bool = False,
    ) -> None:
        self.name = name
        self.client = client
        self.space = KeySpace(namespace)
        self.address = address_of(client) if address is None else address
        self.lock_renew = lock_renew
        self.identity: Identity = identity_of(client)
        self.runner = SyncRunner(client, self.address, answers_at_once=self.identity[0] == "fake")

    @classmethod
    def of_client(cls, client: redis.Redis, namespace: str = "redicts") -> Database:
        """Use a client that the user made (fakeredis too). It stays the user's: never closed here.

        For the same client it gives the same object, as long as anything holds it: what a runner keeps is kept once.

        Raises:
            ConfigError: It is no synchronous redis-py client of one server.

        Example:
            >>> Database.of_client(redis.Redis(port=6380, db=1))
            Database('localhost:6380/1')
        """
        known = (id(client), namespace)  # a Database holds its client, so the number is not another's while it lives
        found = _of_clients.get(known)
        if found is None:
            found = cls(check_client(client, "client"), namespace=namespace)
            _of_clients[known] = found
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Database):
            return NotImplemented
        return self.identity == other.identity and self.space.namespace == other.space.namespace

    def __hash__(self) -> int:
        return hash((self.identity, self.space.namespace))

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        return f"Database({self.address!r}{name})"


_of_clients: Final[WeakValueDictionary[tuple[int, str], Database]] = WeakValueDictionary()
