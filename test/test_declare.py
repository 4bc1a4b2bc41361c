"""What the code lacks of a contract is written in the form of the rest; what differs is only told."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from declare import main
from pages import ROOT
from support.mutations import DROP, changed, moved, ref

CHECKOUT = ("contracts", "docs", "finbourne_candela", "portal_client", "test", "tools")
PORTAL, CANDELA = "contracts/portal.openapi.json", "contracts/candela.openapi.json"
#: Compares a package with its contract as test_contract does, in a process that knows the copy alone.
COMPARE = """
import importlib, json, sys
sys.path[:0] = [".", "test", "tools"]
from support.contract import FORMS, model_differences, operation_differences
package, contract = sys.argv[1:]
contract = json.load(open(contract, encoding="utf-8"))
api, models = (importlib.import_module(f"{package}.{part}") for part in ("api", "models"))
classes = [getattr(api, name) for name in api.__all__]
models = {name: getattr(models, name) for name in models.__all__}
found = operation_differences(contract, classes, models, FORMS) + model_differences(contract, models)
print(*found, sep="\\n")
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the tool reads and writes."""
    for name in CHECKOUT:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(root: Path, *arguments: str) -> tuple[int, str]:
    """Run a script in the copy; its status, and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def declare(root: Path, contract: str, *options: str) -> tuple[int, list[str]]:
    status, printed = run(root, "tools/declare.py", contract, *options)
    return status, printed.splitlines()


def files(root: Path) -> dict[str, str]:
    """The texts of all modules and pages of the copy."""
    paths = [*root.rglob("*.py"), *root.rglob("*.md")]
    return {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in paths}


def rewritten(root: Path, contract: str, path: tuple[Any, ...], new: Any) -> None:
    """Change one place of a contract."""
    document = json.loads((root / contract).read_text("utf-8"))
    (root / contract).write_text(json.dumps(changed(document, path, new)), "utf-8")


