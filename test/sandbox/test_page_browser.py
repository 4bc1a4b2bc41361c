"""The page at work in a real browser: live, and nothing under the reader closes, moves or is lost."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

import portal_sandbox
from portal_sandbox.page import feed as module
from portal_sandbox.page import view
from portal_sandbox.store import Store
from portal_sandbox.tables import MessageRow, SessionRow
from support.browser import IN_A_BROWSER, RUN, TOWER, chromium, covered
from support.hostile import HOSTILE

from .browsing import console, entries, found, open_all, requested, show, texts, until
from .candela.conftest import Candela, named
from .conftest import LIMIT, Caller, Held, Start, Steps
from .pages import end_of_feed

pytestmark = IN_A_BROWSER

TOKENS = {"one": "ann", "two": "bob"}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("browser")) as driver:
        driver.set_window_size(1280, 900)
        yield driver


@pytest.fixture(autouse=True)
def left(browser: webdriver.Chrome) -> Iterator[None]:
    """The page is left after each test, or it would look for its sandbox during the next one."""
    yield
    browser.get("about:blank")


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INTERVAL", 0.05)


def _titles(browser: webdriver.Chrome) -> list[Any]:
    return texts(browser, ".entries .title")


def _previews(browser: webdriver.Chrome) -> list[Any]:
    return texts(browser, ".entries .preview")


def _summary(item: WebElement) -> WebElement:
    return item.find_element(By.TAG_NAME, "summary")


def _news(browser: webdriver.Chrome) -> str:
    return str(texts(browser, "#news")[0])


def _choose(browser: webdriver.Chrome, name: str, value: str) -> None:
    Select(browser.find_element(By.CSS_SELECTOR, f"#filters [name={name}]")).select_by_value(value)


# ── live ──


def test_a_session_appears_and_becomes_ready_by_itself(
    browser: webdriver.Chrome, start: Start, held: Held
) -> None:
    caller = start(tokens=TOKENS)
    assert show(browser, caller, count=0) == []
    assert browser.title == "0 sessions · Portal sandbox"
    assert "No sessions yet" in texts(browser, "#empty")[0]
    assert found(browser, "#connect")[0].get_attribute("open") is not None

    caller.create_async("hello", "held")
    (item,) = entries(browser, 1)
    assert texts(browser, "h3, .badge") == ["Running", "Running"]
    until(browser, "the news", lambda: _news(browser) == "1 new session")
    held.released.set()

    until(browser, "the status", lambda: texts(browser, "h3, .badge") == ["Today", "Ready"])
    assert browser.title == "1 session · Portal sandbox"
    assert texts(browser, "#views .count") == ["1", "0", "0", "0", "0"]
    assert not found(browser, "#empty")[0].is_displayed()
    assert entries(browser) == [item]
    assert console(browser) == []


def test_an_answer_grows_while_it_is_read(browser: webdriver.Chrome, start: Start) -> None:
    steps = Steps("one two ", "three ", "four")
    caller = start(agents={"steps": steps})
    caller.create_async(agent="steps")
    steps.taken[0].set()
    open_all(browser, show(browser, caller, count=1))
    until(browser, "the first piece", lambda: texts(browser)[1:] == ["one two "])
    select = "getSelection().setBaseAndExtent(arguments[0].firstChild, 4, arguments[0].firstChild, 7)"
    browser.execute_script(select, found(browser, ".agent .text")[0])

    steps.taken[1].set()
    until(browser, "the second piece", lambda: texts(browser)[1:] == ["one two three "])
    steps.taken[2].set()
    until(browser, "the last piece", lambda: texts(browser)[1:] == ["one two three four"])

    assert browser.execute_script("return getSelection().toString()") == "two"
    until(browser, "the end", lambda: texts(browser, ".badge") == ["Ready"])
    until(browser, "the note to go", lambda: not any(each.is_displayed() for each in found(browser, ".note")))


def test_nothing_closes_or_moves_while_others_arrive(browser: webdriver.Chrome, start: Start) -> None:
    caller = start()
    for number in range(30):
        caller.create(f"session {number}\n" + "line\n" * 20)
    items = show(browser, caller, count=30)
    read, other = items[12], items[20]
    open_all(browser, [other, read])
    browser.execute_script("arguments[0].scrollIntoView()", _summary(read))
    browser.execute_script("arguments[0].focus({preventScroll: true})", _summary(read))
    before = browser.execute_script("return arguments[0].getBoundingClientRect().top", _summary(read))

    for number in range(5):
        caller.create(f"new {number}")
    items = entries(browser, 35)

    assert _previews(browser)[:2] == ["new 4", "new 3"]
    after = browser.execute_script("return arguments[0].getBoundingClientRect().top", _summary(read))
    assert abs(after - before) < 2
    assert items.index(read) == 17
    assert all(each.find_element(By.TAG_NAME, "details").get_attribute("open") for each in (read, other))
    assert browser.switch_to.active_element == _summary(read)


def test_an_open_session_at_the_top_is_not_pushed_down(browser: webdriver.Chrome, start: Start) -> None:
    caller = start()
    caller.create("first")
    (read,) = show(browser, caller, count=1)
    open_all(browser, [read])
    top = "return arguments[0].getBoundingClientRect().top"
    before = browser.execute_script(top, read)

    caller.create("second")
    caller.create("third")
    entries(browser, 3)

    assert abs(browser.execute_script(top, read) - before) < 2


@pytest.mark.parametrize("modern", [True, False])
def test_the_focus_stays_on_what_moves(
    browser: webdriver.Chrome, start: Start, held: Held, modern: bool
) -> None:
    """Also in a browser that cannot move an element with its focus."""
    source = "" if modern else "delete Element.prototype.moveBefore"
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    caller = start()
    caller.create("done")
    caller.create_async("running", "held")
    running, _ = show(browser, caller, count=2)
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    assert browser.execute_script("return 'moveBefore' in Element.prototype") is modern
    browser.execute_script("arguments[0].focus()", _summary(running))

    held.released.set()
    until(browser, "its new place", lambda: texts(browser, "h3") == ["Today"])

    assert browser.switch_to.active_element == _summary(running)
    assert entries(browser)[0] == running


@pytest.mark.parametrize(("width", "height", "count"), [(360, 800, 3), (900, 460, 3), (1280, 500, 12)])
def test_an_entry_opens_in_its_place(
    browser: webdriver.Chrome, start: Start, width: int, height: int, count: int
) -> None:
    """Also at the end of the page, where a browser by itself would scroll."""
    caller = start()
    for number in range(count):
        caller.create(f"session {number}\n" + "line\n" * 20)
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 400}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    top = "return arguments[0].getBoundingClientRect().top"
    try:
        item = show(browser, caller, count=count)[-2]
        browser.execute_script("scrollTo(0, document.documentElement.scrollHeight)")
        before = browser.execute_script(top, item)
        browser.execute_script("arguments[0].click()", _summary(item))
        until(browser, "the messages", lambda: item.find_elements(By.CSS_SELECTOR, ".text"))
        assert abs(browser.execute_script(top, item) - before) < 2
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_an_open_session_keeps_its_place_until_it_is_closed(
    browser: webdriver.Chrome, start: Start, held: Held
) -> None:
    caller = start()
    caller.create("done")
    caller.create_async("running", "held")
    running, _ = show(browser, caller, count=2)
    open_all(browser, [running])

    held.released.set()
    until(browser, "the status", lambda: texts(browser, ".badge") == ["Ready", "Ready"])
    caller.create("new")
    entries(browser, 3)
    assert texts(browser, "h3") == ["Running", "Today"]
    assert _previews(browser) == ["running", "new", "done"]

    _summary(running).click()
    until(browser, "its new place", lambda: texts(browser, "h3") == ["Today"])
    assert _previews(browser) == ["new", "running", "done"]
    assert browser.switch_to.active_element == _summary(running)


def test_text_that_is_typed_stays(browser: webdriver.Chrome, start: Start) -> None:
    caller = start(agents={"one": lambda c, f: "", "two": lambda c, f: ""})
    show(browser, caller, count=0)
    Select(found(browser, "#agent")[0]).select_by_value("two")
    prompt = found(browser, "#prompt")[0]
    prompt.send_keys("half a th")

    caller.create()
    entries(browser, 1)
    prompt.send_keys("ought")

    assert prompt.get_attribute("value") == "half a thought"
    assert browser.switch_to.active_element == prompt
    assert found(browser, "#agent")[0].get_attribute("value") == "two"
    browser.refresh()
    until(browser, "the agents", lambda: found(browser, "#agent option"))
    assert found(browser, "#prompt")[0].get_attribute("value") == "half a thought"


def test_several_pages_see_it(browser: webdriver.Chrome, start: Start) -> None:
    caller = start()
    show(browser, caller, count=0)
    first = browser.current_window_handle
    browser.switch_to.new_window("window")
    try:
        show(browser, caller, count=0)
        caller.create("for both")
        entries(browser, 1)
        browser.switch_to.window(first)
        entries(browser, 1)
    finally:
        (second,) = {*browser.window_handles} - {first}
        browser.switch_to.window(second)
        browser.close()
        browser.switch_to.window(first)
    assert _previews(browser) == ["for both"]


@contextmanager
def _restarting(**options: Any) -> Iterator[Callable[[], Caller]]:
    """A function that starts a sandbox, always on the same port, and stops the one before."""
    with socket.socket() as free, ExitStack() as last:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()

        def restart() -> Caller:
            last.close()
            box = last.enter_context(portal_sandbox.running(port=port, **options))
            return last.enter_context(Caller(box.host, box.token))

        yield restart


def test_it_comes_back_after_a_restart_and_keeps_what_is_open(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    with _restarting(db=tmp_path / "box.sqlite", tokens=TOKENS) as restart:
        caller = restart()
        caller.create("before")
        items = show(browser, caller, count=1)
        open_all(browser, items)
        browser.execute_script("window.same = true")

        caller = restart()
        caller.create("after")

        entries(browser, 2)
        until(browser, "the feed", lambda: texts(browser, "#connection") == ["Live"])
        assert _previews(browser) == ["after", "before"]
        assert items[0].find_element(By.TAG_NAME, "details").get_attribute("open")
        assert browser.execute_script("return window.same")


def test_it_loads_again_for_another_sandbox(browser: webdriver.Chrome) -> None:
    with _restarting(tokens=TOKENS) as restart:
        restart().create("gone with its sandbox")
        show(browser, restart(), count=0)
        found(browser, "#prompt")[0].send_keys("kept")

        caller = restart()
        caller.create("of the new one")

        until(browser, "the new session", lambda: _previews(browser) == ["of the new one"])
        assert found(browser, "#prompt")[0].get_attribute("value") == "kept"


def test_what_could_not_be_read_says_so_and_is_read_later(browser: webdriver.Chrome, start: Start) -> None:
    caller = start()
    session = caller.create("one")["id"]
    (item,) = show(browser, caller, count=1)
    browser.execute_script("window.real = fetch; window.fetch = () => Promise.reject(new Error('No way'))")
    _summary(item).click()
    words = "No way; close and open it to try again"
    until(browser, "the words", lambda: texts(browser, ".detail") == [words])

    browser.execute_script("window.fetch = window.real")
    caller.update(session, "two")

    until(browser, "the messages", lambda: texts(browser) == ["one", "one", "two", "two"])


def test_a_page_that_is_not_seen_holds_no_connection(
    browser: webdriver.Chrome, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser has six connections to a host, for all its tabs."""
    ended = end_of_feed(monkeypatch)
    caller = start()
    show(browser, caller, count=0)
    hide = (
        "Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )

    browser.execute_script(hide, True)
    assert ended.wait(LIMIT)
    caller.create("meanwhile")
    browser.execute_script(hide, False)

    entries(browser, 1)
    assert _previews(browser) == ["meanwhile"]


# ── filters ──


@pytest.fixture
def some(start: Start, held: Held) -> Caller:
    """A sandbox with sessions of two users, one of which is running."""

    def bad(conversation: object, files: object) -> str:
        raise ValueError("no prices")

    caller = start(tokens=TOKENS, agents={"held": held, "bad": bad})
    with Caller(caller.host, "two") as bob:
        caller.create("a")
        bob.create("b")
    caller.create_async("c", "held")
    return caller


def test_a_filter_stays_in_the_address(browser: webdriver.Chrome, some: Caller) -> None:
    show(browser, some, count=3)

    _choose(browser, "user", "ann")
    entries(browser, 2)
    _choose(browser, "status", "Ready")
    entries(browser, 1)
    assert _previews(browser) == ["a"]
    assert browser.current_url == f"{some.host}/#view=sessions&user=ann&status=Ready"

    browser.refresh()
    entries(browser, 1)
    chosen = [
        each.get_attribute("value") for each in found(browser, "#filters select") if each.is_displayed()
    ]
    assert chosen == ["", "ann", "Ready"]
    some.create("more")
    entries(browser, 2)
    with Caller(some.host, "two") as bob:
        bob.create("of another")
    until(browser, "the count", lambda: texts(browser, "#views .count")[0] == "5")
    assert _previews(browser) == ["more", "a"]

    browser.back()
    entries(browser, 3)
    found(browser, "#filters [type=reset]")[0].click()
    entries(browser, 5)
    assert browser.current_url == f"{some.host}/#view=sessions"
    _choose(browser, "agent", "held")
    entries(browser, 1)


def test_a_filter_that_is_being_chosen_keeps_its_choices(browser: webdriver.Chrome, some: Caller) -> None:
    show(browser, some, count=3)
    agents = "#filters [name=agent] option"
    browser.execute_script("arguments[0].focus()", found(browser, "#filters [name=agent]")[0])

    some.create("x" * 10, "bad")
    entries(browser, 4)
    assert texts(browser, agents) == ["all", "echo", "held"]
    browser.execute_script("document.activeElement.blur()")
    some.create()
    until(browser, "the other agent", lambda: texts(browser, agents) == ["all", "bad", "echo", "held"])


def test_a_filter_that_nothing_matches_says_so(browser: webdriver.Chrome, some: Caller) -> None:
    show(browser, some, "view=sessions&user=nobody%20%3Cb%3E", count=0)

    until(browser, "the words", lambda: texts(browser, "#empty") == ["Nothing matches the filter."])
    assert found(browser, "#filters [name=user]")[0].get_attribute("value") == "nobody <b>"
    assert console(browser) == []


def test_what_is_read_stays_although_the_filter_has_lost_it(
    browser: webdriver.Chrome, some: Caller, held: Held
) -> None:
    (item,) = show(browser, some, "view=sessions&status=Running", count=1)
    open_all(browser, [item])

    held.released.set()

    until(browser, "the answer", lambda: texts(browser) == ["c", "at last"])
    until(browser, "the status", lambda: texts(browser, ".badge") == ["Ready"])
    _summary(item).click()
    ActionChains(browser).send_keys(Keys.TAB).perform()
    entries(browser, 0)
    until(browser, "the words", lambda: found(browser, "#empty")[0].is_displayed())


@pytest.mark.parametrize(
    "address", ["view=nothing", "view=sessions&limit=x", "limit=-5", "%", "view=__proto__"]
)
def test_an_odd_address_shows_the_sessions(browser: webdriver.Chrome, some: Caller, address: str) -> None:
    show(browser, some, address, count=3)

    assert texts(browser, "#title") == ["Portal sessions"]
    assert console(browser) == []


# ── both services ──


def test_each_view_is_live(browser: webdriver.Chrome, start: Start) -> None:
    with portal_sandbox.running(tokens=TOKENS) as box, Candela(box, "one") as candela:
        caller = Caller(box.host, "one")
        show(browser, caller, "view=candela", count=0)
        candela.pipeline(candela.start(), "what is new?")
        open_all(browser, entries(browser, 1))
        until(browser, "the messages", lambda: texts(browser) == ["what is new?"] * 2)

        for view in ("slots", "traces", "objects"):
            browser.find_element(By.CSS_SELECTOR, f"[data-view={view}]").click()
            until(browser, view, lambda view=view: f"view={view}" in browser.current_url)
            if view == "objects":
                entries(browser, 0)
                body = {"scope": "default", "identifier": "echo"}
                data = {"type": "agent", "circuit": named("a"), "directive": named("b")}
                assert candela.call("PUT", "/apps/", json={**body, "data": data}).status == 200
            open_all(browser, entries(browser, 1))
            current = found(browser, "[aria-current=page]")
            assert [each.get_attribute("data-view") for each in current] == [view]
            assert console(browser) == []
        assert '"type": "agent"' in texts(browser, "pre")[0]
        caller.http.clear()


def test_what_is_deleted_while_it_is_read_says_so(browser: webdriver.Chrome) -> None:
    with portal_sandbox.running(tokens=TOKENS) as box, Candela(box, "one") as candela:
        name = candela.start()
        candela.pipeline(name)
        candela.stop()
        with Caller(box.host, "one") as caller:
            open_all(browser, show(browser, caller, "view=candela", count=1))
        candela.delete(name)

        until(browser, "the word", lambda: texts(browser, ".badge") == ["Deleted"])
        assert len(found(browser, ".text")) == 2


def test_what_is_deleted_from_a_trace_goes_from_the_page(browser: webdriver.Chrome) -> None:
    with portal_sandbox.running(tokens=TOKENS) as box, Candela(box, "one") as candela:
        first = candela.start()
        candela.pipeline(first, "one")
        candela.stop()
        second = candela.start(parent_session=first)
        candela.pipeline(second, "two")
        with Caller(box.host, "one") as caller:
            open_all(browser, show(browser, caller, "view=traces", count=1))
        until(browser, "all items", lambda: {"one", "two"} <= {*texts(browser)})

        candela.delete(first)

        until(browser, "the rest", lambda: {*texts(browser)} == {"two"})
        assert texts(browser, ".title") == ["two"]


def test_earlier_messages_are_counted_and_later_ones_added(
    browser: webdriver.Chrome, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "MAX_MESSAGES", 4)
    caller = start()
    session = caller.create("prompt 0")["id"]
    for number in range(1, 4):
        caller.update(session, f"prompt {number}")
    open_all(browser, show(browser, caller, count=1))
    assert texts(browser) == ["prompt 2", "prompt 2", "prompt 3", "prompt 3"]
    assert texts(browser, ".note")[0] == "4 earlier messages not shown"

    caller.update(session, "prompt 4")
    until(browser, "the new ones", lambda: texts(browser)[-2:] == ["prompt 4"] * 2)
    assert texts(browser)[:4] == ["prompt 2", "prompt 2", "prompt 3", "prompt 3"]
    assert texts(browser, ".note")[0] == "4 earlier messages not shown"


# ── trying an agent ──


def test_an_agent_is_tried_with_a_token_and_a_file(
    browser: webdriver.Chrome, start: Start, held: Held, tmp_path: Path
) -> None:
    caller = start(tokens=TOKENS)
    (tmp_path / "a b.csv").write_bytes(b"1,2")
    show(browser, caller, "view=traces&user=bob", count=0)
    Select(found(browser, "#agent")[0]).select_by_value("echo")
    found(browser, "#prompt")[0].send_keys("What is <b>in</b> it?")
    found(browser, "#file")[0].send_keys(str(tmp_path / "a b.csv"))
    found(browser, "#token")[0].send_keys("two")
    found(browser, "#prompt-form button")[0].click()

    (item,) = entries(browser, 1)
    answer = "What is <b>in</b> it?\na b.csv (3 bytes, text/csv)"
    until(browser, "the answer", lambda: texts(browser) == ["What is <b>in</b> it?", answer])
    assert item.find_element(By.TAG_NAME, "details").get_attribute("open")
    (session,) = caller.get("/sessions", agent_id="echo")["sessions"] or [None]
    assert session is None  # it is bob's
    assert texts(browser, ".facts") == ["bob · 2 messages · 1 file"]
    assert found(browser, "#prompt")[0].get_attribute("value") == ""
    assert found(browser, "#file")[0].get_attribute("value") == ""
    assert texts(browser, "#sent") == ["Sent; the answer appears in the list"]

    Select(found(browser, "#agent")[0]).select_by_value("held")
    found(browser, "#prompt")[0].send_keys("and by keyboard", Keys.CONTROL, Keys.ENTER)
    entries(browser, 2)
    held.released.set()
    until(browser, "the other answer", lambda: texts(browser)[:2] == ["and by keyboard", "at last"])


@pytest.mark.parametrize(
    ("token", "reason", "focus"),
    [
        ("wrong", "The sandbox does not know this token", "token"),
        ("tök en", "The sandbox does not know this token", "token"),
        ("日本", "Not sent. ", "prompt"),
        ("one", "Not sent. 503: Chaos: the request was not carried out", "prompt"),
    ],
)
def test_a_prompt_that_is_refused_stays_and_says_why(
    browser: webdriver.Chrome, start: Start, token: str, reason: str, focus: str
) -> None:
    caller = start(tokens=TOKENS, chaos="503:100%" if token == "one" else None)
    show(browser, caller, count=0)
    found(browser, "#prompt")[0].send_keys("my prompt")
    found(browser, "#token")[0].send_keys(token)
    found(browser, "#prompt-form button")[0].click()

    until(browser, "the reason", lambda: texts(browser, "#failed")[0])
    assert reason in texts(browser, "#failed")[0]
    assert found(browser, "#prompt")[0].get_attribute("value") == "my prompt"
    assert browser.switch_to.active_element.get_attribute("id") == focus
    assert entries(browser) == []
    assert found(browser, "#prompt-form button")[0].is_enabled()


# ── downloads ──


def test_files_and_whole_texts_are_saved_and_never_shown(
    browser: webdriver.Chrome, start: Start, tmp_path: Path
) -> None:
    caller = start()
    content = f"<script>{RUN}</script>".encode()
    caller.create("x" * 10_000, files=[("evil <b>.html", content, "text/html")])
    behavior = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", behavior)
    open_all(browser, show(browser, caller, count=1))
    address = browser.current_url

    found(browser, ".files a")[0].click()
    until(browser, "the file", lambda: (tmp_path / "evil _b_.html").exists())
    found(browser, ".cut a")[0].click()
    until(browser, "the text", lambda: [*tmp_path.glob("message-*.txt")])

    assert (tmp_path / "evil _b_.html").read_bytes() == content
    assert [each.read_text() for each in tmp_path.glob("message-*.txt")] == ["x" * 10_000]
    assert browser.current_url == address
    assert len(browser.window_handles) == 1
    assert browser.execute_script("return window.hacked") is None


# ── who reads by keyboard or by ear ──


def test_all_of_it_is_reached_by_keyboard(browser: webdriver.Chrome, some: Caller) -> None:
    show(browser, some, count=3)
    browser.execute_script("scrollTo(0, 0); document.activeElement.blur()")
    walked, outlines = [], []
    for _ in range(60):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        at = browser.switch_to.active_element
        label = at.get_attribute("id") or at.get_attribute("name") or at.text.split("\n")[0]
        if walked and (label == walked[0] or at.tag_name == "body"):
            break
        walked.append(label)
        outlines.append(browser.execute_script("return getComputedStyle(arguments[0]).outlineStyle", at))

    assert walked[0] == "Skip to the list"
    for each in ("Portal API", "agent", "prompt", "file", "token", "Send", "user", "status"):
        assert each in walked
    assert [each.partition(" ")[0] for each in walked[4:9]] == [
        "Sessions",
        "Sessions",
        "Slots",
        "Objects",
        "Traces",
    ]
    assert len([each for each in walked if each.startswith(("Echo", "Held"))]) == 3
    assert "none" not in outlines


def test_the_list_is_skipped_to_and_opened_without_a_mouse(browser: webdriver.Chrome, some: Caller) -> None:
    show(browser, some, count=3)
    browser.execute_script("document.activeElement.blur()")
    keys = ActionChains(browser)
    keys.send_keys(Keys.TAB, Keys.ENTER).perform()
    assert browser.switch_to.active_element.get_attribute("id") == "main"
    for _ in range(10):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        if browser.switch_to.active_element.tag_name == "summary":
            break
    ActionChains(browser).send_keys(Keys.SPACE).perform()

    until(browser, "the messages", lambda: found(browser, ".messages"))
    assert browser.switch_to.active_element.tag_name == "summary"
    assert browser.current_url == f"{some.host}/"


def test_a_reader_of_the_accessibility_tree_finds_its_way(browser: webdriver.Chrome, some: Caller) -> None:
    open_all(browser, show(browser, some, count=3)[1:2])
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles: dict[str, list[str]] = {}
    for node in nodes:
        if not node.get("ignored"):
            roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))

    assert roles["banner"] == [""]
    assert roles["main"] == ["Portal sessions"]
    assert sorted(roles["navigation"]) == ["Documents", "Views"]
    assert {"Try an agent", "Connect", "Portal sessions", "Running", "Today"} <= {*roles["heading"]}
    for role in ("combobox", "textbox", "button", "link"):
        assert all(name.strip() for name in roles[role]), (role, roles[role])
    assert {"Agent", "User", "Status"} <= {name.split()[0] for name in roles["combobox"]}
    assert len(roles["status"]) >= 2


