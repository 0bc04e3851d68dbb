"""A real document of more than 25,000 leaves: locale data of the CLDR, as the package Babel carries it.

Babel comes with Sphinx, so with the test requirements. Its data has names and texts of many scripts, empty nodes,
names with spaces, and nodes of one leaf and of hundreds. On real servers only: fakeredis reads a command in time that
grows with the square of its length. Seconds each, and servers answer alike: each test has the ones it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from babel import localedata

from redicts import Proxy
from tests.contract.variants import on
from tests.support.backends import Backend
from tests.support.trees import canonical

LOCALES = ("ar", "de", "en", "fr", "hi", "ru")


@cache
def document() -> dict[str, Any]:
    """The locales' data, as JSON takes it."""
    return {name: as_json(localedata.load(name)) for name in LOCALES}


def as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): as_json(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(child) for child in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """The leaves of a document by their paths, counted without any help of redicts."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    return {place: leaf for name, child in value.items() for place, leaf in leaves(child, (*path, name)).items()}


def test_it_is_large_and_awkward() -> None:
    paths = leaves(document())
    assert len(paths) >= 25_000
    assert max(map(len, paths)) >= 5
    assert sum(isinstance(text, str) and not text.isascii() for text in paths.values()) > 1_000
    assert {} in paths.values()


@on("valkey-resp3", "redis-resp2")
def test_a_document_of_many_leaves(tree: Proxy) -> None:
    place = tree.set("cldr", document()).get("cldr")
    assert canonical(place.val()) == canonical(document())
    assert tree.check() == []
    assert place.get("en.languages.de").val() == "German"
    paths = leaves(document())
    assert {leaf.path[1:] for leaf in place.iter_children()} == set(paths)
    for path in list(paths)[::1000]:
        assert canonical(place.get(path).val()) == canonical(paths[path])


@on("redis-resp3")
def test_it_goes_as_a_whole(tree: Proxy, backend: Backend) -> None:
    place = tree.set("cldr", document()).get("cldr")
    assert place.compare_and_set({**document(), "en": 1}, 2) is False
    assert place.compare_and_set(document(), {"replaced": True}) is True
    assert tree.val() == {"cldr": {"replaced": True}}
    assert len(backend.keys()) == 2


@on("valkey-resp3")
def test_a_life_for_all_of_it(tree: Proxy, backend: Backend) -> None:
    place = tree.set("cldr", document()).get("cldr")
    assert place.expire(1000)
    assert canonical(place.val()) == canonical(document())
    assert tree.check() == []
    keys = set(backend.keys()) - {backend.database.space.sections}
    assert all(backend.client.pttl(key) > 0 for key in keys)
    assert place.persist()
    assert all(backend.client.pttl(key) == -1 for key in keys)
