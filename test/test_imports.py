"""What an import costs and offers: lazy packages, public paths, and modules that stay small."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

import portal_client

PACKAGE = Path(portal_client.__file__).parent
ROOT = PACKAGE.parent
LAZY = ["portal_client", "portal_client.api", "portal_client.models"]


def modules_in(package: Path) -> dict[str, Path]:
    """The modules of a package by their dotted names below it."""
    return {
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(package.rglob("*.py"))
        if path != package / "__init__.py"
    }


MODULES = modules_in(PACKAGE)
MODELS = [name.removeprefix("models.") for name in MODULES if name.startswith("models.")]
CORE = {name: path for name, path in MODULES.items() if not name.startswith(("api", "models"))}


def written_in(package: Path) -> tuple[list[tuple[str, str]], list[str], dict[str, str], list[str]]:
    """What a lazy package imports for type checkers, name by name and whole; the same at run time."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    switch = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [(f"{i.module}", a) for i in switch.body if isinstance(i, ast.ImportFrom) for a in i.names]
    assert len(imports) == len(switch.body)
    assert all(alias.name in ("*", alias.asname) for _, alias in imports)  # `X as X` re-exports
    (call,) = [node for node in ast.walk(ast.Module(switch.orelse, [])) if isinstance(node, ast.Call)][:1]
    whole = [ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg == "whole"]
    return (
        [(module, alias.name) for module, alias in imports if alias.name != "*"],
        [module for module, alias in imports if alias.name == "*"],
        ast.literal_eval(call.args[1]),
        [package for packages in whole for package in packages],
    )


