"""The command as users run it: real processes, pipes, terminals and signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from redicts.cli import main
from redicts.proxy import Proxy
from tests.cli.conftest import ROOT, Answer, Shell
from tests.support.chaos import ChaosProxy
from tests.support.waiting import wait_until


@pytest.fixture
def slow(chaos: ChaosProxy, options: list[str]) -> Shell:
    """The command, behind a proxy that can hold it up."""
    return Shell(["--url", chaos.url, *options[2:]])


def in_terminal(shell: Shell, *words: str, stream: str = "stdout") -> Answer:
    """Run a command with stdout, or stderr, on a terminal; what it said there has the terminal's line ends."""
    ours, theirs = os.openpty()
    said = bytearray()

    def listen() -> None:
        try:
            while data := os.read(ours, 4096):
                said.extend(data)
        except OSError:  # Linux: nobody has the other end any more
            pass

    process = shell.start(*words, **{stream: theirs})
    os.close(theirs)
    listener = threading.Thread(target=listen)
    listener.start()
    out, err = process.communicate(timeout=30)
    listener.join()
    os.close(ours)
    text = said.decode()
    return Answer(process.returncode, text if stream == "stdout" else out, text if stream == "stderr" else err)


def test_a_session(shell: Shell, tree: Proxy) -> None:
    assert shell("set", "a", "-", stdin='{"x": [1, 2]}') == Answer(0, "", "")
    assert shell("get", "a") == Answer(0, '{"x":[1,2]}\n', "")
    assert shell("get", "b") == Answer(1, "", "redicts: nothing is at 'b'\n")
    assert shell("set", "b", "text").code == 2
    assert tree.val() == {"a": {"x": [1, 2]}}


def test_no_server() -> None:
    answer = Shell(["--url", "redis://127.0.0.1:1"])("get")
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("redicts: no connection to 127.0.0.1:1/0")
    assert answer.err.count("\n") == 1


def test_embedded_is_shared_and_kept(folder: Path) -> None:
    shell = Shell(["--embedded", str(folder)])
    assert shell("set", "a", "1").code == 0
    assert shell("get", "a").out == "1\n"


@pytest.mark.parametrize(("command", "unbuffered"), [("export", ""), ("get", ""), ("get", "1")])
def test_a_closed_pipe_is_quiet(shell: Shell, tree: Proxy, command: str, unbuffered: str) -> None:
    tree.set("a", {f"leaf {number}": "x" * 100 for number in range(5000)})
    shell.environment = {"PYTHONUNBUFFERED": unbuffered}
    process = shell.start(command)
    assert process.stdout is not None
    assert process.stdout.read(10) == '{"a":{"lea'
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, "")


