"""Trees that several processes open: where they are, and what must hold for them when all is quiet."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

import redis

from redicts import Pool, Proxy, root
from tests.support.servers import Server
from tests.support.waiting import wait_until

__all__ = ["Spot", "meet", "new_spot"]


class Spot(NamedTuple):
    """Where a tree is, to be handed to other processes."""

    url: str
    namespace: str

    def open(self, **options: Any) -> Proxy:
        """Configure the pool of this process for it, and give its root."""
        Pool().reload(cfg={"url": self.url, "namespace": self.namespace, **options})
        return root()

    def all_keys(self) -> list[str]:
        """Return all keys of the namespace, asked for behind the back of redicts."""
        with redis.Redis.from_url(self.url) as client:
            return sorted(key.decode() for key in client.scan_iter(match=f"{self.namespace}:*", count=1000))

    def assert_clean(self, tree: Proxy) -> None:
        """Assert that all is well, and that removing everything leaves not one key behind."""
        assert tree.check() == []
        tree.clear()
        assert self.all_keys() == []
        assert tree.check() == []


def new_spot(server: Server) -> Spot:
    """Give a namespace of its own on a server."""
    return Spot(server.url, f"c_{uuid.uuid4().hex[:12]}")


def meet(tree: Proxy, name: str, parties: int) -> None:
    """Wait until so many processes have come here, so that what follows begins together."""
    place = tree.get(["meeting", name])
    place.add()
    wait_until(lambda: place.val() >= parties, seconds=60, what=f"{parties} parties at {name}")
