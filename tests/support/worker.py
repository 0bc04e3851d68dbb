"""The program of the processes that ``tests.support.processes`` starts.

It reads one pickled job from stdin, says that it is ready, waits for the word to go, runs the function, and writes the
pickled outcome to the descriptor it was given. What the function prints goes to stdout, line by line.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from typing import Any


def _outcome(function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[str, Any]:
    try:
        return "ok", function(*arguments, **keywords)
    except BaseException as error:  # noqa: BLE001  # whatever it is, the parent is told
        return "error", (f"{type(error).__name__}: {error}", traceback.format_exc())


def main() -> None:
    """Run one job."""
    reply = int(sys.argv[1])
    stdin = sys.stdin.buffer
    size = int(stdin.readline())
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with os.fdopen(reply, "wb") as out:
        try:
            function, arguments, keywords = pickle.loads(stdin.read(size))
        except Exception as error:  # noqa: BLE001
            pickle.dump(("error", (f"the job could not be loaded: {error}", traceback.format_exc())), out)
            return
        out.write(b"ready\n")
        out.flush()
        if stdin.readline() != b"go\n":
            return
        kind, value = _outcome(function, arguments, keywords)
        try:
            data = pickle.dumps((kind, value))
        except Exception as error:  # noqa: BLE001
            data = pickle.dumps(("error", (f"the result cannot be pickled: {error}", traceback.format_exc())))
        out.write(data)


if __name__ == "__main__":
    main()