def test_a_pipe_closed_before_the_first_word(shell: Shell, tree: Proxy) -> None:
    tree.set("a", 1)
    reading, writing = os.pipe()
    os.close(reading)
    process = shell.start("get", "a", stdout=writing)
    os.close(writing)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk(shell: Shell, tree: Proxy, unbuffered: str) -> None:
    tree.set("a", 1)
    shell.environment = {"PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        process = shell.start("get", "a", stdout=full)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (2, "redicts: [Errno 28] No space left on device\n")


def test_closed_streams(shell: Shell, tree: Proxy) -> None:
    tree.set("a", 1)
    for closing, words, code in [
        (">&-", "get a", 0),
        ("<&-", "set b -", 2),
        ("2>&-", "get b", 1),
        (">&- 2>&-", "tree", 0),
    ]:
        command = " ".join([sys.executable, "-m", "redicts", *shell.options, words, closing])
        done = subprocess.run(["sh", "-c", command], env=shell.variables(), capture_output=True, text=True, timeout=30)
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_export_that_is_ended_leaves_the_old_file(
    slow: Shell, chaos: ChaosProxy, tree: Proxy, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    tree.update({f"section {number}.x": number for number in range(2000)})
    file = tmp_path / "out.json"
    file.write_text("old")
    chaos.delay(0.2)
    process = slow.start("export", "-o", str(file))
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2, 30, what="the partial file")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_interrupted_import(slow: Shell, chaos: ChaosProxy, tree: Proxy, tmp_path: Path) -> None:
    document = {"a": {f"n{number}": "x" * 1000 for number in range(6000)}}
    file = tmp_path / "in.json"
    file.write_text(json.dumps(document))
    chaos.delay(0.2)
    process = slow.start("import", str(file))
    wait_until(tree["a"].exists, what="the first batch")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "writing them in batches" in err
    assert "of 6,000 leaves are written; import again to complete" in err
    assert err.endswith("redicts: interrupted\n")
    assert tree.check() == []
    chaos.heal()
    assert slow("import", str(file)).code == 0
    assert tree.val() == document


def test_colours_on_a_terminal_only(shell: Shell, tree: Proxy) -> None:
    tree.set("a", {"x": 1, "y": "text"})
    shell.environment = {"TERM": "xterm-256color", "COLUMNS": "80"}
    assert "\x1b[" in in_terminal(shell, "tree").out
    assert "\x1b" not in shell("tree").out
    shell.environment["NO_COLOR"] = "1"
    plain = in_terminal(shell, "tree").out
    assert "\x1b" not in plain
    assert plain.replace("\r\n", "\n") == shell("tree").out


def test_json_on_a_terminal_is_for_reading(shell: Shell, tree: Proxy) -> None:
    tree.set("a", {"x": "ü", "y": "\x1b[2J"})
    shell.environment = {"PYTHONIOENCODING": "utf-8"}
    assert in_terminal(shell, "get", "a", "--compact").out == '{"x":"ü","y":"\\u001b[2J"}\r\n'
    assert in_terminal(shell, "export", "a.x").out == '"\\u00fc"\r\n'
    assert in_terminal(shell, "get").out.startswith('{\r\n  "a": {')
    shell.environment = {"PYTHONIOENCODING": "ascii"}
    assert in_terminal(shell, "get", "a.x").out == '"\\u00fc"\r\n'


def test_text_for_a_terminal_cannot_steer_it(shell: Shell, tree: Proxy) -> None:
    tree.set("a", {"x": "\x9b2J", "y": "\u202e"})
    shell.environment = {"PYTHONIOENCODING": "utf-8"}
    assert in_terminal(shell, "get", "a", "--compact").out == '{"x":"\\u009b2J","y":"\\u202e"}\r\n'


def test_progress_goes_to_a_terminal_only(slow: Shell, chaos: ChaosProxy, tree: Proxy, tmp_path: Path) -> None:
    tree.set("a", {f"leaf {number}": number for number in range(10_000)})
    chaos.delay(0.1)
    file = tmp_path / "out.json"
    slow.environment = {"TERM": "xterm-256color", "COLUMNS": "100"}
    answer = in_terminal(slow, "export", "-o", str(file), stream="stderr")
    assert (answer.code, answer.out) == (0, "")
    assert "exporting" in answer.err
    assert "leaves" in answer.err
    assert json.loads(file.read_text()) == tree.val()
    assert slow("export", "-o", str(file)) == Answer(0, "", "")


def without(name: str, *words: str) -> Answer:
    """Run the command in a Python that lacks a package."""
    program = f"import sys; sys.modules[{name!r}] = None; from redicts.cli import main; sys.exit(main({list(words)!r}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)
    return Answer(done.returncode, done.stdout, done.stderr)


def test_without_the_extra() -> None:
    for name in ("click", "rich"):
        answer = without(name, "get", "a")
        assert (answer.code, answer.out) == (2, "")
        assert answer.err == f'the redicts command needs {name}: pip install "redicts[cli]"\n'


def test_most_commands_do_not_import_rich() -> None:
    program = (
        "import sys\nfrom redicts.cli import main\n"
        "try:\n    main(['--url', 'redis://127.0.0.1:1', 'get'])\n"
        "except SystemExit:\n    sys.exit('rich' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.DEVNULL, timeout=30).returncode == 0
    )


def test_main_ends_as_the_table_says(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        main([*options, "get", "a"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "redicts: nothing is at 'a'\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("redicts")
