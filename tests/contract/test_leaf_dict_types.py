"""``as_dict(of=, keys=)`` in every face: keys and values of types, checked on the way in and out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timezone
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict

from redicts import InvalidElement, Proxy
from redicts.leaves.dict import Dict
from tests.contract.variants import sync_only
from tests.support.backends import Backend
from tests.support.trees import behind, nothing_written


class User(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str
    born: date | None = None


class Colour(Enum):
    RED = "red"
    BLUE = 3


ONE, TWO = UUID(int=1), UUID(int=2)
ANN = User(name="Ann", born=date(1990, 2, 3))
NOON = datetime(2024, 5, 6, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("kind", "key", "other", "text"),
    [
        (UUID, ONE, TWO, f'"{ONE}"'), (datetime, NOON, NOON.replace(year=1), '"2024-05-06T12:00:00Z"'),
        (Colour, Colour.RED, Colour.BLUE, '"red"'), (int, 2**70, -1, str(2**70)), (str, "1", "é", '"1"'),
        (tuple[int, date], (1, NOON.date()), (2, NOON.date()), '[1,"2024-05-06"]'), (bytes, b"\xff", b"", '"_w=="'),
    ],
)  # fmt: skip
def test_keys_of_a_type(tree: Proxy, backend: Backend, kind: Any, key: Any, other: Any, text: str) -> None:
    seen = tree.get("seen").as_dict(keys=kind)
    seen.update([(key, 1), (other, 2)])
    fields: Any = backend.client.hkeys(backend.database.space.body(("seen",)))
    assert text.encode() in fields
    assert (seen.lookup(key), seen.get(other), seen.contains(key), seen.length()) == (1, 2, True, 2)
    assert seen.to_dict() == {key: 1, other: 2}
    assert {*seen} == {key, other}
    assert {type(each) for each in seen} == {type(key), type(other)}
    assert (seen.pop(other), seen.popitem(), seen.setdefault(other, 3)) == (2, (key, 1), 3)


@sync_only
def test_values_of_a_type(tree: Proxy) -> None:
    users = tree.get("users").as_dict(of=User, keys=UUID)
    users[ONE] = ANN
    users.update({TWO: User(name="Bob")})
    assert (users[ONE], users.get(TWO), users.get(UUID(int=3))) == (ANN, User(name="Bob"), None)
    assert users.items() >= {(ONE, ANN)}
    assert [*users.values()].count(ANN) == 1
    assert tree.val() == {
        "users": {str(ONE): {"name": "Ann", "born": "1990-02-03"}, str(TWO): {"name": "Bob", "born": None}}
    }
    assert users.pop(ONE) == users.setdefault(UUID(int=4), ANN) == ANN
    assert dict([users.popitem(), users.popitem()]) == {TWO: User(name="Bob"), UUID(int=4): ANN}


def test_what_is_not_of_the_type_is_refused_before_it_is_sent(tree: Proxy, backend: Backend) -> None:
    users: Dict[Any, Any] = tree.get("users").as_dict(of=User, keys=int)
    users.set(1, ANN)
    with nothing_written(backend):
        for act in (
            lambda: users.set(2, 5), lambda: users.set("x", ANN), lambda: users.setdefault(1, 5),
            lambda: users.update({2: ANN, 3: None}), lambda: users.update([(2, ANN), (None, ANN)]),
            lambda: users.set(2, {"name": 7}, expire=5),
        ):  # fmt: skip
            with pytest.raises(InvalidElement, match="nothing was written"):
                act()
        assert (users.get("x"), users.contains(None), users.pop("x", 2), users.delete_many(["x"])) == (
            None,
            False,
            2,
            0,
        )
        with pytest.raises(KeyError):
            users.lookup("x")
    nested: Dict[Any, Any] = tree.get("nested").as_dict(keys=User)
    with pytest.raises(TypeError, match="cannot be a key"):
        nested.set(ANN, 1)


def test_what_is_stored_and_not_of_the_type_stays(tree: Proxy, backend: Backend) -> None:
    behind(backend, "users").as_dict().update({"a": {"name": "Ann"}, "b": 5, "c": {"nme": 1}})
    users = tree.get("users").as_dict(of=User)
    acts: tuple[Callable[[], Any], ...] = (
        lambda: users.get("b"), lambda: users.lookup("c"), lambda: users.pop("b"), lambda: users.pop("c", None),
        lambda: users.get_many(["a", "b"]), users.to_dict, users.to_items, lambda: users.setdefault("b", ANN),
    )  # fmt: skip
    with nothing_written(backend):
        for act in acts:
            with pytest.raises(InvalidElement, match=r"'users'.*left where it is"):
                act()
    assert sorted(users) == ["a", "b", "c"], "keys alone are as they should be"
    assert users.pop("a") == User(name="Ann")
    with nothing_written(backend), pytest.raises(InvalidElement):
        users.popitem()
    numbers = tree.get("users").as_dict(keys=int)
    with nothing_written(backend):
        for act in (numbers.popitem, numbers.to_dict, lambda: list(numbers)):
            with pytest.raises(InvalidElement):
                act()
    users.delete("b")
    assert users.delete_many(["c"]) == 1


@sync_only
@pytest.mark.parametrize("take", ["pop", "popitem"])
def test_who_comes_between_is_noticed(tree: Proxy, monkeypatch: pytest.MonkeyPatch, take: str) -> None:
    """What has a type is looked at before it is taken."""
    users, plain = tree.get("users").as_dict(of=User), tree.get("users").as_dict()
    users.update(a=ANN)
    changes: list[Callable[[], Any]] = [
        lambda: plain.set("a", {"name": "Bob"}),
        lambda: plain.update([("a", {"name": "Eve"}), ("z", 1)]),
        lambda: plain.delete_many("az"),
    ]
    decode = Dict._decode

    def decode_slowly(self: Dict[Any, Any], text: str) -> Any:
        if self is users and changes:
            changes.pop(0)()
        return decode(self, text) if text != "1" else None

    monkeypatch.setattr(Dict, "_decode", decode_slowly)
    if take == "pop":
        assert users.pop("a", "gone") == "gone"
    else:
        with pytest.raises(KeyError):
            users.popitem()
    assert (changes, tree.val()) == ([], {})
