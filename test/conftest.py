"""No setting of the machine may reach a test; and a sandbox for those that want one."""

from __future__ import annotations

import gc
import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3.util.connection
from hypothesis import HealthCheck, settings

from support.matrix import pytest_itemcollected as pytest_itemcollected
from support.matrix import pytest_sessionfinish as pytest_sessionfinish
from support.matrix import pytest_terminal_summary as pytest_terminal_summary

for name in list(os.environ):
    if name.upper().endswith("_PROXY") or name.startswith(("PORTAL_", "FBN_", "BEARER_TOKEN")):
        del os.environ[name]
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
    os.environ.pop(name, None)

# A shell in the background has its programs ignore Ctrl-C, and they their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How busy the machine is, is no property.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


# What collecting the tests allocates stays: without it in their way, collections of garbage are quick.
gc.disable()


def pytest_collection_finish() -> None:
    """Set aside what was allocated so far, and let garbage be collected again."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """Each logger gets its level back, and loses the handlers that a test or an example has added."""
    names = ("portal_client", "finbourne_candela", "urllib3", "http", None)
    before = [(logger, logger.level, logger.handlers[:]) for logger in map(logging.getLogger, names)]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        for added in [handler for handler in logger.handlers if handler not in handlers]:
            logger.removeHandler(added)
            added.close()


@pytest.fixture
def settings_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the platform keeps the settings of this package, for this test alone."""
    folder = tmp_path / "settings" / "portal-client"
    folder.mkdir(parents=True)
    monkeypatch.setattr("platformdirs.user_config_path", lambda name, appauthor: folder.parent / name)
    return folder


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The validators that are compiled from now on, those of the sessions among them."""
    from pydantic import TypeAdapter

    from portal_client import SessionsApi

    made: list[Any] = []
    compile_ = TypeAdapter.__init__

    def noted(self: Any, *args: Any, **options: Any) -> None:
        made.append(self)
        compile_(self, *args, **{"_parent_depth": 3, **options})

    monkeypatch.setattr(TypeAdapter, "__init__", noted)
    for name in ("create_async_session", "get_session", "subscribe_to_session_stream"):
        operation = getattr(SessionsApi, name).operation
        for cached in ("_validator", "returns"):
            vars(operation).pop(cached, None)
    return made


@pytest.fixture(scope="session")
def demo_box() -> Iterator[Any]:
    """A sandbox with the documents' demo data; BEARER is its token."""
    server = pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    with server.running(demo_data=True, tokens={"BEARER": "reader"}) as box:
        yield box


@pytest.fixture
def localhost(demo_box: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """http://localhost is the demo sandbox, for examples; its real port needs root."""
    from portal_client import ApiClient, Configuration

    connect = urllib3.util.connection.create_connection

    def to_sandbox(address: tuple[str, int], *args: object, **options: object) -> object:
        if address == ("localhost", 80):
            address = ("127.0.0.1", int(demo_box.host.rpartition(":")[2]))
        return connect(address, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(urllib3.util.connection, "create_connection", to_sandbox)
    monkeypatch.setenv("BEARER_TOKEN", "BEARER")
    yield
    # An example without a configuration of its own takes the default one; the next starts afresh.
    ApiClient.get_default().close()
    ApiClient.set_default(None)
    Configuration.set_default(None)
