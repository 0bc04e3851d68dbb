"""Rules about the source itself: imports, sizes, headers, docstrings, package data."""