def without(path: Path, gone: Callable[[ast.stmt], bool]) -> None:
    """Take statements out of the classes of a module, with their decorators and the comments above them."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    classes = [node for node in ast.parse("".join(lines)).body if isinstance(node, ast.ClassDef)]
    for node in reversed([node for each in classes for node in each.body if gone(node)]):
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        while lines[first - 2].lstrip().startswith("#"):
            first -= 1
        lines[first - 1 : node.end_lineno] = []
    path.write_text("".join(lines), "utf-8")


def stub(name: str, *, forms: bool) -> Callable[[ast.stmt], bool]:
    """Match the stub of an operation, and its derived forms where they are to go, too."""

    def gone(node: ast.stmt) -> bool:
        named = node.name if isinstance(node, ast.FunctionDef) else ""
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and forms:
            named = node.target.id.removesuffix("_with_http_info").removesuffix("_without_preload_content")
        return named == name

    return gone


# ── what is missing ──


@pytest.mark.parametrize("contract", [PORTAL, CANDELA])
def test_nothing_is_missing(contract: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(ROOT / contract), "--check"]) == 0
    assert capsys.readouterr().out == ""


def test_another_document_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "other.json")])

    assert "other.json is no contract of a package here; there are portal.openapi.json, candela" in (
        capsys.readouterr().err
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contract", "module", "api", "names", "forms"),
    [
        (
            PORTAL,
            "portal_client/api/sessions_api.py",
            "SessionsApi",
            "create_session create_session_from_replay get_sessions subscribe_to_session update_session",
            True,
        ),
        (
            PORTAL,
            "portal_client/api/routines_api.py",
            "RoutinesApi",
            "create_routine delete_routine get_routines run_async_routine run_routine",
            False,
        ),
        (
            CANDELA,
            "finbourne_candela/api/sessions_api.py",
            "SessionsApi",
            "delete_session list_sessions session_exists start_session stop_session submit_prompt_to_agent",
            True,
        ),
    ],
)
def test_stubs_are_written_back(
    copy: Path, contract: str, module: str, api: str, names: str, forms: bool
) -> None:
    for name in names.split():
        without(copy / module, stub(name, forms=forms))

    checked = declare(copy, contract, "--check")
    status, told = declare(copy, contract)

    assert checked == (1, [f"{module}: {api}.{name} is missing" for name in names.split()])
    assert (status, [line for line in told if not line.startswith("written: ")]) == (0, checked[1])
    assert run(copy, "-c", COMPARE, module.partition("/")[0], contract) == (0, "\n")
    assert declare(copy, contract, "--check") == (0, [])
    assert run(copy, "-m", "ruff", "format", "--check", "--quiet", module) == (0, "")
    assert run(copy, "-m", "ruff", "check", "--quiet", module) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("contract", "names"),
    [
        (
            PORTAL,
            [
                "agent",
                "http_validation_error",
                "message",
                "report_value",
                "session_status",
                "validation_error_loc_inner",
                "widget",
            ],
        ),
        (CANDELA, ["directive", "dto_arr", "dto_real", "nodes", "object_metadata", "validation_error"]),
    ],
)
def test_models_are_written_back(copy: Path, contract: str, names: list[str]) -> None:
    package = "portal_client" if contract == PORTAL else "finbourne_candela"
    before = files(copy)
    modules = [f"{package}/models/{name}.py" for name in names]
    for module in modules:
        (copy / module).unlink()

    checked = declare(copy, contract, "--check")
    declare(copy, contract)

    assert checked[0] == 1
    assert sorted(line.partition(":")[0] for line in checked[1]) == modules
    assert run(copy, "-c", COMPARE, package, contract) == (0, "\n")
    assert run(copy, "-m", "ruff", "format", "--check", "--quiet", *modules) == (0, "")
    assert run(copy, "-m", "ruff", "check", "--quiet", *modules) == (0, "")
    after = files(copy)
    if contract == PORTAL:  # whose contract has the texts, too
        assert {path for path in before if after[path] != before[path]} == {*modules}
        assert [after[path].split("\n", 1)[1] for path in modules] == [
            before[path].split("\n", 1)[1] for path in modules
        ]


@pytest.mark.slow
def test_a_class_is_written_with_its_exports_and_the_headings_of_its_page(copy: Path) -> None:
    before = files(copy)
    (copy / "portal_client/api/agents_api.py").unlink()
    (copy / "docs/AgentsApi.md").unlink()
    exports = copy / "portal_client/api/__init__.py"
    lines = exports.read_text("utf-8").splitlines(keepends=True)
    exports.write_text("".join(line for line in lines if "agents_api" not in line), "utf-8")

    status, told = declare(copy, PORTAL)

    after = files(copy)
    assert (status, told[:2]) == (
        0,
        [
            "portal_client/api/agents_api.py: AgentsApi is missing",
            "portal_client/api/__init__.py: AgentsApi is missing",
        ],
    )
    assert {path for path in before if after[path] != before[path]} == {"docs/AgentsApi.md"}
    headings = [line for line in before["docs/AgentsApi.md"].splitlines() if line.startswith("# ")]
    assert [line for line in after["docs/AgentsApi.md"].splitlines() if line.startswith("# ")] == headings


@pytest.mark.slow
def test_what_is_written_type_checks(copy: Path) -> None:
    for path in ("api/business_api.py", "models/business.py", "models/report.py", "models/trend_status.py"):
        (copy / "portal_client" / path).unlink()

    declare(copy, PORTAL)

    status, printed = run(copy, "-m", "mypy", "portal_client/api", "portal_client/models")
    assert (status, printed[:7]) == (0, "Success"), printed


@pytest.mark.slow
def test_a_new_operation_brings_its_arguments_and_its_model(copy: Path) -> None:
    operation = {
        "tags": ["Agents"],
        "operationId": "rate_agent",
        "summary": "Rate an agent",
        "security": [{"HTTPBearer": []}],
        "parameters": [
            {"name": "stars", "in": "query", "description": "From 1 to 5", "schema": {"type": "integer"}},
            {"name": "agent_id", "in": "path", "required": True, "schema": {"type": "string"}},
        ],
        "responses": {"200": {"description": "", "content": {"application/json": {"schema": ref("Rating")}}}},
    }
    rating = {"type": "object", "properties": {"mean": {"type": ["number", "null"]}}, "required": ["mean"]}
    rewritten(copy, PORTAL, ("paths", "/agents/{agent_id}/rating"), {"post": operation})
    rewritten(copy, PORTAL, ("components", "schemas", "Rating"), rating)

    status, _ = declare(copy, PORTAL)

    written = (copy / "portal_client/api/agents_api.py").read_text("utf-8")
    assert status == 0
    assert '        stars: From 1 to 5.\n    """\n' in written
    assert (
        '    @endpoint("POST", "/agents/{agent_id}/rating")\n'
        "    def rate_agent(\n"
        "        self, agent_id: StrictStr, stars: Optional[StrictInt] = None, "
        "**options: Unpack[RequestOptions]\n"
        "    ) -> Rating:\n"
        '        """Rate an agent."""\n'
        "        ...\n"
    ) in written
    assert run(copy, "-c", COMPARE, "portal_client", PORTAL) == (0, "\n")


