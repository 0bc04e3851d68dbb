"""Typed leaves without a server."""
