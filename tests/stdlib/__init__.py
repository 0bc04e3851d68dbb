"""CPython's own tests of its containers, run against typed leaves on a real server."""
