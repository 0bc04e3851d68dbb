"""``tree``, and the bounded reading behind it."""

from __future__ import annotations

import pytest

from redicts.core.kinds import KINDS
from redicts.proxy import Proxy
from redicts.tree import outline
from redicts.tree.outline import Sight, look
from tests.cli.conftest import Cli
from tests.support.backends import Backend
from tests.support.chaos import ChaosProxy
from tests.support.leaves import mount


def test_a_tree(cli: Cli, tree: Proxy) -> None:
    tree.set("shop", {"name": "Corner", "goods": {"apples": 3, "pears": [1, {"x": None}]}})
    tree.set("leaf", True)
    answer = cli("tree")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "(root)",
        "├── leaf: true",
        "└── shop",
        "    ├── goods",
        "    │   ├── apples: 3",
        '    │   └── pears: [1, {"x": null}]',
        '    └── name: "Corner"',
    ]
    assert cli("tree", "shop.goods").out.splitlines()[0] == "shop.goods"
    assert cli("tree", "shop.goods.apples").out == "shop.goods.apples: 3\n"
    assert cli("tree", "leaf").out == "leaf: true\n"


def test_nothing(cli: Cli) -> None:
    assert cli("tree").out == "(root)\n"
    answer = cli("tree", "a.b")
    assert (answer.code, answer.out, answer.err) == (1, "", "redicts: nothing is at 'a.b'\n")


def test_time_to_live_and_what_has_expired(cli: Cli, store: Backend, tree: Proxy) -> None:
    tree.set("a.token", "x", expire=100)
    tree.set("a.node", {"y": 1}, expire=200)
    tree.set("section", 5, expire=300)
    tree.set("gone", 5, expire=10)
    tree.set("a.gone", {"y": 1}, expire=10)
    tree.set("a.gone too", 1, expire=10)
    store.advance(50)
    lines = cli("tree").out.splitlines()
    assert [line.split("(")[0].strip(" │├└─") for line in lines[1:]] == [
        "a",
        "node",
        "y: 1",
        'token: "x"',
        "section: 5",
    ]
    for line, name, most in [(lines[2], "node", 150), (lines[4], "token", 50), (lines[5], "section", 250)]:
        assert name in line
        assert most - 10 < float(line.split("(")[1].split()[0]) <= most
    assert cli("tree", "a.token").out.startswith('a.token: "x"  (')


def test_limits(cli: Cli, tree: Proxy) -> None:
    tree.set("a", {"b": {"c": {"d": {"e": {"f": 1}}}}, "many": {f"n{number:03}": number for number in range(300)}})
    lines = cli("tree", "--depth", "2", "--max", "2").out.splitlines()
    assert [line.strip(" │├└─") for line in lines] == ["(root)", "a", "b  {1}", "many  {300}"]
    lines = cli("tree", "a.many", "--max", "3").out.splitlines()
    assert len(lines) == 5
    assert lines[-1] == "└── ... 297 more"
    assert "d  {1}" in cli("tree").out
    assert "f: 1" in cli("tree", "--depth", "10").out
    for words in (["--depth", "0"], ["--max", "0"], ["--depth", "x"]):
        assert cli("tree", *words).code == 2


def test_long_values_are_cut(cli: Cli, tree: Proxy) -> None:
    tree.update({"a.text": "x" * 5000, "a.list": list(range(1000)), ("a." + "n" * 500): 1})
    tree.set("a.brief", "y" * 5000, expire=100)
    for line in cli("tree").out.splitlines()[2:]:
        assert "..." in line
        assert len(line) < 160


def test_what_is_stored_cannot_steer_the_terminal(cli: Cli, tree: Proxy) -> None:
    tree.update(
        [(["a", "\x1b[31mred\x07\n"], "\x1b[2J"), (["a", "[bold]b[/bold]"], "[red]r[/red]"), (["a", "é"], "ü\u202e")]
    )
    tree.set("\x1b[1mbold", 1)
    tree.set("a.brief", "\x1b[2J" + "x" * 3000, expire=100)
    text = cli("tree").out
    assert not any((character < " " and character != "\n") or character in "\x7f\u202e" for character in text)
    assert '[bold]b[/bold]: "[red]r[/red]"' in text
    assert "é: " in text


