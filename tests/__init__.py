"""The tests of redicts; their folders are described in docs/contributing.md."""