@pytest.mark.slow
def test_a_shared_model_is_that_of_the_core(copy: Path) -> None:
    shared = copy / "finbourne_candela/models/validation_error.py"
    before = shared.read_text("utf-8").split("\n", 1)[1]
    shared.unlink()

    declare(copy, CANDELA)
    rewritten(
        copy, CANDELA, ("components", "schemas", "ValidationError", "properties", "hint"), {"type": "string"}
    )
    status, told = declare(copy, CANDELA, "--check")

    assert shared.read_text("utf-8").split("\n", 1)[1] == before
    assert status == 1
    assert told[0].startswith("portal_client/models/validation_error.py:")
    assert told[1:] == ["    + hint: Optional[StrictStr] = None"]


@pytest.mark.slow
def test_a_name_and_a_page_are_written_back(copy: Path) -> None:
    before = files(copy)
    exports = copy / "portal_client/models/__init__.py"
    lines = exports.read_text("utf-8").splitlines(keepends=True)
    exports.write_text("".join(line for line in lines if "import Widget" not in line), "utf-8")
    (copy / "docs/Widget.md").unlink()

    status, told = declare(copy, PORTAL)

    assert status == 0
    assert told[:2] == [
        "portal_client/models/__init__.py: Widget is missing",
        "docs/Widget.md: the page is missing",
    ]
    assert files(copy) == before


@pytest.mark.parametrize(
    ("path", "new", "told"),
    [
        (
            ("components", "schemas", "Agent", "properties", "from"),
            {"type": "string"},
            "Agent: 'from' is no name in Python, and must be declared by hand",
        ),
        (("paths", "/agents/{agent_id}", "get", "tags"), DROP, "get: 'tags' is missing"),
    ],
)
def test_what_cannot_be_declared_is_told(
    copy: Path, capsys: pytest.CaptureFixture[str], path: tuple[Any, ...], new: Any, told: str
) -> None:
    rewritten(copy, PORTAL, path, new)

    with pytest.raises(SystemExit, match="2"):
        main([str(copy / PORTAL)])

    assert told in capsys.readouterr().err


def test_a_contract_outside_a_checkout_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "contracts" / "portal.openapi.json"
    path.parent.mkdir()
    shutil.copy(ROOT / PORTAL, path)

    with pytest.raises(SystemExit, match="2"):
        main([str(path)])

    assert "is in no checkout" in capsys.readouterr().err


# ── what differs ──

GET = ("paths", "/agents/{agent_id}", "get")
AGENT = ("components", "schemas", "Agent")
API = "portal_client/api/agents_api.py"
SESSIONS = "portal_client/api/sessions_api.py"


