"""Typed leaves: Python's containers, mounted in the tree. One file for each, with its operations and its three faces.

What all have in common is in ``leaf``, ``elements`` and ``opening``; ``core/kinds.py`` lists them. May import core and
errors (and pydantic, where types are asked for).
"""