def fresh(code: str, *flags: str) -> Any:
    """Run code in a new interpreter that knows the checkout; `answer` is what it leaves behind."""
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}\nimport json; print(json.dumps(answer))"
    command = [sys.executable, "-I", "-B", *flags, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ── what it costs ──


@pytest.mark.parametrize("module", ["portal_client", "portal_client.models", "portal_client.api"])
def test_a_plain_import_loads_nothing_heavy(module: str) -> None:
    # Without site (-S), so that no .pth file of the environment has loaded typing before.
    loaded = fresh(f"import {module}; answer = sorted(sys.modules)", "-S")

    assert not {"urllib3", "pydantic", "pydantic_core", "typing", "typing_extensions"} & set(loaded)
    assert {name for name in loaded if name.startswith("portal_client")} <= {
        "portal_client",
        "portal_client._lazy",
        module,
    }


def test_dir_and_all_load_nothing_either() -> None:
    code = "import portal_client; dir(portal_client); portal_client.__all__; answer = sorted(sys.modules)"

    assert not {"urllib3", "pydantic", "typing"} & set(fresh(code, "-S"))


def test_the_errors_alone_need_no_library() -> None:
    loaded = fresh("from portal_client import ApiException; answer = sorted(sys.modules)", "-S")

    assert not {"urllib3", "pydantic", "typing"} & set(loaded)


# ── what it offers ──


def test_every_public_name_resolves() -> None:
    missing = fresh(
        "import portal_client\n"
        "found = {n: getattr(portal_client, n) for n in portal_client.__all__}\n"
        "del found['Files']  # an alias, which has no name of its own\n"
        "answer = [n for n, value in found.items() if value.__name__ != n]"
    )

    assert missing == []


def test_a_name_is_looked_up_once() -> None:
    answer = fresh("import portal_client; portal_client.ApiException; answer = sorted(vars(portal_client))")

    assert "ApiException" in answer
    assert "Session" not in answer


def shown(package: str) -> tuple[list[str], list[str], list[str]]:
    """What `__all__` holds and `dir` shows of a package, and `dir` again when all of it has been used."""
    answer: tuple[list[str], list[str], list[str]] = fresh(
        f"import {package} as package, pkgutil, importlib\n"
        "before = dir(package)\n"
        "[getattr(package, name) for name in package.__all__]\n"
        "names = [module.name for module in pkgutil.iter_modules(package.__path__)]\n"
        "[getattr(package, name) for name in names if name != '__main__']\n"
        "answer = [package.__all__, before, dir(package)]"
    )
    return answer


@pytest.mark.parametrize("package", LAZY)
def test_dir_shows_public_names_only(package: str) -> None:
    public, before, after = shown(package)

    assert len(public) == len(set(public))
    assert before == after == sorted([*public, *(["api", "models"] if package == "portal_client" else [])])


@pytest.mark.parametrize(
    "path",
    [
        "rest.ApiException",
        "models.session.Session",
        "models.Session",
        "exceptions.NotFoundException",
        "api.sessions_api.SessionsApi",
        "api.SessionsApi",
        "api_response.ApiResponse",
        "configuration.Configuration",
        "api_client.ApiClient",
    ],
)
def test_submodules_work_after_a_plain_import(path: str) -> None:
    answer = fresh(f"import portal_client; answer = portal_client.{path}.__name__")

    assert answer == path.rpartition(".")[2]


def test_star_imports() -> None:
    star = "space = {{}}; exec('from {} import *', space); answer = sorted(space)"

    assert set(fresh(star.format("portal_client.models"))) == {*portal_client.models.__all__, "__builtins__"}
    assert set(fresh(star.format("portal_client"))) == {*portal_client.__all__, "__builtins__"}


@pytest.mark.parametrize("module", MODELS)
def test_each_model_has_its_module(module: str) -> None:
    (name, *_) = [n for n in portal_client.models.__all__ if n.lower() == module.replace("_", "")] or [""]
    assert name, f"portal_client/models/__init__.py does not name the model of {module}.py"
    described = __import__(f"portal_client.models.{module}", fromlist=[name])

    assert getattr(described, name) is getattr(portal_client, name) is getattr(portal_client.models, name)
    assert getattr(described, name).__module__ == f"portal_client.models.{module}"


def test_one_class_under_all_its_paths() -> None:
    import portal_client.api_response
    import portal_client.exceptions
    import portal_client.rest
    from portal_client.api.sessions_api import SessionsApi

    assert portal_client.rest.ApiException is portal_client.ApiException
    assert portal_client.exceptions.ApiException is portal_client.ApiException
    assert portal_client.api_response.ApiResponse is portal_client.ApiResponse
    assert portal_client.SessionsApi is SessionsApi is portal_client.api.SessionsApi
    for name in ("BadRequest", "Unauthorized", "Forbidden", "NotFound", "Service"):
        name += "Exception"
        assert getattr(portal_client.exceptions, name) is getattr(portal_client, name)


@pytest.mark.parametrize(
    "name",
    [
        "SessionsApi",
        "ApiClient",
        "ApiResponse",
        "Configuration",
        "OpenApiException",
        "ApiTypeError",
        "ApiValueError",
        "ApiKeyError",
        "ApiAttributeError",
        "ApiException",
    ],
)
def test_names_of_the_original_are_public(name: str) -> None:
    assert name in portal_client.__all__


def test_the_version_is_that_of_the_distribution() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert re.search(rf'^version = "{re.escape(portal_client.__version__)}"$', project, re.MULTILINE)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match=r"^module 'portal_client' has no attribute 'NoSuchApi'$"):
        portal_client.NoSuchApi  # noqa: B018
    with pytest.raises(ImportError, match="NoSuchApi"):
        exec("from portal_client import NoSuchApi")


@pytest.mark.parametrize("package", ["portal_client", "finbourne_candela"])
def test_python_suggests_the_name_that_was_meant(package: str) -> None:
    program = f"import {package}; {package}.SesionsApi"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ran.stderr.endswith(
        f"AttributeError: module '{package}' has no attribute 'SesionsApi'. Did you mean: 'SessionsApi'?\n"
    )


