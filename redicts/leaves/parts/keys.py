"""The keys of mappings: Python values <-> the texts that are fields of a hash; and where an iteration over them is.

May import core, errors and elements. Invariant: a text is a key, exactly: 1, 1.0, True and "1" are four.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, cast

from redicts.errors import InvalidElement
from redicts.leaves.elements import Elements, Of, Where, elements_of, frozen
from redicts.leaves.parts.seen import Seen

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    K = TypeVar("K", default=Any)
else:
    from typing import TypeVar

    K = TypeVar("K")

__all__ = ["PAGE", "K", "Keys", "Scan"]

PAGE: Final = 1000
"""How many keys an iteration asks for at once. (Small hashes come whole, whatever is asked.)"""

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})


class Keys(Generic[K]):
    """The keys of a mapping.

    Args:
        of: Their type: whatever pydantic's ``TypeAdapter`` takes; ``None`` for what JSON has for scalars, and tuples of
            that.

    Raises:
        ImportError: ``of`` was given, and pydantic is not installed.
    """

    __slots__ = ("_elements",)

    def __init__(self, of: Of[K] = None) -> None:
        self._elements: Elements[K] = elements_of(of)

    @property
    def checked(self) -> bool:
        """Whether what is stored may turn out to be no key."""
        return self._elements.checked

    def spell(self, key: K, where: Where) -> str:
        """Spell a key that is to be stored.

        Args:
            key: It.
            where: Gives the path of the leaf, for the error.

        Raises:
            TypeError: It is not hashable, or JSON has neither a scalar nor a tuple like it.
            ValueError: It is nested too deeply.
            InvalidElement: It is not of the type of the keys.
        """
        if type(key) in _SCALARS:
            return self._elements.encode(key, where)
        _ = hash(key)
        text = self._elements.encode(key, where)
        if text[0] == "{" or (text[0] == "[" and not isinstance(key, tuple)):
            raise TypeError(
                f"{key!r} cannot be a key at {where()!r}: keys are str, int, float, bool, None, what becomes one of "
                "these as JSON, and tuples"
            )
        return text

    def find(self, key: object, where: Where) -> str | None:
        """Spell a key that is looked for; ``None``: it cannot be one, so there is none like it.

        Raises:
            TypeError: It is not hashable.
        """
        try:
            return self.spell(cast("K", key), where)
        except (InvalidElement, TypeError):
            _ = hash(key)
            return None

    def read(self, text: str, where: Where) -> K:
        """Read a key.

        Raises:
            InternalError: It is not JSON.
            InvalidElement: It is not of the type of the keys.
        """
        return self._frozen([self._elements.decode(text, where)])[0]

    def read_all(self, texts: list[str], where: Where) -> list[K]:
        """Read keys."""
        return self._frozen(self._elements.decode_all(texts, where))

    def _frozen(self, keys: list[K]) -> list[K]:
        if list not in map(type, keys):
            return keys
        return [cast("K", frozen(key)) for key in keys]


class Scan:
    """How far an iteration is. A hash that shrinks meanwhile may give a key twice: it is remembered what came.

    Attributes:
        cursor: Where to go on; ``None``: nowhere.
    """

    __slots__ = ("_seen", "cursor")

    def __init__(self) -> None:
        self.cursor: str | None = "0"
        self._seen: Seen | None = None

    def feed(self, reply: Any) -> tuple[list[str], list[str]]:
        """Take a reply of ``HSCAN``, and give the texts of the keys that are new, and of their values."""
        cursor, flat = str(reply[0]), reply[1]
        names, texts = flat[::2], flat[1::2]
        self.cursor = None if cursor == "0" else cursor
        if self._seen is None:
            if self.cursor is None:
                return names, texts
            self._seen = Seen()
        seen = self._seen
        new = [(name, text) for name, text in zip(names, texts, strict=True) if seen.add(name)]
        return [name for name, _ in new], [text for _, text in new]
