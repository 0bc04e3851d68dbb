"""The runners: the only code that sends effects to Redis and receives replies.

======================================  ============================================================================
``sync.py``                             runs an operation over connections of redis-py
``aio.py``                              the same over those of redis.asyncio
``pipeline.py``                         many operations as one: rounds of batches, without I/O
``pipeline_sync.py``, ``_aio.py``       what drives them
``exchange.py``, ``aio_exchange.py``    one exchange over one connection, and what is left of it when it fails
``kept.py``, ``blocked.py``             what an operation keeps of connections between its steps
``lines.py``                            tasks that wait in line together
``transactions.py``, ``spelling.py``    what is sent for a commit, and for a batch
``packing.py``, ``replies.py``          commands to bytes, and raw replies to plain ones
``known.py``                            the scripts that a server is known to have
``retrying.py``, ``failures.py``        what is tried again, and what is said where that did not help
``version.py``                          which servers can be used
======================================  ============================================================================
"""
