"""The plain repr of values, and what showing a value costs and loads."""

from __future__ import annotations

import ast
import copy
import re
from pprint import pformat
from typing import Any

import pydantic
import pytest

from portal_client import ApiException, ApiResponse, GetSessionsResponse, Message, MessageRole, Session
from portal_client.display import SCREEN
from support.samples import samples
from support.scripted import SESSION
from test_imports import fresh


def long_session(text: str, count: int = 10_000, **fields: Any) -> Session:
    messages = [Message(text=text, role=MessageRole.USER)] * count
    return Session.model_validate({**SESSION, **fields, "messages": messages})


def test_the_repr_of_a_small_value_is_what_makes_it() -> None:
    message = Message(text="Hi", role=MessageRole.USER)

    assert repr(message) == "Message(text='Hi', role=<MessageRole.USER: 'user'>, agent=None)"
    assert repr(Session.model_validate(SESSION)).startswith(
        "Session(id='s1', agent_id='a1', thread_id='t1', "
    )
    assert "text='Hi'" in repr(Session.model_validate(SESSION))


@pytest.mark.parametrize("text", ["x", "x" * 100_000, "\n" * 3_000, "é" * 500])
def test_the_repr_of_a_long_session_is_one_screen_and_has_its_id(text: str) -> None:
    shown = repr(long_session(text, id="5f3c2d1e-0000-4000-8000-000000000000"))

    assert len(shown) <= SCREEN
    assert "\n" not in shown
    assert shown.startswith("Session(id='5f3c2d1e-0000-4000-8000-000000000000', ")
    assert re.search(r"… 9,99[78] more, Message\(", shown)
    assert "status=<SessionStatus.READY: 'Ready'>" in shown
    assert pformat(long_session(text)) == repr(long_session(text))


def test_the_newest_messages_are_those_that_are_seen() -> None:
    one = long_session("x" * 300)
    one.messages[-2:] = [Message(text="a question", role="user"), Message(text="an answer", role="assistant")]  # type: ignore[arg-type]

    assert "text='a question'" in repr(one)
    assert "text='an answer'" in repr(one)


def test_what_is_left_out_is_counted() -> None:
    assert "), … 9,997 more, Message(" in repr(long_session("x"))
    assert f"text={'x' * 200!r}… 1,800 more" in repr(long_session("x" * 2_000, 1))
    shown = repr(long_session("x" * 2_000, 9, **{f"future{at}": "y" * 5_000 for at in range(9)}))
    assert f"text={'x' * 60!r}… 1,940 more, " in shown
    assert f"future8={'y' * 60!r}… 4,940 more" in shown


@pytest.mark.parametrize(
    "value",
    [
        GetSessionsResponse(sessions=[long_session("x", 50)] * 50),
        Session.model_validate({**SESSION, **{f"field{at}": "x" * 500 for at in range(500)}}),
        Session.model_validate(
            {**SESSION, "id": "x" * 100_000, "future": {f"{at}": [at] * 99 for at in range(99)}}
        ),
        Session.model_validate({**SESSION, "x" * 5_000: 1}),
        ApiResponse[Any](status_code=200, data=["x" * 99] * 999, raw_data=b"x" * 99_999),
        *(each for each in samples("x" * 5_000).values() if not isinstance(each, ApiException)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_repr_is_longer_than_a_screen(value: Any) -> None:
    assert len(repr(value)) <= SCREEN
    assert repr(value).startswith(type(value).__name__)
    assert "…" in repr(value)


def test_print_still_shows_all() -> None:
    assert str(long_session("a sentinel" * 500, 50)).count("a sentinel") == 500 * 50
    assert f"{long_session('x' * 9_000, 2)}".count("x") == f"{long_session('', 2)}".count("x") + 18_000
    assert len(repr(long_session("x" * 9_000, 2))) <= SCREEN  # as before
    assert long_session("a sentinel", 500).to_str().count("a sentinel") == 500


def test_the_repr_of_a_response_has_its_body_once() -> None:
    response = ApiResponse[Any](status_code=200, data="a sentinel", raw_data=b"a sentinel")

    assert (
        repr(response)
        == "ApiResponse[Any](status_code=200, headers=None, data='a sentinel', request_id=None)"
    )
    assert response.raw_data == b"a sentinel"
    assert copy.deepcopy(response) == response


def test_the_repr_of_a_union_names_what_it_holds() -> None:
    from finbourne_candela import Nodes, NoOpDTO

    assert repr(Nodes(NoOpDTO(node_id="n", child_id=None, label="x" * 5_000))).startswith(
        "Nodes(NoOpDTO(type='no-op'"
    )


@pytest.mark.parametrize(
    "name", ["_view", "_repr_html_", "__rich__", "_render_traceback_", "_ipython_display_"]
)
def test_a_field_of_that_name_is_no_view(name: str) -> None:
    one = Session.model_validate({**SESSION, name: "<script>"})

    assert "<script>" not in one._repr_html_()
    assert one.to_dict()[name] == "<script>"


def test_a_model_takes_no_more_memory_for_it() -> None:
    class Plain(pydantic.BaseModel):
        """A model without views."""

    assert Message.__basicsize__ == Plain.__basicsize__


def test_an_error_and_a_model_load_no_view_before_they_are_shown() -> None:
    code = (
        "import sys\nfrom portal_client import ApiException, Session, ApiResponse\n"
        "repr(ApiException(404, 'x'))\nanswer = sorted(sys.modules)"
    )
    loaded = fresh(code)

    assert not [name for name in loaded if name.startswith("portal_client.views")]
    assert not {"rich", "IPython", "xml.etree", "traceback_"} & set(loaded)


def test_a_short_repr_is_python() -> None:
    ast.parse(repr(ApiException(404, "x")), mode="eval")
