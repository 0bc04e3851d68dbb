"""The error tree: one root, attributes that survive pickling, and a table in the docstring that lists it whole."""

from __future__ import annotations

import builtins
import copy
import inspect
import pickle
import re
from typing import Any

import pytest
import redis.exceptions

import redicts.errors
from redicts.errors import ConnectionLost, LockError, OutcomeUnknown, PoolExhausted, RedictsError

CLASSES: list[type[Any]] = [
    kind
    for _, kind in inspect.getmembers(redicts.errors, inspect.isclass)
    if issubclass(kind, RedictsError) and kind.__module__ == "redicts.errors"
]
DETAILS: dict[str, dict[str, Any]] = {
    "PathError": {"path": ("a", 1)},
    "WrongType": {"path": "a.b", "expected": "list", "found": "set"},
    "NotANumber": {"path": "a", "found": '"text"'},
    "TooManyElements": {"path": "a", "count": 3000, "limit": 2500},
    "ConfigError": {"key": "host"},
    "LockError": {"path": "a"},
    "LockTimeout": {"path": "a", "timeout": 1.5},
    "LockLost": {"path": "a"},
    "NotOwner": {"path": "a", "owner": "me"},
    "InternalError": {"key": "redicts:n:{a}"},
    "ConnectionLost": {"address": "localhost:6379/0"},
    "PoolExhausted": {"address": "localhost:6379/0", "timeout": None},
    "OutcomeUnknown": {"address": "localhost:6379/0", "commands": ["EVALSHA"]},
}


def table() -> dict[str, str]:
    """The rows of the module docstring: class -> what it is also."""
    assert redicts.errors.__doc__ is not None
    return dict(re.findall(r"^``(\w+)`` +(\S.*?)? {2,}\S", redicts.errors.__doc__, re.MULTILINE))


def test_there_are_errors_to_test() -> None:
    assert {kind.__name__ for kind in CLASSES} == set(redicts.errors.__all__)
    assert len(CLASSES) >= 14


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_and_copying_keep_text_and_attributes(kind: type[RedictsError], protocol: int) -> None:
    details = DETAILS.get(kind.__name__, {})
    error = kind("what happened; what to do", **details)
    for other in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is kind
        assert str(other) == "what happened; what to do"
        assert other.details == details
        assert {name: getattr(other, name) for name in details} == details


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_has_the_root_and_no_builtin_name(kind: type[RedictsError]) -> None:
    assert issubclass(kind, RedictsError)
    assert not hasattr(builtins, kind.__name__)
    assert kind.__doc__


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not RedictsError])
def test_attributes_are_declared_and_documented(kind: type[RedictsError]) -> None:
    declared = {name for parent in kind.__mro__ for name in vars(parent).get("__annotations__", {})}
    assert declared >= set(DETAILS.get(kind.__name__, {}))
    for name in vars(kind).get("__annotations__", {}):
        assert f"``{name}``" in (kind.__doc__ or "")


def test_the_table_lists_every_class_and_what_it_is() -> None:
    rows = table()
    assert set(rows) == {kind.__name__ for kind in CLASSES} - {"RedictsError"}
    known = {**vars(builtins), **vars(redicts.errors), "redis.ConnectionError": redis.exceptions.ConnectionError}
    for name, also in rows.items():
        kind = getattr(redicts.errors, name)
        for parent in re.findall(r"``([\w.]+)``", also):
            assert issubclass(kind, known[parent]), f"{name} is no {parent}"


def test_code_that_handles_redis_errors_goes_on_working() -> None:
    for kind in (ConnectionLost, PoolExhausted, OutcomeUnknown):
        with pytest.raises(redis.ConnectionError):
            raise kind("gone", address="x")
    assert issubclass(PoolExhausted, ConnectionLost)
    assert not issubclass(OutcomeUnknown, ConnectionLost)  # never to be tried again like the others
    assert {kind.__name__ for kind in LockError.__subclasses__()} == {
        "LockTimeout", "LockLost", "NotOwner", "TooManyExtensions",
    }  # fmt: skip
