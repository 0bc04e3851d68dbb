"""Decorators that put a function under what the tree offers. May import the faces. Each is in a file of its own."""
