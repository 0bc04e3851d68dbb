"""The rows, by what they are about. Importing this registers them all, in the order of the imports."""

from __future__ import annotations

from benchmarks.rows import calls, documents, figures, foreign, locks  # isort: skip
from benchmarks.rows import contended  # isort: skip  # after the locks that nobody else wants
from benchmarks.rows import coroutines, pipelines  # isort: skip
from benchmarks.rows import leaves  # isort: skip
from benchmarks.rows import hyperloglog  # isort: skip
from benchmarks.rows import cache  # isort: skip
from benchmarks.rows import bloom_filter  # isort: skip
from benchmarks.rows import rate_limiter, semaphore  # isort: skip
from benchmarks.rows import ids  # isort: skip
from benchmarks.rows import redlock  # isort: skip

__all__ = [
    "bloom_filter",
    "cache",
    "calls",
    "contended",
    "coroutines",
    "documents",
    "figures",
    "foreign",
    "hyperloglog",
    "ids",
    "leaves",
    "locks",
    "pipelines",
    "rate_limiter",
    "redlock",
    "semaphore",
]
