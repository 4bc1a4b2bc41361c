"""The examples of the guide run as they are printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.commands import ROOT, TOKEN, environment

GUIDE = ROOT / "docs" / "guides" / "shell.md"
ID = re.compile(r"\b[0-9a-f]{32}\b")


def sessions() -> Iterator[tuple[str, str]]:
    """The commands of the console blocks, each with what it is said to print."""
    for block in re.findall(r"^```console\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        for each in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = each.partition("\n")
            yield command, printed


def like(text: str, host: str) -> str:
    """A text without what differs from one run to the next."""
    return "\n".join(line.rstrip() for line in ID.sub("ID", text).replace(host, "HOST").splitlines())


@pytest.mark.slow
def test_the_examples_run(tmp_path: Path) -> None:
    server = pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    program = tmp_path / "portal"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m portal_client "$@"\n', "utf-8")
    program.chmod(0o755)

    with server.running(tokens={TOKEN: "me"}) as box:
        path = os.pathsep.join((str(tmp_path), os.environ["PATH"]))
        more = {"XDG_CONFIG_HOME": str(tmp_path), "FBN_CANDELA_URL": box.candela_url}
        variables = environment(box.host, PATH=path, **more)
        shell = subprocess.Popen(
            ["sh"], cwd=tmp_path, env=variables, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert shell.stdin
        assert shell.stdout
        for command, printed in sessions():
            shell.stdin.write(f"{command}\nstatus=$?; echo end of it; (exit $status)\n")
            shell.stdin.flush()
            found = ""
            while not found.endswith("end of it\n"):
                line = shell.stdout.readline()
                assert line, found
                found += line
            found = like(found.removesuffix("end of it\n"), box.host)
            assert found == like(printed, "http://127.0.0.1:8000"), command
        shell.stdin.close()
        assert shell.wait(20) in range(142)
        shell.stdout.close()
