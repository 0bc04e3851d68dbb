"""Owners of locks stepped against each other in every order: over a simulated store, and a sample on real servers."""
