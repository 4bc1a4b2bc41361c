"""The page in a real browser: how a test looks at it and waits for it."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from .conftest import LIMIT, Caller

T = TypeVar("T")


def until(browser: webdriver.Chrome, what: str, condition: Callable[[], T]) -> T:
    """Wait until something holds, and return it."""
    ignored = (StaleElementReferenceException,)
    waiting = WebDriverWait(browser, LIMIT, poll_frequency=0.05, ignored_exceptions=ignored)
    return waiting.until(lambda _: condition(), f"waited for {what}")


def found(browser: webdriver.Chrome, selector: str) -> list[WebElement]:
    return browser.find_elements(By.CSS_SELECTOR, selector)


def show(
    browser: webdriver.Chrome, caller: Caller, view: str = "", count: int | None = None
) -> list[WebElement]:
    """Show a view of the page, such as "view=slots", and return its entries once there are so many."""
    console(browser), requested(browser)
    browser.get("about:blank")
    browser.get(f"{caller.host}/{view and '#'}{view}")
    until(browser, "the feed", lambda: found(browser, ".connection.live") and texts(browser, ".count")[0])
    return entries(browser, count)


def entries(browser: webdriver.Chrome, count: int | None = None) -> list[WebElement]:
    """The entries of the list, once there are so many."""
    if count is not None:
        until(browser, f"{count} entries", lambda: len(found(browser, ".entries > li")) == count)
    return found(browser, ".entries > li")


def open_all(browser: webdriver.Chrome, items: list[WebElement]) -> None:
    """Open every entry, one after the other, and wait until it is shown in full."""
    for item in items:
        summary = item.find_element(By.TAG_NAME, "summary")
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", summary)
        summary.click()
        until(browser, "an entry in full", lambda item=item: item.find_elements(By.CSS_SELECTOR, "dl dd"))


def texts(browser: webdriver.Chrome, selector: str = ".text") -> list[Any]:
    """The whole text of each element, spaces and line breaks included."""
    script = "return [...document.querySelectorAll(arguments[0])].map(each => each.textContent)"
    shown: list[Any] = browser.execute_script(script, selector)
    return shown


def console(browser: webdriver.Chrome) -> list[str]:
    """What the browser has had to say since this was last called, but for its advice on forms."""
    entries = [entry for entry in browser.get_log("browser") if entry["source"] != "recommendation"]
    return [entry["message"] for entry in entries]


def requested(browser: webdriver.Chrome) -> list[str]:
    """The requests of the browser since this was last called."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return [each["request"]["url"] for each in sent if each["request"]["url"] != "about:blank"]
