"""``python -m redicts``: the same as the ``redicts`` command."""

from __future__ import annotations

import sys

from redicts.cli import main

if __name__ == "__main__":
    sys.exit(main())
