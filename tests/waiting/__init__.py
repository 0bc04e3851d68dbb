"""Waiting for locks: how long it takes, what it costs, who is next, and that nothing is left of it."""
