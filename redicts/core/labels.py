"""What a connection is called while it waits, so that ``CLIENT LIST`` tells who waits for what: the key it waits at.

Imports nothing of redicts. Invariant: ``read_label`` undoes ``spell_label``.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

__all__ = ["read_label", "spell_label"]

_PLAIN: Final = "!$&'()*+,:;=@{}"
"""What stands in the name of a connection as it is, besides letters, digits and a few more; the rest is %-escaped."""


def spell_label(key: str) -> str:
    """Spell a key as the name of a connection, which may hold no spaces and no letters beyond ASCII.

    Example:
        >>> spell_label("redicts:w:{a}.two words")
        'redicts:w:{a}.two%20words'
    """
    return quote(key, safe=_PLAIN)


def read_label(name: str) -> str:
    """Undo ``spell_label``. Of a name that was given by others it makes some text or other."""
    return unquote(name)
