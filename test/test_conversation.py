"""How a conversation goes on: which state is the newer one, and which text of the agent is new."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_client import Session
from portal_client.conversation import Answer, is_newer
from support import sessions


def state(*messages: str, **more: Any) -> Session:
    return Session.from_dict(sessions.state(*messages, **more))


EARLY, LATE = "00:00:01Z", "00:00:02Z"


@pytest.mark.parametrize(
    ("last", "following"),
    [
        (state("u:1"), state("u:1", "a:")),
        (state("u:1", "a:The "), state("u:1", "a:The north")),
        (state("u:1", "a:The "), state("u:1", "a:The north", "a:grew")),
        (state(), state("u:1")),
        (state("u:1", "a:x"), state("u:1", "a:x", status="Ready")),
        (state("u:1", "a:x", at=EARLY), state("u:1", "a:x", at=LATE, status="Waiting")),
        (state("u:1", "a:x", at=EARLY), state("u:1", "a:x", at=LATE, share=0.4)),
        (state("u:1", "a:Thinking", at=EARLY), state("u:1", "a:The north", at=LATE)),
        (state("u:1", "a:Thinking"), state("u:1", "a:The north", status="Ready")),
        (state("u:1", at="00:00:01"), state("u:1", at="00:00:02Z", status="Waiting")),  # without a zone
        (state("u:1", at="00:00:01+00:00"), state("u:1", at="00:00:00-01:00", status="Waiting")),
    ],
)
def test_a_state_follows_another_one_and_never_the_reverse(last: Session, following: Session) -> None:
    assert is_newer(following, last)
    assert not is_newer(last, following)


@pytest.mark.parametrize(
    ("last", "following"),
    [
        (state("u:1", at=LATE), state("u:1", "a:x", at=EARLY)),  # two servers, two clocks
        (state("u:1", "a:x", at=LATE), state("u:1", "a:x", at=EARLY, status="Ready")),
        (state("u:1", "a:Thinking", at=EARLY), state("u:1", "a:T", at=LATE)),  # replaced
    ],
)
def test_messages_and_clocks_may_differ(last: Session, following: Session) -> None:
    assert is_newer(following, last)


@pytest.mark.parametrize(
    ("last", "stale"),
    [
        (state("u:1", "a:x"), state("u:1", "a:x")),
        (state("u:1", "a:x", at=EARLY), state("u:1", "a:x", at=LATE)),  # nothing has changed but the time
        (state("u:1", "a:x"), state("u:1")),
        (state("u:1", "a:x", "u:2"), state("u:1", "a:x", status="Ready")),  # before the second prompt
        (state("u:1", "a:The north", at=LATE), state("u:1", "a:Thinking", at=EARLY)),
        (state("u:1", "a:The north", at=LATE), state("u:1", "a:Thinking", at=EARLY, status="Ready")),
        (state("u:1", "a:The north"), state("u:1", "a:Thinking")),  # nothing tells
        (state("u:1", "a:x", status="Waiting"), state("u:1", "a:x")),
    ],
)
def test_a_state_that_was_there_before_does_not_follow(last: Session, stale: Session) -> None:
    assert not is_newer(stale, last)


@given(st.lists(st.sampled_from(["u:p", "a:", "a:x", "a:xy", "t:z"]), max_size=4), st.randoms())
def test_a_conversation_that_grows_is_read_in_order_however_its_states_come(
    messages: list[str], random: Any
) -> None:
    grown = [state(*messages[:count], at="00:00:00Z") for count in range(len(messages) + 1)]
    shuffled = [random.choice(grown) for _ in range(20)] + grown
    read = [shuffled[0]]
    for one in shuffled:
        if is_newer(one, read[-1]):
            read.append(one)

    assert all(len(a.messages) < len(b.messages) for a, b in itertools.pairwise(read))
    assert read[-1] == grown[-1]


# ── what is new ──


def said(*states: Session) -> list[str]:
    answer = Answer()
    return [answer.added(one) for one in states]


def test_only_what_the_agent_adds_is_new() -> None:
    states = [state("u:Hello"), state("u:Hello", "a:The "), state("u:Hello", "a:The north grew.")]

    assert said(*states, states[-1]) == ["", "The ", "north grew.", ""]


def test_the_answer_under_way_is_new_as_a_whole_and_those_before_it_are_not() -> None:
    assert said(state("u:1", "a:one", "u:2", "a:two and ")) == ["two and "]
    assert said(state("a:Welcome!")) == ["Welcome!"]
    assert said(state("u:1", "a:one", "u:2")) == [""]


def test_a_prompt_is_never_new() -> None:
    before = state("u:1", "a:one")

    assert said(before, state("u:1", "a:one.", "u:secret", "a:two")) == ["one", ".\n\ntwo"]
    assert said(state("u:1"), state("u:1", "t:lookup()", "a:two")) == ["", "two"]


def test_a_blank_line_separates_messages() -> None:
    states = [state("u:1", "a:one"), state("u:1", "a:one", "a:"), state("u:1", "a:one", "a:two")]

    assert "".join(said(*states)) == "one\n\ntwo"
    assert said(states[-1]) == ["one\n\ntwo"]


def test_a_message_that_is_replaced_is_followed_by_the_other_text() -> None:
    states = [state("u:1", "a:Thinking"), state("u:1", "a:The "), state("u:1", "a:The north")]

    assert said(*states) == ["Thinking", "\n\nThe ", "north"]


def test_a_message_that_is_cut_goes_on_from_there() -> None:
    assert said(state("u:1", "a:one "), state("u:1", "a:one"), state("u:1", "a:one.")) == ["one ", "", "."]


@given(st.lists(st.text(max_size=5), min_size=1, max_size=5), st.integers(0, 10))
def test_words_are_the_answer_however_it_is_cut(texts: list[str], step: int) -> None:
    whole = [f"a:{text}" for text in texts]
    states = [state("u:p")]
    for number, text in enumerate(whole):
        states += [state("u:p", *whole[:number], text[:end]) for end in range(2, len(text) + 1, step + 1)]
    states.append(state("u:p", *whole))

    assert "".join(said(*states)) == "\n\n".join(text for text in texts if text)