def test_nothing_moves_for_who_wants_no_motion(browser: webdriver.Chrome, some: Caller) -> None:
    animated = "return document.getAnimations().length"
    for preference, moving in (("no-preference", True), ("reduce", False)):
        media = {"features": [{"name": "prefers-reduced-motion", "value": preference}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        try:
            show(browser, some, count=3)
            assert (browser.execute_script(animated) > 0) is moving
        finally:
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_times_are_the_readers_and_complete(browser: webdriver.Chrome, start: Start) -> None:
    now = [datetime(2026, 11, 22, 23, 30, 5, tzinfo=UTC)]
    caller = start(now=lambda: now[0])
    caller.create("before")
    now[0] += timedelta(days=40)
    caller.create("now")
    browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    browser.execute_cdp_cmd("Emulation.setLocaleOverride", {"locale": "en-GB"})
    try:
        items = show(browser, caller, count=2)
        open_all(browser, items[1:])
        assert texts(browser, "h3") == ["Today", "November 2026"]
        assert texts(browser, "summary time") == ["08:30:05", "23 Nov 2026"]
        titles = [each.get_attribute("title") for each in found(browser, "summary time")]
        assert titles[1] == "23 Nov 2026, 08:30:05 GMT+9 · 2026-11-22T23:30:05Z"
        assert texts(browser, "dd time") == ["23 Nov 2026, 08:30:05 GMT+9"] * 2
        assert texts(browser, "dd code") == ["2026-11-22T23:30:05Z"] * 2
    finally:
        browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})
        browser.execute_cdp_cmd("Emulation.setLocaleOverride", {})


