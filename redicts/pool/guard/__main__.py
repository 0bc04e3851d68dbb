"""Runs the guard: ``python -I -S .../guard DIR SOCKETS FD PROGRAM SETTINGS``."""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    # As a package of its own, not as redicts.pool.guard: that would import all that is above it, redis-py included.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    importlib.import_module("guard.keeper").main(sys.argv[1:])
