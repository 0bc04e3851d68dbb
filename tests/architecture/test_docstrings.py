"""Docstrings tell the truth where a machine can check it."""

from __future__ import annotations

import pytest

from tests.architecture.rules import docstrings
from tests.architecture.rules.source import Module, package_modules


def error_names() -> set[str]:
    from redicts import errors

    return set(errors.__all__)


def test_errors_under_raises_exist() -> None:
    names = error_names()
    assert [found for module in package_modules() for found in docstrings.raises_violations(module, names)] == []


def test_operations_state_atomicity_and_cost() -> None:
    assert [found for module in package_modules() for found in docstrings.operation_violations(module)] == []


def test_errors_have_one_root_and_no_builtin_name() -> None:
    import builtins

    from redicts import errors

    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.RedictsError)
        assert not hasattr(builtins, name)


# -- the rules themselves ------------------------------------------------------------------------------------------

DOCUMENTED = '''
def f():
    """Do it.

    Args:
        x: NotAName: text.

    Raises:
        {raises}: when it goes
            wrong: very wrong.
        ValueError: always.

    Cost: one.
    """
'''


@pytest.mark.parametrize(
    "raises",
    ["PathErorr", "Nothing", "redis.NoSuchError", "asyncio.Cancelled", "json.JSONDecodeErrr", "TypeError, X"],
)
def test_an_error_that_does_not_exist_is_found(raises: str) -> None:
    module = Module("redicts.made", DOCUMENTED.format(raises=raises))
    assert len(docstrings.raises_violations(module, {"PathError"})) == 1


@pytest.mark.parametrize(
    "raises", ["PathError", "KeyError", "redis.ConnectionError", "asyncio.CancelledError", "PathError, TypeError"]
)
def test_an_error_that_exists_is_not(raises: str) -> None:
    module = Module("redicts.made", DOCUMENTED.format(raises=raises))
    assert docstrings.raises_violations(module, {"PathError"}) == []


def test_the_names_of_a_section() -> None:
    text = "Do.\n\nRaises:\n    A: x\n      more: text\n    `B`, C: y\n\n    D: z\n\nReturns:\n    E: no"
    assert docstrings.raises_names(text) == ["A", "B", "C", "D"]


OPERATION = '''
class Tree:
    @operation(idempotent=True)
    def val(self):
        """Read.

        {lines}
        """
'''


@pytest.mark.parametrize(("lines", "count"), [("", 2), ("Cost: 1 round trip", 1), ("Atomicity:", 2)])
def test_an_operation_that_does_not_state_its_cost_is_found(lines: str, count: int) -> None:
    module = Module("redicts.made", OPERATION.format(lines=lines))
    assert len(docstrings.operation_violations(module)) == count


def test_an_operation_that_states_both_is_not() -> None:
    lines = "Atomicity: one step.\n        Cost: 1 round trip."
    assert docstrings.operation_violations(Module("redicts.made", OPERATION.format(lines=lines))) == []
