"""The ``redicts`` command: the tree from a shell.

Here is only its entry point, which needs none of the packages of the extra.

===============  ====================================================================
file             what lives there
===============  ====================================================================
``commands.py``  the group: all commands, and how each of them ends
``exits.py``     exit codes, and which error leads to which
``connection``   ``--url``, ``--embedded``, ``--namespace``; what a PATH is
``output.py``    JSON on stdout, words and progress on stderr
``reading.py``   ``get``, ``ttl``
``writing.py``   ``set``, ``delete``, ``expire``, ``persist``
``locking.py``   ``locks``, ``unlock``; what they read: ``locks/listing.py``
``health.py``    ``ping``, ``check``
``transfer.py``  ``import``, ``export``; their pure halves: ``plan.py``, ``stream.py``
``treeview.py``  ``tree``; what it reads: ``tree/outline.py``
``demo.py``      ``demo``; its document and its workers: ``demo_document``, ``demo_worker``
===============  ====================================================================

May import faces and everything below them, click and rich; rich only inside functions: most commands need none of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

__all__ = ["main"]

NEEDED = ("click", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ``redicts`` command.

    Args:
        arguments: The command line without the program's name; ``None`` for the process's own.

    Returns:
        The exit code (see ``exits.py``). Most commands end by ``SystemExit`` with it instead, as click has it.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        hint = f'the redicts command needs {" and ".join(missing)}: pip install "redicts[cli]"'
        print(hint, file=sys.stderr)
        return 2
    from redicts.cli.commands import run

    return run(arguments)
