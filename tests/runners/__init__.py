"""The synchronous runner over real connections: every effect, every way in which a connection may fail."""
