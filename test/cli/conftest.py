"""Running commands within the process of the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

pytest.importorskip("typer", reason="the extra [cli] is not installed")


class Ended(NamedTuple):
    """What a command has left: its exit code, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def portal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> Callable[..., Ended]:
    """Runs a command against a host, by the function that the console script calls."""
    from cli.commands import TOKEN
    from portal_client.cli import main

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PORTAL_TOKEN", TOKEN)
    monkeypatch.setenv("FBN_ACCESS_TOKEN", TOKEN)

    def run(*words: str, host: str = "http://127.0.0.1:9") -> Ended:
        monkeypatch.setenv("PORTAL_HOST", host)
        monkeypatch.setenv("FBN_CANDELA_URL", host)
        capsys.readouterr()
        code = main(words)
        return Ended(code, *capsys.readouterr())

    return run
