"""The pure half of ``import``: a document to batches of bounded size."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redicts.cli import plan as planning
from redicts.cli.plan import Piece, Plan
from redicts.core.paths import MAX_COMPONENTS, Path
from redicts.errors import PathError
from tests.cli.test_stream import NAMES

DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    st.integers() | st.text(max_size=200) | st.just({}) | st.lists(st.text(max_size=100), max_size=4),
    lambda below: st.dictionaries(NAMES.filter(bool), below, min_size=1, max_size=5),
    max_leaves=40,
)


def put(tree: dict[str, Any], piece: Piece) -> None:
    """Set a place, as ``update`` does, in a plain dict."""
    *above, name = ("", *piece.path)
    for component in above:
        if not isinstance(tree.get(component), dict):
            tree[component] = {}
        tree = tree[component]
    tree[name] = json.loads(json.dumps(piece.value))


def replay(plan: Plan, before: dict[str, Any]) -> Any:
    tree = {"": before}
    for batch in plan.batches():
        for piece in batch:
            put(tree, piece)
    return tree[""]


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ONE_STEP_BYTES", "ONE_MERGE_BYTES", "BATCH_BYTES"):
        monkeypatch.setattr(planning, name, 500)


@given(DOCUMENTS, st.sampled_from([("a",), ("a", "b.c")]))
@pytest.mark.usefixtures("small_steps")
def test_the_pieces_make_the_document(document: Any, base: Path) -> None:
    plan = Plan(document, base)
    tree = replay(plan, {"a": {"old": {"x": 1}, "b.c": {"old": 2}}, "other": 3})
    place = tree["a"] if len(base) == 1 else tree["a"]["b.c"]
    assert place == document
    assert tree["other"] == 3
    assert sum(piece.leaves for batch in plan.batches() for piece in batch) == plan.leaves


@given(DOCUMENTS.filter(lambda document: isinstance(document, dict)))
@pytest.mark.usefixtures("small_steps")
def test_at_the_root_other_sections_stay(document: Any) -> None:
    tree = replay(Plan(document, ()), {"other section": 3, **{name: {"old": 1} for name in document}})
    assert tree == {"other section": 3, **document}


@given(DOCUMENTS)
@pytest.mark.usefixtures("small_steps")
def test_batches_are_bounded(document: Any) -> None:
    plan = Plan(document, ("a",))
    for batch in plan.batches():
        assert len(batch) == 1 or sum(plan._size(piece.value).weight for piece in batch) <= 500


@given(DOCUMENTS)
def test_what_is_small_enough_is_one_step(document: Any) -> None:
    for merge in (False, True):
        plan = Plan(document, ("a",), merge)
        assert plan.atomic
        assert len(list(plan.batches())) == 1
    assert next(Plan(document, ("a",)).batches()) == [Piece(("a",), document, plan.leaves)]


def test_a_merge_sets_leaves_only() -> None:
    (batch,) = Plan({"a": {"x": 1, "y": {}}, "b": [1]}, ("m",), merge=True).batches()
    assert batch == [
        Piece(("m", "a", "x"), 1, 1),
        Piece(("m", "a", "y"), {}, 1),
        Piece(("m", "b"), [1], 1),
    ]


def test_leaves_are_counted() -> None:
    assert Plan({"a": {"x": 1, "y": {}}, "b": [1, 2]}, ()).leaves == 3
    assert Plan(5, ("a",)).leaves == 1
    assert Plan({}, ("a",)).leaves == 1
    assert Plan({}, ()).leaves == 1
    assert list(Plan({}, ()).batches()) == []


def nested(levels: int) -> Any:
    document: Any = 1
    for _ in range(levels):
        document = {"x": document}
    return document


@pytest.mark.parametrize(
    ("document", "base"),
    [
        (1, ()),
        ([], ()),
        ({"": 1}, ()),
        ({"a": {"b": {"": 1}}}, ("x",)),
        ({"x" * 1025: 1}, ()),
        ({"\ud800": 1}, ()),
        (nested(MAX_COMPONENTS + 1), ()),
        (nested(MAX_COMPONENTS), ("x",)),
        (nested(900), ()),
    ],
)
def test_what_cannot_be_imported(document: Any, base: Path) -> None:
    with pytest.raises(PathError):
        Plan(document, base)


def test_the_deepest_document() -> None:
    assert Plan(nested(MAX_COMPONENTS), ()).leaves == 1
