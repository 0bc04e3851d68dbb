"""What is in a typed leaf: Python values <-> the JSON texts of its elements, checked where a type was asked for.

May import core, errors and pydantic, which is imported where a type is asked for, and not before. Invariant: equal
elements have equal texts, so that the server can compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, cast

from redicts.core.codec import Json, decode, encode_canonical
from redicts.errors import InvalidElement

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)
    Of: TypeAlias = "type[T] | TypeAdapter[T] | None"
else:
    from typing import TypeVar

    T = TypeVar("T")
    Of = Any

__all__ = ["JSON", "Elements", "Of", "Typed", "Where", "elements_of", "frozen"]

Where: TypeAlias = Callable[[], str]
"""Gives the path of a leaf: it is spelled where an error has to name it, and not for each element."""


class Elements(Generic[T]):
    """Elements that are JSON values.

    Attributes:
        checked: Whether what is stored may turn out not to be an element; then it is looked at before it is taken.
    """

    __slots__ = ()

    checked: bool = False

    def encode(self, value: T, where: Where) -> str:  # noqa: ARG002  # for those that can fail
        """Spell an element.

        Args:
            value: The element.
            where: Gives the path of the leaf, for the error.

        Raises:
            TypeError: ``json.dumps`` refuses it.
            ValueError: It holds itself, or is nested too deeply.
            InvalidElement: It is not of the type of the elements.
        """
        return encode_canonical(value)

    def encode_all(self, values: Iterable[T], where: Where) -> list[str]:
        """Spell elements."""
        return [self.encode(value, where) for value in values]

    def spell(self, value: object, where: Where) -> str | None:
        """Spell what is looked for; ``None``: it cannot be an element, so there is none like it."""
        try:
            return self.encode(cast("T", value), where)
        except InvalidElement:
            return None

    def decode(self, text: str, where: Where) -> T:  # noqa: ARG002  # as above
        """Read an element.

        Raises:
            InternalError: It is not JSON.
            InvalidElement: It is not of the type of the elements.
        """
        return cast("T", decode(text))

    def decode_all(self, texts: Sequence[str], where: Where) -> list[T]:  # noqa: ARG002  # as above
        """Read elements: all at once, which takes a third of the time."""
        return cast("list[T]", decode(f"[{','.join(texts)}]"))


class Typed(Elements[T]):
    """Elements of a type, as pydantic's ``TypeAdapter`` knows it.

    Args:
        adapter: The type's.
    """

    __slots__ = ("_adapter",)

    checked = True

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        self._adapter = adapter

    def encode(self, value: T, where: Where) -> str:
        """Check and spell an element: as for ``Elements``."""
        try:
            checked = self._adapter.validate_python(value)
            return encode_canonical(self._adapter.dump_python(checked, mode="json"))
        except ValueError as error:  # pydantic's are
            raise InvalidElement(
                f"{_short(repr(value))} cannot be an element at {where()!r} ({_reason(error)}); nothing was written",
                path=where(),
                element=_short(repr(value)),
            ) from error

    def decode(self, text: str, where: Where) -> T:
        """Read and check an element: as for ``Elements``."""
        try:
            return self._adapter.validate_json(text)
        except ValueError as error:
            raise InvalidElement(
                f"the element {_short(text)} at {where()!r} is not of the type asked for ({_reason(error)}); it was "
                "left where it is. Open the place with the right type, or with none",
                path=where(),
                element=_short(text),
            ) from error

    def decode_all(self, texts: Sequence[str], where: Where) -> list[T]:
        """Read and check elements: as for ``Elements``."""
        return [self.decode(text, where) for text in texts]


JSON: Final[Elements[Any]] = Elements()
"""Elements of any kind."""


def elements_of(of: Of[T]) -> Elements[T]:
    """Give the elements of a type.

    Args:
        of: Whatever ``TypeAdapter`` takes, or one; ``None`` for any JSON value.

    Raises:
        ImportError: pydantic is not installed.
    """
    if of is None:
        return JSON
    form: Any = of
    return _typed(form) if isinstance(form, Hashable) else _make(form)


@lru_cache(maxsize=256)
def _typed(of: Any) -> Typed[Any]:
    return _make(of)


def _make(of: Any) -> Typed[Any]:
    try:
        from pydantic import ConfigDict, PydanticUserError, TypeAdapter
    except ImportError as error:
        raise ImportError("elements of a type need pydantic: pip install 'redicts[pydantic]'") from error
    if isinstance(of, TypeAdapter):
        return Typed(of)
    # Any bytes, and every float: JSON as pydantic makes it has neither.
    config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants")
    try:
        return Typed(TypeAdapter(of, config=config))
    except PydanticUserError:  # a model has a configuration of its own
        return Typed(TypeAdapter(of))


def frozen(value: Json) -> Any:
    """Make a value hashable that was when it was stored: arrays are tuples again."""
    return tuple([frozen(item) for item in value]) if isinstance(value, list) else value


def _reason(error: ValueError) -> str:
    """Say in a line what pydantic says in several."""
    found: Any = getattr(error, "errors", list)()
    said = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}".removeprefix(": ") for each in found]
    return "; ".join(said) or str(error)


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}..."
