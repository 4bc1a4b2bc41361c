"""The extension for notebooks, and real ones: lists as tables, and what IPython makes of views."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from finbourne_candela import ObjectMetadata
from portal_client import notebook
from support.samples import samples

ROOT = Path(__file__).parents[1]


class Formatter(dict[type, Any]):
    """The part of IPython's formatters that the extension uses."""

    def for_type(self, kind: type, shown: Any) -> None:
        self[kind] = shown


class Shell:
    def __init__(self) -> None:
        self.display_formatter = self
        self.formatters = {"text/html": Formatter()}


def test_a_list_of_models_is_a_table() -> None:
    shell, one = Shell(), samples("x")["metadata"]
    notebook.load_ipython_extension(shell)
    shown = shell.formatters["text/html"][list]

    assert isinstance(one, ObjectMetadata)
    assert shown([one, one]).count("<tr>") == 3
    assert shown([one] * 10_000).endswith("… 9,900 more rows</p></div></section></div>")
    assert [shown(other) for other in ([], [1], [one, 1], ["<b>"])] == [None] * 4

    notebook.unload_ipython_extension(shell)
    notebook.unload_ipython_extension(shell)
    assert shell.formatters["text/html"] == {}


CELLS = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.display_formatter.active_types = [*shell.display_formatter.format_types]
seen = []
shell._showtraceback = lambda kind, error, lines: seen.extend(lines)
sys.path[:0] = ["test"]
from support.samples import samples
values = samples("a text")
shown = {kind: sorted(shell.display_formatter.format(value)[0]) for kind, value in values.items()}
plain = {kind: shell.display_formatter.format(value)[0]["text/plain"] for kind, value in values.items()}
shell.push({"error": values["error"], "items": [values["metadata"]]})
shell.run_cell("def fail():\\n    raise error\\n\\nfail()")
before = sorted(shell.display_formatter.format([values["metadata"]])[0])
shell.run_line_magic("load_ext", "portal_client.notebook")
after = sorted(shell.display_formatter.format([values["metadata"]])[0])
print(json.dumps([shown, plain, seen, before, after, sorted(shell.display_formatter.format([1])[0])]))
"""


@pytest.mark.slow
def test_ipython_shows_values_and_errors(tmp_path: Path) -> None:
    pytest.importorskip("IPython", reason="IPython is not installed")
    command = [sys.executable, "-c", CELLS]
    environment = {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path), "PATH": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown, plain, seen, before, after, others = json.loads(done.stdout.splitlines()[-1])

    assert {kind: types for kind, types in shown.items() if types != ["text/html", "text/plain"]} == {}
    assert plain["session"].startswith("Session(id='a text', ")
    assert seen[0] == "ApiException: a text"
    assert "In[1]: fail()" in seen[1].replace("Cell ", "") or "fail()" in seen[1] or "raise error" in seen[1]
    assert (before, after, others) == (["text/plain"], ["text/html", "text/plain"], ["text/plain"])