@pytest.mark.parametrize(
    ("path", "new", "told"),
    [
        (
            (*AGENT, "properties", "model"),
            {"type": "string"},
            [
                "portal_client/models/agent.py:10: Agent differs from the contract",
                "    + model: Optional[StrictStr] = None",
            ],
        ),
        (
            (*AGENT, "properties", "icon"),
            DROP,
            ["portal_client/models/agent.py:10: Agent differs from the contract", "    - icon: StrictStr"],
        ),
        (
            ("components", "schemas", "TrendStatus", "enum"),
            ["POSITIVE", "WARNING", "CRITICAL", "OTHER"],
            [
                "portal_client/models/trend_status.py:8: TrendStatus differs from the contract",
                "    - UNKNOWN = 'UNKNOWN'",
                "    + UNKNOWN = 'OTHER'",
            ],
        ),
        (
            ("components", "schemas", "TrendStatus", "enum"),
            lambda old: [*old, "RISING", "1x"],
            [
                "portal_client/models/trend_status.py:8: TrendStatus differs from the contract",
                "    + RISING = 'RISING'",
                "    + VALUE_1X = '1x'",
            ],
        ),
        (
            ("paths", "/sessions/{session_id}/subscribe", "get", "parameters"),
            lambda old: [*old, {"name": "agent_id", "in": "query", "schema": {"type": "string"}}],
            [
                f"{SESSIONS}:95: SessionsApi.subscribe_to_session differs from the contract",
                "    - def subscribe_to_session(self, session_id: StrictStr, "
                "**options: Unpack[RequestOptions]) -> Session:",
                "    + def subscribe_to_session(self, session_id: StrictStr, "
                "agent_id: Optional[StrictStr]=None, **options: Unpack[RequestOptions]) -> Session:",
                f"{SESSIONS}:100: SessionsApi.subscribe_to_session_stream differs from the contract",
                "    - self, session_id: StrictStr",
                "    + self, session_id: StrictStr, agent_id: Optional[StrictStr]=None",
            ],
        ),
        (
            (*GET, "security"),
            DROP,
            [
                f"{API}:25: AgentsApi.get_agent differs from the contract",
                "    - @endpoint('GET', '/agents/{agent_id}')",
                "    + @endpoint('GET', '/agents/{agent_id}', secured=False)",
            ],
        ),
        (
            GET,
            DROP,
            [f"{API}:25: remove AgentsApi.get_agent with its forms: not in the contract"],
        ),
        (
            ("components", "schemas"),
            lambda old: (
                {name: old[name] for name in old if name != "SessionSummary"}
                | {"GroupedSessionsResponse": {"type": "object"}}
            ),
            [
                "portal_client/models/grouped_sessions_response.py:12: "
                "GroupedSessionsResponse differs from the contract",
                "    - time_to_sessions: "
                "Omissible[dict[str, OrAny[list[OrAny[Union[Session, SessionSummary]]]]]]",
                "    + pass",
                "portal_client/models/session_summary.py: remove the module, and its name in __init__.py: "
                "not in the contract",
            ],
        ),
    ],
)
def test_an_edit_is_told_and_not_made(
    copy: Path, capsys: pytest.CaptureFixture[str], path: tuple[Any, ...], new: Any, told: list[str]
) -> None:
    rewritten(copy, PORTAL, path, new)
    before = files(copy)

    for options in (["--check"], []):
        assert main([str(copy / PORTAL), *options]) == 1
        assert capsys.readouterr().out.splitlines() == told
    assert files(copy) == before


def test_a_renamed_parameter_is_told(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewritten(copy, PORTAL, (*GET, "parameters", 0, "name"), "agent")
    rewritten(copy, PORTAL, ("paths",), moved("/agents/{agent_id}", "/agents/{agent}"))

    status = main([str(copy / PORTAL), "--check"])

    assert (status, [line.strip() for line in capsys.readouterr().out.splitlines()]) == (
        1,
        [
            f"{API}:25: AgentsApi.get_agent differs from the contract",
            "- @endpoint('GET', '/agents/{agent_id}')",
            "- def get_agent(self, agent_id: StrictStr, **options: Unpack[RequestOptions]) -> Agent:",
            "+ @endpoint('GET', '/agents/{agent}')",
            "+ def get_agent(self, agent: StrictStr, **options: Unpack[RequestOptions]) -> Agent:",
        ],
    )
