"""One database as the faces use it: a client, the spelling of its keys, and what runs operations on it.

May import redis, identity, core and runners. Invariant: two databases are equal exactly when the same key means the
same value in both, whatever faces they are for.
"""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar, final
from weakref import WeakValueDictionary

import redis
import redis.asyncio

from redicts.core.keys import KeySpace
from redicts.pool.identity import Client, Identity, address_of, check_async_client, check_client, identity_of
from redicts.runners.sync import SyncRunner

__all__ = ["AsyncDatabase", "BaseDatabase", "Database"]

ClientT = TypeVar("ClientT", bound=Client)
DatabaseT = TypeVar("DatabaseT", bound="BaseDatabase[Any]")


class BaseDatabase(Generic[ClientT]):
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
        address: As above.
        lock_renew: As above.
        identity: The same for every client that leads here.

    Raises:
        ConfigError: The client or the namespace cannot be used.
    """

    __slots__ = ("__weakref__", "address", "client", "identity", "lock_renew", "name", "space")

    def __init__(
        self,
        client: ClientT,
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

    @classmethod
    def of_client(  # noqa: PYI019  # Self came with Python 3.11
        cls: type[DatabaseT], client: ClientT, namespace: str = "redicts"
    ) -> DatabaseT:
        """Use a client that the user made (fakeredis too). It stays the user's: never closed here.

        For the same client it gives the same object, as long as anything holds it: what a runner keeps is kept once.

        Raises:
            ConfigError: It is no redis-py client of one server, or one for the other face.

        Example:
            >>> Database.of_client(redis.Redis(port=6380, db=1))
            Database('localhost:6380/1')
            >>> AsyncDatabase.of_client(redis.asyncio.Redis(port=6380, db=1))
            AsyncDatabase('localhost:6380/1')
        """
        known = (id(client), namespace)  # a database holds its client, so the number is not another's while it lives
        found = _of_clients.get(known)
        if not isinstance(found, cls):
            found = _of_clients[known] = cls(client, namespace=namespace)
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseDatabase):
            return NotImplemented
        return self.identity == other.identity and self.space.namespace == other.space.namespace

    def __hash__(self) -> int:
        return hash((self.identity, self.space.namespace))

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        return f"{type(self).__name__}({self.address!r}{name})"


@final
class Database(BaseDatabase[redis.Redis]):
    """A database for the synchronous face.

    Attributes:
        runner: Runs operations on it.
    """

    __slots__ = ("runner",)

    def __init__(self, client: redis.Redis, **options: Any) -> None:
        super().__init__(check_client(client, "client"), **options)
        self.runner = SyncRunner(client, self.address, answers_at_once=self.identity[0] == "fake")


@final
class AsyncDatabase(BaseDatabase[redis.asyncio.Redis]):
    """A database for the asyncio face. The connections of its client belong to the event loop they are made in.

    Attributes:
        runner: Runs operations on it.
    """

    __slots__ = ("runner",)

    def __init__(self, client: redis.asyncio.Redis, **options: Any) -> None:
        from redicts.runners.aio import AsyncRunner  # here: many have no use for it, and pay for no import

        super().__init__(check_async_client(client, "client"), **options)
        self.runner = AsyncRunner(client, self.address)


_of_clients: Final[WeakValueDictionary[tuple[int, str], BaseDatabase[Any]]] = WeakValueDictionary()
