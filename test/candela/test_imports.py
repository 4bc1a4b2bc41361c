"""What an import costs and offers, and that the core knows nothing of this package."""

from __future__ import annotations

import pickle
import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

import finbourne_candela
import finbourne_candela.api
import finbourne_candela.exceptions
import portal_client
from test_imports import KNOW_NO_SERVICE, fresh, imported, lines, modules_in, shown, written_in

PACKAGE = Path(finbourne_candela.__file__).parent
ROOT = PACKAGE.parent
MODULES = modules_in(PACKAGE)
PACKAGES = [
    "finbourne_candela",
    "finbourne_candela.models",
    "finbourne_candela.api",
    "finbourne_candela.extensions",
]
HEAVY = {"urllib3", "pydantic", "pydantic_core", "typing", "typing_extensions", "requests", "multiprocessing"}
#: Modules of the core that are private to users, and shared by the packages.
SHARED = ("portal_client._lazy", "portal_client.model", "portal_client.union")
SERVICE = ("JournalBusy", "SessionFailed", "WaitTimeout")  # errors of the Portal service's own


# ── what it costs ──


@pytest.mark.parametrize("module", PACKAGES)
def test_a_plain_import_loads_nothing_heavy(module: str) -> None:
    loaded = fresh(f"import {module}; answer = sorted(sys.modules)", "-S")

    assert not HEAVY & set(loaded)
    assert {name for name in loaded if name.startswith(("finbourne", "portal"))} <= {
        "finbourne_candela",
        "portal_client",
        "portal_client._lazy",
        module,
    }


def test_dir_all_and_the_errors_load_nothing_either() -> None:
    code = (
        "import finbourne_candela as f; dir(f); f.__all__; f.ApiException\n"
        "from finbourne_candela.exceptions import NotFoundException; answer = sorted(sys.modules)"
    )

    assert not HEAVY & set(fresh(code, "-S"))


def test_the_operations_need_no_more_than_the_four_libraries() -> None:
    loaded = set(fresh("from finbourne_candela import SessionsApi; answer = sorted(sys.modules)"))

    assert not {"requests", "aiohttp", "multiprocessing.pool", "portal_sandbox", "fastapi"} & loaded


@pytest.mark.parametrize(
    ("api", "models"),
    [
        ("AppsApi", {"app_spec", "object_id", "object_metadata", "post_app"}),
        ("ModelsApi", {"object_id", "object_metadata"}),
        ("SystemApi", {"slot_data", "slot_state", "slots_put_response"}),
        ("TracesApi", {"object_id", "object_metadata", "trace", "trace_item"}),
        ("UserSlotsApi", {"slot_data", "slot_state"}),
    ],
)
def test_a_class_loads_only_the_models_that_it_names(api: str, models: set[str]) -> None:
    loaded = fresh(f"from finbourne_candela import {api}; answer = sorted(sys.modules)")

    below = "finbourne_candela.models."
    assert {name.removeprefix(below) for name in loaded if name.startswith(below)} == models


# ── what it offers ──


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_resolves(name: str) -> None:
    module = __import__(name, fromlist=["*"])
    found = {public: getattr(module, public) for public in module.__all__}

    assert {public: value.__name__ for public, value in found.items()} == {n: n for n in found}


@pytest.mark.parametrize("package", PACKAGES)
def test_dir_shows_public_names_only(package: str) -> None:
    public, before, after = shown(package)

    below = ["api", "extensions", "models"] if package == "finbourne_candela" else []
    assert len(public) == len(set(public))
    assert before == after == sorted([*public, *below])


@pytest.mark.parametrize(
    "name",
    [
        *finbourne_candela.api.__all__,
        "Configuration",
        "SyncApiClient",
        "OpenApiException",
        "ApiTypeError",
        "ApiValueError",
        "ApiKeyError",
        "ApiException",
        *finbourne_candela.models.__all__,
    ],
)
def test_names_of_the_original_are_public(name: str) -> None:
    assert name in finbourne_candela.__all__


def test_star_imports() -> None:
    star = "space = {{}}; exec('from {} import *', space); answer = sorted(space)"

    assert set(fresh(star.format("finbourne_candela.models"))) == {
        *finbourne_candela.models.__all__,
        "__builtins__",
    }
    assert set(fresh(star.format("finbourne_candela"))) == {*finbourne_candela.__all__, "__builtins__"}


