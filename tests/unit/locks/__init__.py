"""Locks without a server: pure parts, and generators stepped by hand."""
