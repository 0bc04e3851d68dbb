"""What the faces have in common: ``proxy``, ``lock``, ``aio`` and ``pipeline`` are made of it. No I/O here.

==================  =====================================================================
``located.py``      a place that knows where it is: the part of every ``Proxy``
``leasing.py``      from the wish for a lock to what is held
``alone.py``        a lock by itself: the part of every ``Lock``
``queued.py``       places and leases whose operations are queued
``pipes.py``        blocks of pipelines: what is queued, by which, and what becomes of it
``followers.py``    what follows on an execution: combined results, callbacks, the error
``raw.py``          commands of the user's own
==================  =====================================================================
"""
