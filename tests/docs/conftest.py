"""Each page, and the docstrings of each module, have a server of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.running import forget_configuration
from tests.support.servers import Server


@pytest.fixture
def page_server(
    start_server: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """A fresh server that ``Pool()`` leads to, in this process and in those that it starts; an empty folder."""
    server = start_server("valkey")
    monkeypatch.setenv("REDICTS_URL", server.unix_url)
    monkeypatch.chdir(tmp_path)
    forget_configuration()
    yield server
    forget_configuration()
