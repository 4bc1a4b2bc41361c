"""Each check fires on a script and is silent on the mended one; what is called an error fails here."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from finbourne_candela.extensions.api_client import SyncApiClient
from migrate.pairs import CHANGES, ERRORS, NOTES, Pair
from portal_client.configuration import Configuration
from portal_client.migrate.checks import WITHOUT_EFFECT
from portal_client.migrate.finding import Finding, Severity
from portal_client.migrate.review import pages, review
from support.markdown import Page
from support.scripts import script_of

ROOT = Path(__file__).resolve().parents[2]
PAIRS = [*ERRORS, *CHANGES, *NOTES]
SEVERITIES = [(Severity.ERROR, ERRORS), (Severity.CHANGE, CHANGES), (Severity.NOTE, NOTES)]


def found(script: str) -> list[Finding]:
    return review(script_of(script))


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_each_check_fires_and_is_silent_when_mended(pair: Pair) -> None:
    severity = next(severity for severity, pairs in SEVERITIES if pair in pairs)
    before, after = found(pair.start + pair.before), found(pair.start + pair.after)

    first_line = pair.start.count("\n") + 1
    fired = [each for each in before if each.check == pair.check and each.place.line >= first_line]
    assert fired, before
    assert {each.severity for each in fired} == {severity}
    assert [each for each in after if each.check == pair.check] == []
    assert [each for each in after if each.severity < Severity.NOTE] == []
    assert min(each.severity for each in before) == severity


def test_each_check_has_its_pair() -> None:
    names = ["absent-name", *(row.check for page in pages() for row in page.rows)]

    assert len(names) == len(set(names))
    assert set(names) == {pair.check for pair in PAIRS}


def test_each_anchor_is_on_its_page() -> None:
    anchors = [f"{page.path}#{row.section}" for page in pages() for row in page.rows]
    anchors += [f"{page.path}#{section}" for page in pages() for section, _ in page.words.values()]

    paths = {anchor.partition("#")[0] for anchor in anchors}
    there = {f"{path}#{section}" for path in paths for section in Page(ROOT / path).anchors}
    assert set(anchors) - there == set()


def test_what_has_a_word_is_named_on_the_page() -> None:
    unnamed = {
        name
        for page in pages()
        for name in page.words
        if _letters(name.rpartition(".")[2]) not in _letters((ROOT / page.path).read_text("utf-8"))
    }

    assert unnamed == set()


def _letters(text: str) -> str:
    """A text without what differs between the names of a module and its class."""
    return re.sub("_|api", "", text.lower())


@pytest.mark.parametrize(
    ("script", "section", "words"),
    [
        ("import portal_client.api.alerts_api", "migrating.md#it-leaves-out", "no operation uses it"),
        (
            "from finbourne_candela import ApiClientFactory",
            "finbourne_candela/migrating.md#within-asyncio",
            "asyncio.to_thread",
        ),
        (
            "from finbourne_candela import SessionsApi\nSessionsApi().api_client.last_response",
            "finbourne_candela/migrating.md#it-leaves-out",
            "`_with_http_info` form",
        ),
        ("import portal_client.no_such_module", "migrating.md#it-leaves-out", "no_such_module"),
    ],
)
def test_a_name_that_is_not_there_has_the_word_of_a_page(script: str, section: str, words: str) -> None:
    (error,) = (each for each in found(script) if each.severity is Severity.ERROR)

    assert error.anchor == f"docs/{section}"
    assert words in error.message


def test_settings_without_effect_are_settings() -> None:
    assert [name for name in WITHOUT_EFFECT.split() if name not in vars(Configuration)] == []


# ── the scripts run, on the sandbox ──


@pytest.fixture
def user(demo_box: Any, localhost: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody in an empty folder, whose settings for Candela stand in the environment."""
    monkeypatch.chdir(tmp_path)
    for name, value in demo_box.secrets["api"].items():  # candelaUrl is FBN_CANDELA_URL
        monkeypatch.setenv("FBN_" + re.sub(r"(?=[A-Z])", "_", name).upper(), value)
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    SyncApiClient.set_default(None)


def run(script: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are almost known, and of files left open
        exec(compile(script, "script.py", "exec", dont_inherit=True), {"__name__": "__main__"})


@pytest.mark.parametrize("pair", ERRORS, ids=str)
@pytest.mark.usefixtures("user")
def test_an_error_fails_here_and_the_mended_script_does_not(pair: Pair) -> None:
    run(pair.start + pair.after)
    with pytest.raises(Exception):  # noqa: B017, PT011  # which one is the business of other tests
        run(pair.start + pair.before)


@pytest.mark.parametrize("pair", [*CHANGES, *NOTES], ids=str)
@pytest.mark.usefixtures("user")
def test_what_is_no_error_runs(pair: Pair) -> None:
    run(pair.start + pair.before)
    run(pair.start + pair.after)
