"""Chromium without a window, which keeps what it loads and what its console says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

#: The marks of tests in a browser.
IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its chromedriver are not installed"),
]

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

#: A letter with so many marks above it that they would cover what is around.
TOWER = "a" + "\u0301" * 500

#: Hides what is written with such a letter, but no other text.
_HIDE_TOWERS = """
[...document.querySelectorAll("body *")]
  .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && /\u0301\u0301/.test(node.data)))
  .forEach(each => each.style.setProperty("visibility", "hidden"))
"""

#: A script of others, which must not run.
RUN = "window.hacked = (window.hacked || 0) + 1"


@contextmanager
def chromium(folder: Path) -> Iterator[webdriver.Chrome]:
    """Run a browser with a profile in this folder."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (*_ARGUMENTS, f"--user-data-dir={folder}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    driver.get("about:blank")  # what the first tab still loads is over
    yield driver
    driver.quit()


def covered(browser: webdriver.Chrome, selector: str) -> list[str]:
    """The texts of those elements without a TOWER that look different when every TOWER is hidden."""
    screen = {"width": 1000, "height": 5_000, "deviceScaleFactor": 1, "mobile": False}  # without scrollbars
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        plain = [each for each in browser.find_elements(By.CSS_SELECTOR, selector) if not _has_tower(each)]
        assert len(plain) >= 3
        before = [_picture(browser, each) for each in plain]
        browser.execute_script(_HIDE_TOWERS)
        return [
            each.text for each, seen in zip(plain, before, strict=True) if _picture(browser, each) != seen
        ]
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _has_tower(element: WebElement) -> bool:
    return "\u0301" in element.text


def _picture(browser: webdriver.Chrome, element: WebElement) -> str:
    clip = {**element.rect, "scale": 1}
    return str(browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})["data"])
