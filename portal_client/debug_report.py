"""The report for whoever looks into a fault: versions, and the last calls."""

from __future__ import annotations

import os
import platform
import ssl
from collections.abc import Sequence
from typing import Any, cast

import pydantic
import pydantic_core
import urllib3

from portal_client import __version__
from portal_client.flight_recorder import RecordedCall


def debug_report(api_version: str, calls: Sequence[RecordedCall]) -> str:
    """Return lines about this machine, the package and its libraries, and one for each call."""
    lines = [
        "Python SDK Debug Report:",
        f"OS: {platform.platform()} ({os.name})",
        f"Python Version: {platform.python_version()}",
        f"Version of the API: {api_version}",
        f"SDK Package Version: {__version__}",
        f"urllib3 Version: {cast(Any, urllib3).__version__}",
        f"pydantic Version: {pydantic.VERSION} (pydantic-core {pydantic_core.__version__})",
        f"OpenSSL Version: {ssl.OPENSSL_VERSION}",
    ]
    if calls:
        lines += ["Last calls:", *map(str, calls)]
    return "\n".join(lines)