# ── hostile texts ──


@contextmanager
def _listener() -> Iterator[tuple[str, list[bytes]]]:
    """A server that keeps what it receives; its address."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(1)
                    received.append(connection.recv(100))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", received
        stop.set()
        thread.join(LIMIT)


def _loading(address: str) -> list[str]:
    """Texts that would run something, or load it from an address."""
    url = f"http://{address}"
    return [
        f"<script>{RUN}</script><script src={url}/1></script><script type=module>import '{url}/2'</script>",
        f"<img src={url}/3 onerror='{RUN}'><img srcset='{url}/4 2x'><svg onload='{RUN}'><image href={url}/5>",
        f"<math><maction actiontype=statusline xlink:href='javascript:{RUN}'>x</maction></math>",
        f"<a href='javascript:{RUN}'>x</a> javascript:{RUN} data:text/html,<script>{RUN}</script> {url}/6",
        f"<style>@import '{url}/7'; * {{ background: url({url}/8) }}</style><link rel=icon href={url}/9>",
        f"<iframe src={url}/10></iframe><object data={url}/11></object><video src={url}/13>",
        f"<form action={url}/14><button autofocus onfocus='{RUN}'>x</button></form><base href={url}/>",
        f"<meta http-equiv=refresh content='0;url={url}/15'><link rel=prefetch href={url}/16>",
        f"$$\\require{{html}}\\href{{javascript:{RUN}}}{{x}}$$ \\(\\unicode{{x3c}}\\) ![x]({url}/17)",
        "\u202egnihton\u202c z\u200be\u200cr\u200do \u2066\u2069 \x00 \x1b[2J \ufeff",
        "]]>--></textarea></title></pre></code></select></summary></details><h1>Not a heading</h1>",
        *(text for text in HOSTILE if text != "\ud83d"),
    ]


def test_hostile_texts_run_nothing_load_nothing_and_break_nothing(
    browser: webdriver.Chrome, start: Start
) -> None:
    violations = (
        "window.violations = [];"
        "addEventListener('securitypolicyviolation', event => violations.push(event.violatedDirective));"
        "addEventListener('error', event => violations.push(event.message));"
        "addEventListener('unhandledrejection', event => violations.push(String(event.reason)))"
    )
    watch = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": violations})
    with _listener() as (address, received):
        hostile = _loading(address)
        caller = start(
            agents={f"{hostile[0]} {hostile[1]}": lambda conversation, files: conversation[-1].text},
            tokens={"secret": hostile[1]},
        )
        (agent,) = {*(each["id"] for each in caller.get("/agents")["agents"])} - {"echo"}
        for text in hostile:
            name = text.replace("\x00", "").replace("\r", " ").replace("\n", " ")[:200] or "x"
            caller.create(text, agent, [(name, b"", "text/html")])
        caller.create("<b>" * 350_000)
        items = show(browser, caller, count=len(hostile) + 1)
        browser.execute_script(
            "document.querySelectorAll('.entries details').forEach(each => each.open = true)"
        )
        until(browser, "all of them", lambda: len(found(browser, ".messages")) == len(items))
        browser.execute_script("document.querySelectorAll('.files a, summary').forEach(each => each.focus())")
        asked = requested(browser)
        found(browser, "[data-view=slots]")[0].click()
        entries(browser, 0)

    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", watch)
    assert received == []
    assert [url for url in asked if not url.startswith(f"{caller.host}/")] == []
    assert browser.execute_script("return violations") == []
    assert browser.execute_script("return window.hacked") is None
    assert console(browser) == []
    assert len(found(browser, "h1")) == 1


def test_no_text_covers_that_of_others(browser: webdriver.Chrome, start: Start) -> None:
    caller = start(agents={TOWER: lambda conversation, files: TOWER}, tokens={"secret": TOWER})
    caller.create(TOWER, TOWER, [(TOWER[:100], b"", "text/plain")])
    caller.create("a plain prompt", "echo", [(TOWER[:100], b"", "text/plain")])
    open_all(browser, show(browser, caller, count=2))
    assert "a plain prompt" in texts(browser)

    assert covered(browser, "h2, dt, .text, .badge") == []


# ── many ──


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A database with 10,000 sessions, in each of which little was said."""
    path = tmp_path / "many.sqlite"
    store, begin = Store(path), datetime(2026, 1, 1, tzinfo=UTC)
    store.open()
    with store.database.writing() as db:
        for number in range(10_000):
            time = begin + timedelta(minutes=number)
            session = {"id": f"s{number}", "thread_id": "t", "user_id": "ann", "agent_id": "echo"}
            messages = [
                MessageRow(role="user", text=f"prompt {number}"),
                MessageRow(role="assistant", text="x"),
            ]
            times = {"created_at": time, "updated_at": time}
            db.add(SessionRow(**session, **times, status="Ready", revision=2, messages=messages))
    store.close()
    return path


def test_ten_thousand_sessions_are_a_page_that_can_be_used(
    browser: webdriver.Chrome, start: Start, many: Path
) -> None:
    caller = start(db=many, tokens=TOKENS)

    show(browser, caller, count=100)
    rest = browser.find_element(By.ID, "rest")
    assert rest.text.startswith("The newest 100 of 10,000 sessions")
    assert _previews(browser)[0] == "prompt 9999"
    rest.find_element(By.TAG_NAME, "button").click()
    entries(browser, 200)
    assert _previews(browser)[199] == "prompt 9800"
    assert browser.current_url.endswith("#view=sessions&limit=200")
    for number in range(20):
        caller.create(f"new {number}")
    until(browser, "the newest", lambda: _previews(browser)[0] == "new 19")

    assert len(entries(browser)) == 200
    browser.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    used: int = browser.execute_script("return performance.memory.usedJSHeapSize")
    assert used < 30_000_000
