"""There is one MISSING, wherever it has been."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from redicts.core.missing import MISSING, Missing


def test_it_stays_the_one() -> None:
    assert pickle.loads(pickle.dumps(MISSING)) is MISSING
    assert copy.copy(MISSING) is MISSING
    assert copy.deepcopy([MISSING])[0] is MISSING
    assert list(Missing) == [MISSING]


def test_it_is_no_other_value() -> None:
    others: list[Any] = [None, False, "missing", 0, "", Missing]
    assert MISSING not in others
    assert repr(MISSING) == "<missing>"
