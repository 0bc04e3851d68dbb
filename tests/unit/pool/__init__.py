"""The configuration of the pool: no server at all."""