@pytest.mark.parametrize(
    "path",
    [
        "exceptions.ApiException",
        "api_response.ApiResponse",
        "configuration.Configuration",
        "configuration.Timeouts",
        "models.session.Session",
        "models.Session",
        "api.sessions_api.SessionsApi",
        "api.SessionsApi",
        "api.user_slots_api.UserSlotsApi",
        "models.slot_state.SlotState",
        "extensions.SyncApiClient",
        "extensions.api_client.SyncApiClient",
        "extensions.configuration_options.ConfigurationOptions",
    ],
)
def test_submodules_work_after_a_plain_import(path: str) -> None:
    answer = fresh(f"import finbourne_candela; answer = finbourne_candela.{path}.__name__")

    assert answer == path.rpartition(".")[2]


@pytest.mark.parametrize(
    "name", ["DTOArr", "DTODict", "DTOObj", "Obj", "Obj1", "Fields", "Spec", "Nodes", "CircuitDTO", "Keys"]
)
def test_a_model_of_the_circle_can_be_imported_first(name: str) -> None:
    module = fresh(
        f"from finbourne_candela.models import {name}; answer = {name}.__module__\n"
        f"import pydantic; pydantic.TypeAdapter(list[{name}]).validate_json('[]')"
    )

    assert re.fullmatch(r"(finbourne_candela|portal_client)\.models\.\w+", module)


def test_one_class_under_all_its_paths() -> None:
    assert finbourne_candela.ApiException is portal_client.ApiException
    assert finbourne_candela.exceptions.ApiException is portal_client.ApiException
    assert finbourne_candela.ApiResponse is portal_client.ApiResponse
    for name in portal_client.__all__:
        value = getattr(portal_client, name)
        if isinstance(value, type) and issubclass(value, Exception) and name not in SERVICE:
            assert getattr(finbourne_candela, name) is getattr(finbourne_candela.exceptions, name) is value


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match=r"^module 'finbourne_candela' has no attribute 'NoSuchApi'$"):
        finbourne_candela.NoSuchApi  # noqa: B018


@pytest.mark.parametrize("name", ["ApiClientFactory", "ApiClient"])
def test_what_is_not_offered_says_what_is(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"{name}.*asyncio.*SyncApi.*to_thread"):
        getattr(finbourne_candela, name)
    assert not hasattr(finbourne_candela, name)
    assert name not in finbourne_candela.__all__


def test_the_version_is_that_of_the_distribution() -> None:
    assert finbourne_candela.__version__ == portal_client.__version__


# ── errors ──


@pytest.mark.parametrize(
    "name", [name for name in finbourne_candela.__all__ if name.endswith(("Error", "Exception"))]
)
def test_errors_survive_pickle(name: str) -> None:
    kind: Any = getattr(finbourne_candela, name)
    if name in ("HTTPValidationError", "ValidationError"):
        return
    error = kind("msg")
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert (again.args, str(again), vars(again)) == (error.args, str(error), vars(error))


# ── how it is written ──


@pytest.mark.parametrize("package", PACKAGES)
def test_checkers_and_python_see_the_same_names(package: str) -> None:
    imports, wholly, table, whole = written_in(ROOT / package.replace(".", "/"))

    assert imports == [(module, name) for module, names in table.items() for name in names.split()]
    assert wholly == whole


@pytest.mark.parametrize("below", ["api", "models"])
def test_each_module_of_a_package_is_named_there(below: str) -> None:
    table = written_in(PACKAGE / below)[2]

    wanted = {f"finbourne_candela.{name}" for name in MODULES if name.startswith(f"{below}.")}
    assert not wanted ^ {*table}, f"{below}/__init__.py names others than there are: {wanted ^ {*table}}"


def test_no_circle_of_imports_outside_the_models() -> None:
    graph = {name: imported(path, PACKAGE) for name, path in MODULES.items() if "models." not in name}
    assert graph["extensions.api_configuration"] >= {"extensions.refreshing_token", "configuration"}
    TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_modules_stay_small(path: Path) -> None:
    assert lines(path) <= 300


@pytest.mark.parametrize("path", KNOW_NO_SERVICE, ids=lambda path: path.stem)
def test_the_core_knows_nothing_of_this_package(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()

    assert not [word for word in ("candela", "finbourne", "fbn_", "lusid") if word in text]


def test_it_imports_only_what_the_core_shows() -> None:
    private = [
        f"{path.relative_to(PACKAGE)}: {module}"
        for path in PACKAGE.rglob("*.py")
        for module in re.findall(r"from (portal_client(?:\.\w+)*)", path.read_text(encoding="utf-8"))
        if "._" in module and module not in SHARED
    ]

    assert private == []
