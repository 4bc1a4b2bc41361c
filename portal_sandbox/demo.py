"""Demo data: the agent, the session and the routine of the documents' examples, open to every user."""

from sqlalchemy import select

from portal_sandbox.agents import Message
from portal_sandbox.store import Store
from portal_sandbox.tables import RoutineRow

AGENT_ID = "agent_id_example"
SESSION_ID = "session_id_example"
ROUTINE_ID = "routine_id_example"
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
    """Add the demo session with its 60 messages and the demo routine, unless they are there already."""
    store.share(SESSION_ID, USER_ID, AGENT_ID, _conversation())
    routine = RoutineRow(
        id=ROUTINE_ID,
        user_id=USER_ID,
        shared=True,
        agent_id=AGENT_ID,
        name="Morning report",
        requirements="What has changed since yesterday?",
        interval="daily",
    )
    with store.database.writing() as db:
        if db.scalar(select(RoutineRow.key).where(RoutineRow.id == ROUTINE_ID)) is None:
            db.add(routine)


def _conversation() -> list[Message]:
    return [message for turn in range(_TURNS) for message in _turn(turn)]


def _turn(turn: int) -> tuple[Message, Message]:
    topic, answer = _TOPICS[turn % len(_TOPICS)]
    question = f"Question {turn + 1}: what can you tell me about {topic}?"
    return Message("user", question), Message("assistant", answer)
