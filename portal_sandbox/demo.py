"""Demo data: the session and the agent of the documents' examples, open to every user."""

from portal_sandbox.agents import Message
from portal_sandbox.store import Store

AGENT_ID = "agent_id_example"
SESSION_ID = "session_id_example"
USER_ID = "user_id_example"

#: The user of every unknown token, so that the examples work with any.
GUEST = "guest"

_TOPICS = (
    ("the portfolio", "It holds 24 positions in 6 currencies."),
    ("the cash balance", "It is 1.2 million US dollars."),
    ("the largest position", "It is a ten-year bond, 8 percent of the whole."),
    ("the return this month", "It is 0.7 percent after costs."),
    ("the open orders", "There are three, all of them for today."),
)

_TURNS = 30


def add_demo_data(store: Store) -> None:
    """Add the demo session with its 60 messages, unless it is there already."""
    store.share(SESSION_ID, USER_ID, AGENT_ID, _conversation())


def _conversation() -> list[Message]:
    return [message for turn in range(_TURNS) for message in _turn(turn)]


def _turn(turn: int) -> tuple[Message, Message]:
    topic, answer = _TOPICS[turn % len(_TOPICS)]
    question = f"Question {turn + 1}: what can you tell me about {topic}?"
    return Message("user", question), Message("assistant", answer)
