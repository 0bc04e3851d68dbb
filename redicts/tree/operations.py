"""All operations of the tree, in one class for the faces to mount."""

from __future__ import annotations

from redicts.tree.changing import Changing
from redicts.tree.checking import Checking
from redicts.tree.converting import Converting
from redicts.tree.walking import Walking
from redicts.tree.writing import Writing

__all__ = ["TreeOperations"]


class TreeOperations(Writing, Changing, Converting, Walking, Checking):
    """What every face of a place can do."""

    __slots__ = ()