def test_reading_is_bounded(chaos: ChaosProxy, options: list[str], tree: Proxy) -> None:
    tree.set("wide", {f"node {number}": {"x": 1, "y": 2} for number in range(20_000)})
    tree.set("flat", {f"leaf {number}": "x" * 20 for number in range(20_000)})
    cli = Cli(["--url", chaos.url, *options[2:]])
    chaos.reset()
    answer = cli("tree", "--max", "10")
    assert "... 19,990 more" in answer.out
    assert answer.out.count("\n") < 60
    assert len(chaos.reply_bytes) < 30_000
    assert chaos.round_trips < 20


def test_only_so_many_nodes_of_a_level_are_opened(tree: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "OPENED", 3)
    tree.set("a", {f"n{number}": {"x": {"y": 1}} for number in range(9)})
    top = tree._run(look(tree._space, ("a",), 3, 20), True)
    assert [child.opened for child in top.children] == [True] * 3 + [False] * 6
    assert [child.count for child in top.children] == [1] * 9


def test_every_kind_of_leaf(tree: Proxy, store: Backend) -> None:
    tree.update({"a.plain": 1, "s": 1})
    tree.set("a.brief", [1], expire=100)
    mount(store, ("a", "list"), "list")
    top = tree._run(look(tree._space, (), 3, 20), True)
    a, section = top.children
    assert section == Sight(("s",), "", "1")
    found = {child.name: (child.marker, child.text, child.count) for child in a.children}
    assert found == {"plain": ("", "1", 0), "list": ("@list", "", 4), "brief": ("~", "[1]", 0)}


def test_typed_leaves(cli: Cli, tree: Proxy, store: Backend) -> None:
    for kind in KINDS:
        mount(store, ("t", kind), kind)
    tree.set("t.set", [1]).get("t.set").convert("set")
    assert tree.get("t.list").expire(100)
    mount(store, ("section",), "queue")
    assert cli("tree").out.replace("  (99.9", "  (100.0").splitlines() == [
        "(root)",
        "├── section  <queue> 4 elements",
        "└── t",
        "    ├── bloom_filter  <bloom_filter>",
        "    ├── cache  <cache>",
        "    ├── counter  <counter> 2 items",
        "    ├── deque  <deque> 4 elements",
        "    ├── dict  <dict> 2 items",
        "    ├── hyperloglog  <hyperloglog>",
        "    ├── ids  <ids>",
        "    ├── list  <list> 4 elements  (100.0 s to live)",
        "    ├── priority_queue  <priority_queue> 2 items",
        "    ├── queue  <queue> 4 elements",
        "    ├── rate_limiter  <rate_limiter>",
        "    ├── redlock  <redlock>",
        "    ├── reliable_queue  <reliable_queue> 2 items",
        "    ├── semaphore  <semaphore>",
        "    ├── set  <set> 1 element",
        "    ├── sorted_set  <sorted_set> 2 members",
        "    └── string  <string> 4 bytes",
    ]
    assert cli("tree", "t.set").out == "t.set  <set> 1 element\n"
    assert cli("tree", "t.list").out.replace("99.9", "100.0") == "t.list  <list> 4 elements  (100.0 s to live)\n"
    store.client.delete(store.database.space.body(("t", "list")))
    assert "list  <list>" not in cli("tree").out, "it has expired"


def test_bodies_that_are_something_else_are_for_check_to_find(cli: Cli, tree: Proxy, store: Backend) -> None:
    mount(store, ("t", "list"), "list")
    mount(store, ("t", "new"), "set")
    store.client.delete(body := store.database.space.body(("t", "list")))
    store.client.hset(body, "a", "b")
    store.client.hset(*store.database.space.entry(("t", "new")), "@new\x1bkind")
    assert cli("tree", "t").out.splitlines() == [
        "t",
        "├── list  <list> 1 element",
        '└── new  <"new\\u001bkind"> 4 elements',
    ]
