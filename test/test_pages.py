"""The pages say what the declarations and the contract say, and a change of either is noticed and named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import StrictStr, create_model

import commands
import promises
from declared import Package, sections
from pages import ROOT, by_hand, difference, packages, pages, stale
from portal_client.endpoint import Api, endpoint
from portal_client.model import Model
from portal_client.models.message_agent import MessageAgent

PACKAGES = {package.name: package for package in packages()}
PORTAL = PACKAGES["portal_client"]
WANTED = {page: text for package in PACKAGES.values() for page, text in pages(package).items()}
WANTED |= promises.pages() | commands.pages()
API = ROOT / "docs" / "SessionsApi.md"


@pytest.mark.parametrize("page", WANTED, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_is_what_the_declarations_say(page: Path) -> None:
    assert stale(page, WANTED[page]) == ""


OPERATIONS = [
    (package.docs / f"{api.__name__}.md", section.operation.name)
    for package in PACKAGES.values()
    for api in package.apis
    for section in sections(package, api)
]


@pytest.mark.parametrize(("page", "name"), OPERATIONS, ids=lambda value: getattr(value, "stem", value))
def test_each_operation_is_explained_and_shown(page: Path, name: str) -> None:
    prose, _, example = by_hand(WANTED[page])[name].partition("### Example\n")

    assert prose.strip().endswith("."), f"{page.name}: explain {name} between its summary and its example"
    assert f".{name}(" in example, f"{page.name}: show a call of {name} in its example"


def test_what_is_written_by_hand_is_kept() -> None:
    text = WANTED[API].replace("### Example\n", "Said by hand.\n\n### Example\n", 1)

    assert by_hand(text)["create_async_session"] == by_hand(WANTED[API])["create_async_session"].replace(
        "### Example\n", "Said by hand.\n\n### Example\n"
    )


def test_nothing_is_left_of_what_is_gone() -> None:
    written = {path for package in PACKAGES.values() for path in package.docs.glob("*.md")}

    by_others = {"comparison.md", "migrating.md", "settings.md", "performance.md"}
    assert {path.name for path in written - WANTED.keys()} == by_others


def _without(text: str) -> Callable[[str], str]:
    def change(page: str) -> str:
        assert text in page
        return page.replace(text, "", 1)

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_without(" **last_message_index** |"), "(create_session_from_replay, Parameters)"),
        (_without("**422** |"), "(create_async_session, HTTP response details)"),
        (_without("May be repeated"), "(get_grouped_sessions, Repetition)"),
        (_without("Start a session and wait"), "(portal_client.SessionsApi)"),
        (_without("> Session create_session("), "(create_session)"),
        (lambda page: page + "more\n", "(update_session, HTTP response details)"),
    ],
)
def test_a_changed_page_is_stale_at_that_place(change: Callable[[str], str], place: str) -> None:
    text = WANTED[API]

    assert place in difference(change(text), text)


def test_a_page_that_is_missing_is_stale() -> None:
    assert stale(ROOT / "docs" / "Nothing.md", "") == "docs/Nothing.md: missing; run `make pages`"


def _changed(package: Package, **changes: Any) -> dict[Path, str]:
    return pages(replace(package, **changes))


def test_a_renamed_field_makes_its_page_stale() -> None:
    renamed = create_model("MessageAgent", __base__=Model, id=(StrictStr, ...), title=(StrictStr, ...))
    renamed.__module__ = MessageAgent.__module__

    with pytest.raises(ValueError, match=r"message_agent: nothing is said of MessageAgent\.title"):
        _changed(PORTAL, models={**PORTAL.models, "MessageAgent": renamed})


def test_a_field_that_is_gone_makes_its_page_stale() -> None:
    less = create_model("MessageAgent", __base__=Model, id=(StrictStr, ...), name=(StrictStr, ...))
    less.__module__, less.__doc__ = MessageAgent.__module__, MessageAgent.__doc__

    made = _changed(PORTAL, models={**PORTAL.models, "MessageAgent": less})

    assert stale(ROOT / "docs" / "MessageAgent.md", made[ROOT / "docs" / "MessageAgent.md"]).startswith(
        "docs/MessageAgent.md:11 (MessageAgent, Properties): '**icon** "
    )


def test_a_status_added_to_the_contract_makes_its_page_stale() -> None:
    contract: Any = copy.deepcopy(PORTAL.contract)
    responses = contract["paths"]["/sessions/{session_id}"]["get"]["responses"]
    responses["418"] = {"description": "The agent is a teapot"}

    report = stale(API, _changed(PORTAL, contract=contract)[API])

    assert "(get_session, HTTP response details)" in report
    assert "'**418** | The agent is a teapot: ApiException |  -  |' by the declarations" in report


class Undocumented(Api):
    """Operations.

    Args:
        other: Of another operation.
    """

    @endpoint("GET", "/sessions/{session_id}")
    def get_session(self, session_id: StrictStr) -> Any:
        """Read."""


def test_a_parameter_of_which_nothing_is_said_is_refused() -> None:
    with pytest.raises(ValueError, match="get_session: nothing is said of session_id"):
        sections(PORTAL, Undocumented)