@pytest.mark.parametrize("name", ["nothing", "_nothing", "models.session"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
        getattr(portal_client, name)
    assert not hasattr(portal_client.models, "Nothing")


def test_a_broken_submodule_is_not_taken_for_a_missing_one() -> None:
    code = (
        "import importlib.abc, portal_client\n"
        "class Block(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'urllib3': raise ModuleNotFoundError('no urllib3', name='urllib3')\n"
        "sys.meta_path.insert(0, Block())\n"
        "try:\n    portal_client.rest\nexcept ModuleNotFoundError as error:\n    answer = error.name"
    )
    assert fresh(code) == "urllib3"


# ── how it is written ──


@pytest.mark.parametrize("package", LAZY)
def test_checkers_and_python_see_the_same_names(package: str) -> None:
    imported, wholly, table, whole = written_in(ROOT / package.replace(".", "/"))

    assert imported == [(module, name) for module, names in table.items() for name in names.split()]
    assert wholly == whole


@pytest.mark.parametrize("package", ["portal_client.api", "portal_client.models"])
def test_each_module_of_a_package_is_named_there(package: str) -> None:
    table = written_in(ROOT / package.replace(".", "/"))[2]

    below = [f"portal_client.{name}" for name in MODULES]
    wanted = {module for module in below if module.startswith(f"{package}.")}
    assert not wanted ^ {*table}, f"{package}/__init__.py names others than there are: {wanted ^ {*table}}"


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", CORE.values(), ids=[*CORE])
def test_core_modules_stay_small(path: Path) -> None:
    assert lines(path) <= 300


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("api/*_api.py")), ids=lambda path: path.stem)
def test_operations_stay_thin(path: Path) -> None:
    stubs = path.read_text(encoding="utf-8").count("\n        ...\n")

    assert lines(path) <= 22 + 13 * stubs


#: All but the list of services whose commands there are.
KNOW_NO_SERVICE = sorted({*PACKAGE.rglob("*.py")} - {PACKAGE / "cli" / "services.py"})


@pytest.mark.parametrize("path", KNOW_NO_SERVICE, ids=lambda path: path.stem)
def test_the_package_knows_no_other_service(path: Path) -> None:
    assert "candela" not in path.read_text(encoding="utf-8").lower()


def imported(path: Path, package: Path = PACKAGE) -> set[str]:
    """The modules of its package that a module imports, for type checkers alone or inside a function, too."""
    known, prefix = modules_in(package), f"{package.name}."
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(prefix):
            below = f"{node.module}".removeprefix(package.name).removeprefix(".")
            names = {f"{below}.{alias.name}".removeprefix(".") for alias in node.names}
            found |= {*(names & {*known}), *({below} & {*known} - {"api", "models", "transport"})}
    return found


@pytest.mark.parametrize("path", MODULES.values(), ids=[*MODULES])
def test_each_module_says_what_it_is(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""

    assert re.match(r"[A-Z].+[.:]$", said.partition("\n")[0]), said


def test_no_circle_of_imports() -> None:
    assert imported(MODULES["api_client"]) >= {"rest", "configuration"}
    TopologicalSorter({name: imported(path) for name, path in MODULES.items()}).prepare()  # raises CycleError


#: What only transport/ touches: sockets, http.client, and what urllib3 does not document.
_NETWORK = r"socket|http\.client|urllib3\.(?!(?:exceptions|fields|filepost|util)$)[\w.]+"


@pytest.mark.parametrize(
    "path", [p for n, p in MODULES.items() if not n.startswith("transport")], ids=lambda path: path.stem
)
def test_only_the_transport_touches_the_network(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    from_ = {f"{node.module}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert [name for name in sorted(plain | from_) if re.fullmatch(_NETWORK, name)] == []


# ── the order of the modules ──


def _rows() -> list[list[str]]:
    """The modules of ARCHITECTURE's list, row by row from the top."""
    table = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("| module |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    return [re.findall(r"`([\w/]+)(?:\.py)?`", cell) for cell in cells]


def _listed(name: str) -> str:
    """A module as the list has it: the folders of operations and models are a row each."""
    return name.partition(".")[0] if name.startswith(("api", "models")) else name.replace(".", "/")


def test_the_list_of_modules_is_complete() -> None:
    listed = [name.strip("/") for row in _rows() for name in row]

    assert sorted(listed) == sorted({_listed(name) for name in MODULES} - {"transport"})


def test_imports_go_down_the_list() -> None:
    level = {name.strip("/"): number for number, row in enumerate(_rows()) for name in row}
    upward = [
        f"{name} imports {other}"
        for name, path in MODULES.items()
        if name != "transport"
        for other in imported(path)
        if level[_listed(other)] < level[_listed(name)]
    ]

    assert upward == []
