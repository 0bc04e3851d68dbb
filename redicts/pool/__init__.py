"""Which database a name means, and how it is reached: the configuration, the backends, and ``Pool`` on top.

========================  ===========================================================================
``pool.py``               ``Pool``, the singleton that maps names to databases
``clients.py``            the clients made from one configuration
``loops.py``              those of the asyncio face, for each event loop
``database.py``           ``Database``, ``AsyncDatabase``: a client, its keys, its runner
``config.py``             the user's dict becomes a ``Config``
``options.py``, ``url.py``  its keys, and the URLs that may stand for some of them
``masters.py``            several databases that are asked side by side
``identity.py``           which database a client leads to
``server.py``             backend: a server that somebody runs
``fair.py``, ``fair_aio.py``  who gets the next free connection
``unix_aio.py``           connections over a Unix socket, for asyncio
``fake.py``               backend: fakeredis, in memory
``embedded.py``           backend: a private server, kept in a directory
``embedded_aio.py``       connections to it, for asyncio
``directory.py``          that directory
``joining.py``            how a process joins the private server
``guard/``                the process that runs it
========================  ===========================================================================
"""

from redicts.pool.database import AsyncDatabase, Database
from redicts.pool.pool import Pool

__all__ = ["AsyncDatabase", "Database", "Pool"]
