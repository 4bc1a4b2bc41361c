"""Following a session, from the user's side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Optional, assert_type

from portal_client import RequestOptions, Session, SessionsApi, SessionUpdates


def follow_session(api: SessionsApi, together: RequestOptions) -> None:
    with api.follow_session("s") as updates:
        assert_type(updates, SessionUpdates)
        for session in updates:
            assert_type(session, Session)
        assert_type(next(updates), Session)
        assert_type(updates.words(), Iterator[str])
        assert_type(updates.session, Optional[Session])
        assert_type(updates.session_id, str)
        assert_type(updates.closed, bool)
    assert_type(api.follow_session(session_id="s", timeout=math.inf, idle_timeout=5), SessionUpdates)
    assert_type(api.follow_session("s", _headers={"a": "b"}, _request_timeout=5), SessionUpdates)
    assert_type(api.follow_session("s", **together), SessionUpdates)


def refused(api: SessionsApi) -> None:
    api.follow_session(1)  # type: ignore[arg-type]
    api.follow_session()  # type: ignore[call-arg]
    api.follow_session("s", 5)  # type: ignore[call-arg]
    api.follow_session("s", timeout="5")  # type: ignore[arg-type]
    api.follow_session("s", tee="log")  # type: ignore[call-arg]
