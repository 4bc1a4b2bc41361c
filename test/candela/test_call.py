"""What an error of Candela tells of its call."""

from __future__ import annotations

import pickle
import shlex

import pytest

from candela.calls import PROMPT, calling
from support.clients import TOKEN, closes, failing
from support.scripted import reply


@pytest.mark.fault("Observability", "The curl line has the token as $TOKEN and holds nothing that is private")
def test_a_call_with_a_json_body_is_told() -> None:
    with calling(closes, reply({"detail": "busy"}, status=409)) as c:
        lost = failing(lambda: c.api.submit_prompt_to_agent({**PROMPT, "prompt": "the-prompt"}))
        busy = failing(lambda: c.api.delete_session("the-scope", "the-id"))

    assert [request.method for request in c.server.requests] == ["POST", "DELETE"]
    assert b"the-prompt" in c.server.requests[0].body
    assert lost.call is not None
    assert lost.call[:4] == ("submit_prompt_to_agent", "POST", f"{c.server.host}/session/agent_submit", 1)
    words = shlex.split(lost.call.curl)
    assert words[:4] == ["curl", "-X", "POST", f"{c.server.host}/session/agent_submit"]
    assert words[-4:] == ["-H", "Content-Type: application/json", "-d", "..."]
    assert "Authorization: Bearer $TOKEN" in words
    assert busy.call is not None
    assert f"{c.server.host}/sessions/?scope=...&identifier=..." in shlex.split(busy.call.curl)
    for error in (lost, busy):
        assert pickle.loads(pickle.dumps(error)).call == error.call
        for private in (TOKEN, "the-prompt", "the-scope", "the-id"):
            assert private not in f"{error} {error.call}"


def test_a_misspelt_field_of_a_dict_is_told_and_sent() -> None:
    with calling(reply({})) as c, pytest.warns(UserWarning, match="no field scop, .*scope") as told:
        c.api.submit_pipeline_prompt({**PROMPT, "scop": "reports"})  # type: ignore[arg-type]

    assert [warning.filename for warning in told] == [__file__]
    assert b'"scop":"reports"' in c.server.requests[0].body
