"""Sessions run, continued and waited for: what the calls take and return, and what both checkers refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Optional, assert_type

from portal_client import Attempt, Hooks, Session, SessionFailed, SessionProgress, SessionsApi, WaitTimeout


def taken(api: SessionsApi, tell: Callable[[SessionProgress], None]) -> None:
    assert_type(api.run_session("a", "Hi"), Session)
    assert_type(api.run_session("a", "Hi", [Path("x"), ("y", b"z")], timeout=5, progress=False), Session)
    assert_type(api.continue_session("s", "Hi", files=b"x", timeout=math.inf, progress=tell), Session)
    assert_type(api.continue_session(session_id="s", text_prompt="Hi", timeout=None, progress=print), Session)
    assert_type(api.wait_for_session("s", _request_timeout=(1, 2), _headers={"X-Team": "a"}), Session)


def refused(api: SessionsApi, wrong: Callable[[int], None]) -> None:
    api.run_session(1, "Hi")  # type: ignore[arg-type]
    api.run_session("a")  # type: ignore[call-arg]
    api.run_session("a", "Hi", None, 5)  # type: ignore
    api.run_session("a", "Hi", timeout="5")  # type: ignore[arg-type]
    api.run_session("a", "Hi", progress=None)  # type: ignore[arg-type]
    api.run_session("a", "Hi", progress=wrong)  # type: ignore[arg-type]
    api.run_session("a", "Hi", color=1)  # type: ignore[call-arg]
    api.continue_session("s", 1)  # type: ignore[arg-type]
    api.continue_session("s")  # type: ignore[call-arg]
    api.continue_session("s", "Hi", color=1)  # type: ignore[call-arg]
    api.wait_for_session(1)  # type: ignore[arg-type]
    api.wait_for_session("s", files=[])  # type: ignore[call-arg]


def told(progress: SessionProgress) -> None:
    assert_type(progress.phase, str)
    assert_type(progress.session_id, Optional[str])
    assert_type(progress.sent, int)
    assert_type(progress.total, Optional[int])
    assert_type(progress.status, Optional[str])
    assert_type(progress.messages, int)
    assert_type(progress.elapsed, float)
    progress.sent = 1  # type: ignore[misc]


def ended(api: SessionsApi) -> Optional[str]:
    try:
        return api.run_session("a", "Hi", progress=told).messages[-1].text
    except SessionFailed as error:
        assert_type(error.session_id, str)
        assert_type(error.session.id, str)
    except WaitTimeout as error:
        assert_type(error.session_id, str)
        return api.wait_for_session(error.session_id).id
    return None


class Upload(Hooks):
    def on_body(self, attempt: Attempt, written: int, total: Optional[int]) -> None:
        assert_type(attempt.request_sent, bool)
