"""What the faces have in common: ``proxy``, ``lock``, ``aio`` and ``pipeline`` are made of it."""
