"""Type tests: checked by mypy and pyright, and run."""
