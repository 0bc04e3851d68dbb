"""The rules themselves: pure functions from source to violations, so that each can be shown to fail."""
