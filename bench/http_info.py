"""The call form that returns status and headers with the data."""

from __future__ import annotations

from bench.contestants import PortalClient
from bench.harness import OURS, AtMost, Entry, Row

FORM = "with_http_info"

ROWS = [
    Row(
        "http_info",
        "`get_session_with_http_info` beside `get_session`",
        {
            OURS: Entry(PortalClient, lambda one: one.session, 100, libraries=PortalClient.libraries),
            FORM: Entry(
                PortalClient, lambda one: one.session_with_http_info, 100, libraries=PortalClient.libraries
            ),
        },
        [AtMost(1.05, OURS, who=FORM)],
        rounds=41,
        against=OURS,
        together=True,
    ),
]
