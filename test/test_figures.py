"""The numbers and versions that the pages, the packaging and the tools name are one and the same."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import finbourne_candela
from portal_client import Configuration, events
from portal_client.transport import body, redirect, retry

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOWEST: str = PROJECT["project"]["requires-python"].removeprefix(">=")
NEEDED = {re.split(r"[><=]", line)[0]: line for line in PROJECT["project"]["dependencies"]}
EXTRAS = set(PROJECT["project"]["optional-dependencies"])
#: What was measured, and what was true once.
OF_A_TIME = {"CHANGELOG.md", "performance.md"}
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    if path.name not in OF_A_TIME
}
EVERYWHERE = "\n".join(PAGES.values())

WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def words(number: float) -> str:
    return WORDS[int(number)] if number < len(WORDS) else str(number)


def mebibytes(size: int) -> str:
    return f"{size // 2**20} MiB"


CONFIGURATION = Configuration()
CANDELA = finbourne_candela.Configuration
LIMITS = Configuration.default_timeout
CONNECT, SILENCE = int(LIMITS.connect), int(LIMITS.read)
WHOLE = CANDELA.DEFAULT_TOTAL_TIMEOUT_MS // 1000
CANDELA_CONNECT = CANDELA.DEFAULT_CONNECT_TIMEOUT_MS // 1000
LARGEST = mebibytes(CONFIGURATION.max_response_size)
CUT = mebibytes(body._MAX_ERROR_BODY_BYTES)
LINE = mebibytes(events.MAX_SIZE)
REPEATS, LIMITED = int(retry.DEFAULT.total or 0), CONFIGURATION.rate_limit_retries
WAIT = int(retry.MAX_WAIT_SECONDS)

CLAIMS = [
    ("README.md", f"Python {LOWEST} or newer"),
    ("README.md", f"{words(CONNECT)} seconds to connect, {words(SILENCE / 60)} minutes of silence"),
    ("SECURITY.md", f"(`max_response_size`, {LARGEST}), and one of an error is cut at {CUT}"),
    ("docs/migrating.md", f"Python {LOWEST}, `{NEEDED['urllib3']}`"),
    ("docs/migrating.md", f"GET is repeated up to {words(REPEATS)} times"),
    ("docs/migrating.md", f"A Retry-After of more than {WAIT} s"),
    ("docs/migrating.md", "(twice at\n  most, `rate_limit_retries`)" if LIMITED == 2 else f"{LIMITED} times"),
    ("docs/migrating.md", f"Connecting has a limit of {CANDELA_CONNECT} s"),
    ("docs/finbourne_candela/migrating.md", f"It needs Python {LOWEST}, `{NEEDED['urllib3']}`"),
    ("docs/finbourne_candela/migrating.md", f"The total of {WHOLE // 60} minutes"),
    (
        "docs/finbourne_candela/migrating.md",
        f"A connection has {CANDELA_CONNECT} sec",
    ),
    ("docs/guides/events.md", f"{words(SILENCE / 60)} minutes with `portal_client`"),
    ("docs/guides/events.md", f"A line may be {LINE} long"),
    ("docs/reliability.md", f"A loop ends after {words(redirect.MAX_REDIRECTS)} redirects"),
    *(
        ("docs/guides/connecting.md", f"| {row}")
        for row in [
            f"to connect | {CONNECT} s | `timeout=({CONNECT}, {SILENCE})`",
            f"silence of the server, Portal | {SILENCE} s |",
            f"the whole call, Candela | {WHOLE:,} s |",
            f"a response body, decompressed | {LARGEST} |",
            f"the body of an error, beyond which it is cut | {CUT} |",
            f"a line of a stream | {LINE} |",
            f"connections to an origin at once | {CONFIGURATION.connection_pool_maxsize} |",
            f"redirects of a call | {redirect.MAX_REDIRECTS} |",
            f"repetitions of a call that only reads | {REPEATS} |",
            f"repetitions after 429 with `Retry-After` | {LIMITED} |",
            f"the longest `Retry-After` that is waited for | {WAIT} s |",
        ]
    ),
]


@pytest.mark.parametrize(("page", "claim"), CLAIMS, ids=[f"{page}: {claim[:40]}" for page, claim in CLAIMS])
def test_a_page_says_what_the_code_does(page: str, claim: str) -> None:
    assert claim in PAGES[page]


def test_the_limits_are_those_of_both_services() -> None:
    candela = CANDELA()

    assert candela.max_response_size == CONFIGURATION.max_response_size
    assert candela.connection_pool_maxsize == CONFIGURATION.connection_pool_maxsize
    assert candela.rate_limit_retries == CONFIGURATION.rate_limit_retries
    assert CANDELA_CONNECT == CONNECT


def test_no_page_names_another_lowest_version() -> None:
    package = "(urllib3|pydantic|python-dateutil|typing-extensions)"
    named = dict(re.findall(rf"`{package}([<>=][^`]*)`", EVERYWHERE))
    pythons = set(re.findall(r"(?:needs )?Python (\d\.\d+)(?: or newer|,)", EVERYWHERE))

    assert named == {name: line.removeprefix(name) for name, line in NEEDED.items()}
    assert pythons == {LOWEST}
    lower = re.findall(rf"{package} (\d[\d.]*\d)", EVERYWHERE)
    floors = {name: re.findall(r">=([\d.]+)", line)[0] for name, line in NEEDED.items()}
    assert [each for each in lower if each[1] != floors[each[0]]] == []


def test_each_runtime_dependency_is_named_by_the_readme() -> None:
    assert f"it needs {', '.join(list(NEEDED)[:-1])} and {list(NEEDED)[-1]}" in PAGES["README.md"]


def test_the_extras_that_are_named_are_those_that_there_are() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "portal_client").rglob("*.py"))
    named = re.findall(r"(?:extra `?\[|portal-client\[|-e \"?\.\[)([\w,]+)\]", EVERYWHERE + code)

    assert {extra for each in named for extra in each.split(",")} == EXTRAS


# ── the tools ──


def test_each_tool_is_for_the_same_pythons() -> None:
    versions = [
        each.rpartition(" ")[2]
        for each in PROJECT["project"]["classifiers"]
        if re.search(r":: 3\.\d+$", each)
    ]
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", "utf-8")
    tried = re.findall(r"py3(\d+)\b", tox["tox"]["env_list"])

    assert versions[0] == LOWEST
    assert versions == [f"3.{int(LOWEST[2:]) + number}" for number in range(len(versions))]
    assert [f"3.{minor}" for minor in tried] == versions
    assert tox["testenv:lowest"]["base_python"] == f"python{LOWEST}"
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{LOWEST.replace('.', '')}"
    assert PROJECT["tool"]["mypy"]["python_version"] == PROJECT["tool"]["pyright"]["pythonVersion"] == LOWEST
    users = json.loads((ROOT / "test/typing/pyrightconfig.json").read_text("utf-8"))
    assert users["pythonVersion"] == LOWEST
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"sys.version_info < {tuple(map(int, LOWEST.split('.')))}" in makefile
    assert f"Python {LOWEST} or newer is needed" in makefile


def test_the_lowest_versions_that_are_tried_are_read_where_they_are_declared() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", "utf-8")
    lowest = " ".join(tox["testenv:lowest"].values()).replace("\\\n", "")

    assert re.search(r"--resolution lowest-direct +--all-extras .*lowest.txt pyproject.toml\n", lowest)
    assert "--constraint {env_tmp_dir}/lowest.txt" in lowest
    assert "==" not in lowest
    assert [line for line in NEEDED.values() if ">=" not in line] == []
