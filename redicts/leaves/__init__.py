"""Typed leaves: Python's containers, mounted in the tree. One file for each, with its operations and its three faces.

What all have in common is in ``leaf``, ``elements``, ``waiting`` and ``opening``; what several have, in ``parts/``.
Their scripts are in ``scripts/``, and ``core/kinds.py`` lists them. May import core and errors (and pydantic, where
types are asked for).
"""
