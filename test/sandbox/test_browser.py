"""The page in a real browser: hostile text runs nothing, nothing comes from elsewhere, and it is readable."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from support.browser import IN_A_BROWSER, RUN, chromium

from .browsing import console, found, open_all, requested, show, texts, until
from .conftest import Caller, Held, Start

pytestmark = IN_A_BROWSER

HOSTILE = (
    f"</p></div></ol></details><script>{RUN}</script><img src='http://203.0.113.1/x' onerror='{RUN}'>"
    f"<svg onload='{RUN}'></svg><a href='javascript:{RUN}'>x</a><iframe src='//203.0.113.1'></iframe>"
    "<style>* { display: none }</style><!-- \u202eturned\u202c \x00 " + "w" * 500
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("browser")) as driver:
        yield driver


@pytest.fixture(autouse=True)
def left(browser: webdriver.Chrome) -> Iterator[None]:
    """The page is left after each test, or it would look for its sandbox during the next one."""
    yield
    browser.get("about:blank")


@pytest.fixture
def caller(start: Start, held: Held, tmp_path: Path) -> Caller:
    """A caller of a sandbox that has a session in each state, with hostile text wherever text can stand."""

    def bad(conversation: object, files: object) -> str:
        raise ValueError(HOSTILE)

    agents = {
        "held": held,
        "bad": bad,
        HOSTILE.replace("\u202e", "").replace("\u202c", "").replace("\x00", ""): _echo,
    }
    caller = start(agents=agents, tokens={"secret": HOSTILE}, db=tmp_path / "box<b>.sqlite")
    caller.create(HOSTILE, list(agents)[2], [(HOSTILE.replace("\x00", ""), b"content", "text/plain")])
    caller.create("A question", "bad")
    caller.create_async("Another", "held")
    return caller


def _echo(conversation: Any, files: object) -> str:
    text: str = conversation[-1].text
    return text


def _open(browser: webdriver.Chrome, caller: Caller) -> list[WebElement]:
    """Show the page and open every session on it."""
    sessions = show(browser, caller, count=3)
    open_all(browser, sessions)
    return sessions


def test_hostile_text_runs_nothing_and_loads_nothing(browser: webdriver.Chrome, caller: Caller) -> None:
    _open(browser, caller)

    assert browser.execute_script("return window.hacked") is None
    for selector in (
        "iframe",
        "body svg",
        "body script",
        "body style",
        "a[href^=javascript]",
        "[onerror]",
        "base",
    ):
        assert found(browser, selector) == []
    assert len(found(browser, "script")) == len(found(browser, "img")) == 1
    assert all(url.startswith(f"{caller.host}/") for url in requested(browser))
    assert console(browser) == []
    shown = HOSTILE.replace("\u202e", "U+202E").replace("\u202c", "U+202C").replace("\x00", "U+0000")
    assert texts(browser) == ["Another", "A question", f"The agent failed: ValueError: {shown}", shown, shown]


#: Each tries to bring markup or code into the page; returns what was refused.
SMUGGLE = """
const script = document.createElement('script'), image = document.createElement('img');
const tries = [
    () => document.body.insertAdjacentHTML('beforeend', '<img src=x>'),
    () => document.body.innerHTML = '<p>',
    () => script.textContent = 'window.hacked = 1',
    () => image.setAttribute('onerror', 'window.hacked = 1'),
];
const refused = tries.filter(each => { try { each(); return false; } catch { return true; } }).length;
image.src = 'http://203.0.113.1/x.png';
script.append('window.hacked = 1');
document.body.append(image, script);
const link = document.createElement('link');
Object.assign(link, {rel: 'stylesheet', href: 'http://203.0.113.1/x.css'});
document.head.append(link);
try { setTimeout('window.hacked = 1'); } catch { }
return [refused, tries.length];
"""


def test_the_policy_holds_where_escaping_would_not(browser: webdriver.Chrome, caller: Caller) -> None:
    _open(browser, caller)

    refused, tries = browser.execute_script(SMUGGLE)

    assert refused == tries
    assert browser.execute_script("return window.hacked") is None
    said = until(
        browser, "the reports", lambda: [x for x in console(browser) if "Content Security Policy" in x]
    )
    assert len(said) >= 2


def test_a_session_opens_by_mouse_and_by_keyboard(browser: webdriver.Chrome, caller: Caller) -> None:
    mouse, keyboard, _ = show(browser, caller, count=3)

    def is_open(item: WebElement) -> bool:
        return any(each.is_displayed() for each in item.find_elements(By.CSS_SELECTOR, ".text"))

    mouse.find_element(By.TAG_NAME, "summary").click()
    until(browser, "the session", lambda: is_open(mouse))
    mouse.find_element(By.TAG_NAME, "summary").click()
    until(browser, "it to close", lambda: not is_open(mouse))

    keyboard.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
    until(browser, "the other session", lambda: is_open(keyboard))
    assert not is_open(mouse)


def test_the_user_is_on_the_right_and_the_agent_on_the_left(
    browser: webdriver.Chrome, caller: Caller
) -> None:
    _, failed, _ = _open(browser, caller)

    user, agent = (failed.find_element(By.CSS_SELECTOR, f".{role} .text").rect for role in ("user", "agent"))
    around = failed.find_element(By.CSS_SELECTOR, ".messages").rect
    assert user["x"] - around["x"] > 2 * (around["x"] + around["width"] - user["x"] - user["width"])
    assert agent["x"] - around["x"] < user["x"] - around["x"]
    assert agent["y"] > user["y"] + user["height"]


def test_spaces_and_line_breaks_are_kept(browser: webdriver.Chrome, start: Start) -> None:
    caller = start()
    caller.create("\none\n\n  two   three\tfour\n")

    items = show(browser, caller, count=1)
    open_all(browser, items)

    user, _ = found(browser, ".text")
    assert browser.execute_script("return arguments[0].innerText", user) == "\none\n\n  two   three\tfour\n"
    assert user.rect["height"] > 4 * 16


@pytest.mark.parametrize("width", [320, 360, 420, 800, 1100])
def test_nothing_is_wider_than_the_screen(browser: webdriver.Chrome, caller: Caller, width: int) -> None:
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 1000}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        _open(browser, caller)
        wide: int = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


#: Each text on the page whose contrast is below what WCAG 2 asks for at level AA.
TOO_FAINT = """
const linear = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const light = rgb => 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
const parts = color => color.match(/[\\d.]+/g).map(Number);
const over = (top, back, alpha) => top.slice(0, 3).map((value, i) => alpha * value + (1 - alpha) * back[i]);
const back = node => {
    for (; node; node = node.parentElement) {
        const color = parts(getComputedStyle(node).backgroundColor);
        if (color[3] !== 0) return color;
    }
    return [255, 255, 255];
};
return [...document.body.querySelectorAll('*')].flatMap(node => {
    if (![...node.childNodes].some(child => child.nodeType === 3 && child.data.trim())) return [];
    const behind = back(node);
    const ink = over(parts(getComputedStyle(node).color), behind, Number(getComputedStyle(node).opacity));
    const [high, low] = [light(ink), light(behind)].sort((a, b) => b - a);
    const contrast = (high + 0.05) / (low + 0.05);
    return contrast < 4.5 ? [`${node.className || node.tagName}: ${contrast.toFixed(2)}`] : [];
});
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(
    browser: webdriver.Chrome, caller: Caller, scheme: str
) -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    _open(browser, caller)

    page: str = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (min(map(int, re.findall(r"\d+", page))) < 128) is (scheme == "dark")
    assert browser.execute_script(TOO_FAINT) == []
    assert console(browser) == []


@pytest.mark.parametrize("path", ["/docs", "/candela/docs"])
def test_the_documentation_needs_nothing_from_elsewhere(
    browser: webdriver.Chrome, caller: Caller, path: str
) -> None:
    console(browser), requested(browser)
    browser.get(caller.host + path)
    until(browser, "the operations", lambda: found(browser, ".opblock"))

    assert all(url.startswith((f"{caller.host}/", "data:")) for url in requested(browser))
    assert console(browser) == []
    fetch = "fetch('/', {headers: {Accept: 'text/html'}}).then(response => arguments[0](response.status))"
    assert browser.execute_async_script(fetch) == 403  # even a script of this origin
    assert "403" in "".join(console(browser))
