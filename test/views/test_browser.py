"""Views and pages in a real browser: the text of others runs nothing, loads nothing, and can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from portal_client import GetSessionsResponse, Session
from portal_client.views.text import visible
from support.browser import IN_A_BROWSER, RUN, TOWER, chromium, covered
from support.hostile import HOSTILE
from support.samples import samples, session, viewed

pytestmark = IN_A_BROWSER

LIVE = (
    f"</pre></p></li></ol></section></main></style><script>{RUN}</script><img src='http://203.0.113.1/x' "
    f"onerror='{RUN}'><svg onload='{RUN}'></svg><a href='javascript:{RUN}'>x</a><iframe src='//203.0.113.1'>"
    "</iframe><style>* { display: none; background: url(http://203.0.113.1/y) }</style>"
    "<!-- \u202ex\u202c \x00 "
)
TEXTS = [LIVE, *(text for text in HOSTILE if text != "\ud83d")]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


def opened(browser: webdriver.Chrome, path: Path) -> tuple[list[str], list[str]]:
    """Open a file; what the browser requested for it, and what it had to say."""
    browser.get_log("performance"), browser.get_log("browser")
    browser.get(path.as_uri())
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requested = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    return requested, [entry["message"] for entry in browser.get_log("browser")]


def nothing_was_run(browser: webdriver.Chrome) -> None:
    assert browser.execute_script("return window.hacked") is None
    for selector in ("script", "iframe", "img", "a", "[onerror]", "[onload]", "main style", "section style"):
        assert browser.find_elements(By.CSS_SELECTOR, selector) == []


@pytest.mark.parametrize("kind", [*viewed("x")])
def test_a_view_runs_nothing_and_loads_nothing(browser: webdriver.Chrome, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cell.html"
    views = [viewed(text)[kind]._repr_html_() for text in TEXTS]
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8>{''.join(views)}", "utf-8")

    requested, said = opened(browser, path)

    assert requested == [path.as_uri()]
    assert said == []
    nothing_was_run(browser)
    assert len(browser.find_elements(By.CSS_SELECTOR, "body > div > section.portal-view")) == len(TEXTS)


#: What a notebook's own style says of the elements that a view has.
NOTEBOOK = """
.jp-OutputArea-output dt { float: left; width: 20%; font-weight: bold; }
.jp-OutputArea-output dd { float: left; width: 80%; }
.jp-OutputArea-output dl, .jp-OutputArea-output dt, .jp-OutputArea-output dd { display: block; }
.jp-OutputArea-output pre { word-break: break-all; overflow-x: auto; padding: 0; border: none; }
.jp-RenderedHTMLCommon ol:not(.list-inline) { padding-left: 2em; }
.jp-RenderedHTMLCommon ol { list-style: decimal; }
.jp-RenderedHTMLCommon table { table-layout: fixed; margin: 0 auto; }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th { vertical-align: middle; padding: .5em; }
:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon td { text-align: right; }
:not(.jp-RenderedMarkdown).jp-RenderedHTMLCommon th { text-align: right; }
.jp-RenderedHTMLCommon tbody tr:nth-child(even) { background: #eee; }
"""


@pytest.mark.parametrize("kind", ["session", "branches", "agents", "report"])
def test_a_notebook_with_a_style_of_its_own_shows_views_as_they_are(
    browser: webdriver.Chrome, tmp_path: Path, kind: str
) -> None:
    view = samples("some words that are a line")[kind]._repr_html_()
    classes = "jp-RenderedHTMLCommon jp-OutputArea-output"
    styles = []
    for name, page in {
        "notebook": f"<style>{NOTEBOOK}</style><div class='{classes}'>{view}</div>",
        "plain": f"<div>{view}</div>",
    }.items():
        path = tmp_path / f"{name}.html"
        path.write_text(f"<!DOCTYPE html><meta charset=utf-8>{page}", "utf-8")
        opened(browser, path)
        styles.append(browser.execute_script(LOOKS))

    assert styles[0] == styles[1]
    assert len(styles[0]) > 4


#: How each element of a view looks; a row's background may be the notebook's, unless branches are in it.
LOOKS = """
const names = ["float", "width", "textAlign", "verticalAlign", "wordBreak", "paddingLeft", "listStyleType",
               "tableLayout", "fontWeight", "overflowX", "display"];
return [...document.querySelectorAll("dt, dd, pre, ol, th, td, table")]
  .map(each => [each.tagName, ...names.map(name => getComputedStyle(each)[name])])
  .concat([...document.querySelectorAll(".branches tr")].map(each => getComputedStyle(each).backgroundColor))
"""


def page(tmp_path: Path, texts: list[str]) -> Path:
    one = session(LIVE)
    roles = ("assistant", "user")
    one["messages"] = [{"text": text, "role": roles[at % 2]} for at, text in enumerate(texts)]
    path = tmp_path / "session.html"
    Session.model_validate(one).to_html(path)
    return path


def test_a_page_runs_nothing_and_shows_every_text(browser: webdriver.Chrome, tmp_path: Path) -> None:
    path = page(tmp_path, TEXTS)

    requested, said = opened(browser, path)

    assert requested == [path.as_uri()]
    assert said == []
    nothing_was_run(browser)
    shown = [each.get_attribute("textContent") for each in browser.find_elements(By.TAG_NAME, "pre")]
    assert shown == [visible(text) for text in TEXTS]
    assert all(each.is_displayed() for each in browser.find_elements(By.TAG_NAME, "pre"))


def test_the_policy_holds_where_escaping_would_not(browser: webdriver.Chrome, tmp_path: Path) -> None:
    opened(browser, page(tmp_path, ["x"]))

    browser.execute_script(
        f"document.body.insertAdjacentHTML('beforeend', `<img src='data:image/gif;base64,x' onerror='{RUN}'>"
        "<p id=p style='color: red'>`); const script = document.createElement('script');"
        f"script.textContent = '{RUN}'; document.body.append(script)"
    )

    assert browser.execute_script("return window.hacked") is None
    color = browser.execute_script("return getComputedStyle(document.getElementById('p')).color")
    assert color != "rgb(255, 0, 0)"
    refused = [entry["message"] for entry in browser.get_log("browser")]
    assert len([line for line in refused if "Content Security Policy" in line]) >= 3


def test_the_user_is_on_the_right_and_lines_are_kept(browser: webdriver.Chrome, tmp_path: Path) -> None:
    opened(browser, page(tmp_path, ["one\n\n  two   three\tfour", "\nfive"]))

    agent, user = browser.find_elements(By.TAG_NAME, "pre")
    assert user.rect["x"] > agent.rect["x"] + 100
    assert agent.rect["height"] > 3 * 16
    texts = [browser.execute_script("return arguments[0].innerText", each) for each in (agent, user)]
    assert texts == ["one\n\n  two   three\tfour", "\nfive"]


@pytest.mark.parametrize("kind", [*viewed("x")])
def test_nothing_that_is_said_covers_what_is_around_a_view(
    browser: webdriver.Chrome, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "cell.html"
    around = "<p>a line of others</p>" * 3
    view = viewed(TOWER)[kind]._repr_html_()
    path.write_text(
        f"<!DOCTYPE html><meta charset=utf-8>{around}<main>{view}</main>{around}",
        "utf-8",
    )
    opened(browser, path)

    assert covered(browser, "body > p") == []


def test_nothing_that_is_said_covers_another_message(browser: webdriver.Chrome, tmp_path: Path) -> None:
    one = session("plain")
    agent = {"id": "a", "name": TOWER, "icon": TOWER}
    said = ["one", TOWER, "two", TOWER, "three"]
    one["messages"] = [{"text": text, "role": "assistant", "agent": agent} for text in said]
    path = tmp_path / "session.html"
    Session.model_validate({**one, "user_id": TOWER}).to_html(path)
    opened(browser, path)

    assert covered(browser, "dt, .title, pre") == []


def test_a_word_in_the_head_of_a_table_is_not_broken(browser: webdriver.Chrome, tmp_path: Path) -> None:
    path = tmp_path / "cell.html"
    one = {**session("Analyst"), "id": "5f3c2d1e" * 4}
    one["messages"][-1]["text"] = "Its revenue is the largest of the table."
    view = GetSessionsResponse.model_validate({"sessions": [one]})._repr_html_()
    path.write_text(
        f"<!DOCTYPE html><meta charset=utf-8><body style='font-family: sans-serif'>{view}", "utf-8"
    )
    opened(browser, path)

    lines = """
    const text = document.createRange();
    return [...document.querySelectorAll("th")].filter(each => !each.textContent.includes(" "))
      .map(each => (text.selectNodeContents(each), text.getClientRects().length))
    """
    for width in range(300, 1_000, 50):
        browser.execute_script("document.body.style.width = `${arguments[0]}px`", width)
        assert browser.execute_script(lines) == [1] * 4, width


@pytest.mark.parametrize("width", [320, 1100])
def test_nothing_of_a_page_is_wider_than_the_screen(
    browser: webdriver.Chrome, tmp_path: Path, width: int
) -> None:
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 1000}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        opened(browser, page(tmp_path, [*TEXTS, "w" * 500]))
        wide: int = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_page_is_printed(browser: webdriver.Chrome, tmp_path: Path) -> None:
    opened(browser, page(tmp_path, [f"{at}\n" * 20 for at in range(20)]))

    pdf: Any = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})

    assert len(pdf["data"]) > 10_000
