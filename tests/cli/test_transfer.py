"""``import`` and ``export``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from redicts.cli import plan
from redicts.cli.stream import ObjectWriter
from redicts.core.kinds import KINDS
from redicts.proxy import Proxy
from tests.cli.conftest import Answer, Cli
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy
from tests.support.leaves import EXAMPLES, mount, same
from tests.support.trees import canonical

DOCUMENT: dict[str, Any] = {
    "section that is a leaf": [1, {"x": None}],
    "empty": {},
    "hosts": {"example.org": {"port": 80, "{tag}": {}}, 'quote"': {"\\": "\n", "": 0} | {"😀": "é"}},
    "numbers": {"big": 2**80, "small": 5e-324, "many": {str(n): n for n in range(3000)}},
    "deep": {"a": {"b": {"c": {"d": {"e": None}}}}},
}
del DOCUMENT["hosts"]['quote"'][""]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def test_round_trip(cli: Cli, tree: Proxy, file: Path) -> None:
    answer = cli("import", str(file))
    assert answer == Answer(0, "", "")
    assert tree.val() == DOCUMENT
    for words in ([], ["--pretty"], ["--compact"], ["--snapshot"], ["--snapshot", "--pretty"]):
        exported = cli("export", *words)
        assert (exported.code, exported.err, exported.json) == (0, "", DOCUMENT)
        assert exported.out.endswith("}\n")
    for name, value in DOCUMENT.items():
        assert cli("export", name).json == value
    assert cli("export", r"hosts.example\.org").json == DOCUMENT["hosts"]["example.org"]
    assert cli("export", r"hosts.example\.org.port").out == "80\n"


def test_through_pipes(cli: Cli, tree: Proxy) -> None:
    tree.update({"a.b": 1, "a.c": {}})
    assert cli("import", "-", "--at", "copy", stdin=cli("export", "a").out).code == 0
    assert tree["copy"].val() == tree["a"].val()


def test_an_empty_tree(cli: Cli, tree: Proxy) -> None:
    assert cli("export").out == cli("export", "--snapshot").out == "{}\n"
    assert cli("import", "-", stdin="{}").code == 0
    assert tree.val() == {}


def test_export_of_what_is_not_there(cli: Cli, tmp_path: Path) -> None:
    for words in (["a.b"], ["a.b", "-o", str(tmp_path / "x")]):
        answer = cli("export", *words)
        assert (answer.code, answer.out) == (1, "")
    assert list(tmp_path.iterdir()) == []


def test_what_has_expired_is_not_exported(cli: Cli, store: Backend, tree: Proxy) -> None:
    tree.set("a.short", 1, expire=10)
    tree.set("a.node", {"x": 1}, expire=10)
    tree.set("a.long", 2, expire=1000)
    assert cli("export").json == {"a": {"short": 1, "node": {"x": 1}, "long": 2}}
    store.advance(20)
    assert cli("export").json == {"a": {"long": 2}}


def test_typed_leaves_are_exported_as_plain_json(cli: Cli, store: Backend, tree: Proxy, tmp_path: Path) -> None:
    for kind in KINDS:
        mount(store, ("t", kind), kind)
    tree.set("t.plain.x", 1)
    mount(store, ("s",), "list")
    for words in (["export"], ["export", "--snapshot"], ["get"]):
        found = cli(*words).json
        assert canonical(found.pop("s")) == canonical(EXAMPLES["list"].shown)
        assert found["t"].pop("plain") == {"x": 1}
        assert all(same(kind, shown, EXAMPLES[kind].shown) for kind, shown in found.pop("t").items())
        assert not found
    assert cli("export", "s").out == cli("get", "s").out == '[1,"\\u00e9",[2.0,null],{"a":[],"b":-0.0}]\n'
    assert cli("export", "t.string").json == EXAMPLES["string"].shown
    target = tmp_path / "all.json"
    assert cli("export", "-o", str(target)).code == 0
    assert cli("import", str(target)).code == 0
    assert tree["t.list"].kind() == "leaf", "what is imported is plain JSON"
    assert cli("set", "s", "5").code == 0
    assert tree["s"].val() == 5


def test_many_typed_leaves_take_few_round_trips(chaos: ChaosProxy, options: list[str], tree: Proxy) -> None:
    for number in range(60):
        tree.set(f"t.l{number}", [number]).get(f"t.l{number}").convert("list")
    cli = Cli(["--url", chaos.url, *options[2:]])
    chaos.reset()
    assert cli("export").json == {"t": {f"l{number}": [number] for number in range(60)}}
    assert chaos.round_trips < 20


def test_import_replaces_what_stands_at_the_place(cli: Cli, tree: Proxy) -> None:
    tree.update({"a.old": 1, "a.n.old": 1, "b": 2})
    tree["a"].expire(100)
    assert cli("import", "-", "--at", "a", stdin='{"n": {"x": 1}}').code == 0
    assert tree.val() == {"a": {"n": {"x": 1}}, "b": 2}
    assert tree["a"].time_to_live() == -1
    assert cli("import", "-", stdin='{"a": 5}').code == 0
    assert tree.val() == {"a": 5, "b": 2}


def test_merge_keeps_what_is_there(cli: Cli, tree: Proxy) -> None:
    tree.update({"a.old": 1, "a.n.old": 1, "a.full.x": 1, "a.leaf": 1})
    tree["a.n"].expire(100)
    document = {"n": {"x": 1}, "full": {}, "leaf": {}, "old": {"now": "a node"}}
    assert cli("import", "-", "--at", "a", "--merge", stdin=json.dumps(document)).code == 0
    assert tree.val() == {"a": {"old": {"now": "a node"}, "n": {"old": 1, "x": 1}, "full": {"x": 1}, "leaf": {}}}
    assert tree["a.n"].time_to_live() > 0
    assert cli("import", "-", "--merge", stdin='{"b": {"x": 1}}').code == 0
    assert tree["b.x"].val() == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"a": 1', []),
        (b"", []),
        (b'{"a": 1}\n{"b": 2}', []),
        (b"\xff\xff{}", []),
        (b"[1]", []),
        (b'{"ok": 1, "": 2}', []),
        (b'{"ok": 1, "deep": {"x": {"": 2}}}', ["--at", "a"]),
        (b'{"x":' * 130 + b"1" + b"}" * 130, []),
        (b"[" * 100_000, []),
        (b"{}", ["--at", "a..b"]),
    ],
)
def test_nothing_is_written_of_a_bad_file(cli: Cli, tree: Proxy, tmp_path: Path, text: bytes, words: list[str]) -> None:
    tree.set("a", {"x": 1})
    file = tmp_path / "bad.json"
    file.write_bytes(text)
    answer = cli("import", str(file), *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err
    assert tree.val() == {"a": {"x": 1}}


def test_a_file_that_is_not_there(cli: Cli, tmp_path: Path) -> None:
    answer = cli("import", str(tmp_path / "none.json"))
    assert answer.code == 2
    assert "none.json" in answer.err
    assert cli("export", "-o", str(tmp_path / "no" / "x.json")).code == 2


def test_other_encodings(cli: Cli, tree: Proxy, tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        file = tmp_path / encoding
        file.write_text('{"a": "é"}', encoding=encoding)
        assert cli("import", str(file)).code == 0
        assert tree.val() == {"a": "é"}


@pytest.mark.parametrize("merge", [[], ["--merge"]])
def test_a_large_document_goes_in_batches(
    cli: Cli, tree: Proxy, monkeypatch: pytest.MonkeyPatch, file: Path, merge: list[str]
) -> None:
    for name in ("ONE_STEP_BYTES", "ONE_MERGE_BYTES", "BATCH_BYTES"):
        monkeypatch.setattr(plan, name, 5000)
    tree.set("at.numbers.many.old", "x")
    answer = cli("import", str(file), "--at", "at", *merge)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "redicts: 3,009 leaves are too many for one atomic step; writing them in batches\n"
    left = tree["at"].val()
    if merge:
        assert left["numbers"]["many"].pop("old") == "x"
    assert left == DOCUMENT
    assert tree.check() == []


def test_a_small_document_is_one_step(cli: Cli, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    updates: list[int] = []
    original = Proxy.update

    def counted(self: Proxy, mapping: Any) -> None:
        updates.append(len(mapping))
        original(self, mapping)

    monkeypatch.setattr(Proxy, "update", counted)
    assert cli("import", str(file)).code == 0
    assert cli("import", str(file), "--at", "x").code == 0
    assert updates == [len(DOCUMENT), 1]


def test_an_interrupted_import_says_how_far_it_came(
    cli: Cli, tree: Proxy, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr(plan, "ONE_STEP_BYTES", 5000)
    monkeypatch.setattr(plan, "BATCH_BYTES", 5000)
    batches = iter([None] * 10)
    original = Proxy.update

    def interrupted(self: Proxy, mapping: Any) -> None:
        if next(batches, "last") == "last":
            raise KeyboardInterrupt
        original(self, mapping)

    monkeypatch.setattr(Proxy, "update", interrupted)
    answer = cli("import", str(file))
    assert (answer.code, answer.out) == (130, "")
    assert " of 3,009 leaves are written; import again to complete" in answer.err
    assert answer.err.endswith("redicts: interrupted\n")
    assert 0 < sum(1 for _ in tree.iter_children()) < 3009
    monkeypatch.undo()
    assert cli("import", str(file)).code == 0
    assert tree.val() == DOCUMENT


def test_export_to_a_file(cli: Cli, tree: Proxy, tmp_path: Path) -> None:
    tree.update(DOCUMENT)
    file = tmp_path / "out.json"
    file.write_text("old")
    file.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(file)
    answer = cli("export", "-o", str(link))
    assert answer == Answer(0, "", "")
    assert json.loads(file.read_text()) == DOCUMENT
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(tmp_path.iterdir()) == [link, file]


def test_export_to_a_device(cli: Cli, tree: Proxy) -> None:
    tree.set("a", 1)
    assert cli("export", "-o", os.devnull).code == 0
    assert Path(os.devnull).is_char_device()
    assert cli("export", "-o", "-").json == {"a": 1}


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (OSError(28, "No space left on device"), 2)])
def test_an_export_that_fails_leaves_the_old_file(
    cli: Cli, tree: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Any, code: int
) -> None:
    tree.update(DOCUMENT)
    file = tmp_path / "out.json"
    file.write_text("old")
    original = ObjectWriter.leaf
    leaves = iter(range(1500))

    def failing(self: ObjectWriter, path: Any, text: str) -> None:
        if next(leaves, None) is None:
            raise error
        original(self, path, text)

    monkeypatch.setattr(ObjectWriter, "leaf", failing)
    answer = cli("export", "-o", str(file))
    assert (answer.code, answer.out) == (code, "")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]
