"""Negotiation: which Accept headers prefer events to JSON."""

import pytest

from portal_sandbox import events, negotiation


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html", False),
        ("text/event-stream", True),
        ("Text/Event-Stream; charset=utf-8", True),
        ("text/*", True),
        ("text/event-stream, */*", True),
        ("text/event-stream, */*;q=0.1", True),
        ("text/event-stream;q=0.5, */*", False),
        ("text/event-stream, application/json", False),
        ("application/json, text/event-stream", False),
        ("application/json;q=0.9, text/event-stream", True),
        ("application/json, text/event-stream;q=0.9", False),
        ("application/json;q=0, */*", True),
        ("text/event-stream;q=0, */*", False),
        ("text/event-stream;q=0", False),
        ("application/json;q=0, text/event-stream;q=0", False),
        ("nonsense", False),
        ("text/event-stream/x, ;;q=", False),
    ],
)
def test_a_type_is_preferred_to_json(accept: str, wanted: bool) -> None:
    assert negotiation.prefers(accept, events.MEDIA_TYPE) is wanted
