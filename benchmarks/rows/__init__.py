"""The rows, by what they are about. Importing this registers them all, in the order of the imports."""

from __future__ import annotations

from benchmarks.rows import calls, documents, figures, foreign

__all__ = ["calls", "documents", "figures", "foreign"]
