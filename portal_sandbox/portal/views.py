"""Views: rows of the database, and agents, as the models of the contract."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from portal_sandbox import messages, wire
from portal_sandbox.agents import ICON, display_name
from portal_sandbox.tables import MessageRow, RoutineRow, SessionRow
from portal_sandbox.wire import SessionStatus, TrendStatus

#: The maximum length of the name of a session.
MAX_NAME = 80


def agent(agent_id: str, function: object = None) -> wire.Agent:
    """Return an agent with the texts that its function has as attributes."""
    name = display_name(agent_id)
    return wire.Agent(
        id=agent_id,
        name=name,
        assistant_id=f"asst_{agent_id}",
        assistant_nickname=name,
        welcome_message=_text(function, "welcome_message", f"This is {name}. What would you like to know?"),
        user_initial_message=_text(function, "user_initial_message", ""),
        icon=ICON,
        visibility_requirements=[],
    )


def playground_agent(agent_id: str) -> wire.PlaygroundAgent:
    """Return an agent as the playground has it at first."""
    shown = agent(agent_id)
    return wire.PlaygroundAgent(
        id=shown.id, name=shown.name, icon=shown.icon, assistant_id=shown.assistant_id, instructions=""
    )


def _text(function: object, name: str, default: str) -> str:
    text = getattr(function, name, default)
    return text if isinstance(text, str) else default


def sessions(rows: Iterable[SessionRow]) -> list[wire.Session]:
    """Return sessions in the order of their rows."""
    return [session(row) for row in rows]


def session(row: SessionRow) -> wire.Session:
    """Return a session with its messages."""
    return wire.Session(
        id=row.id,
        agent_id=row.agent_id,
        thread_id=row.thread_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        messages=[_message(message) for message in row.messages],
        status=SessionStatus(row.status),
        user_id=row.user_id,
        routine_id=row.routine_id,
    )


def widget(agent_id: str, function: object, latest: SessionRow | None) -> wire.Widget:
    """Return an agent with its latest session, if there is one."""
    return wire.Widget(
        agent=agent(agent_id, function), latest_session=None if latest is None else session(latest)
    )


def grouped_session(row: SessionRow, function: object) -> wire.GroupedSession:
    """Return a session with the fields of its summary; its name is the beginning of its first prompt."""
    name = " ".join(messages.first_text(row).split())[:MAX_NAME]
    return wire.GroupedSession(**dict(session(row)), agent=agent(row.agent_id, function), name=name)


def _message(row: MessageRow) -> wire.Message:
    author = row.agent_id and wire.MessageAgent(id=row.agent_id, name=display_name(row.agent_id), icon=ICON)
    return wire.Message(text=row.text, role=wire.MessageRole(row.role), agent=author or None)


def routine(row: RoutineRow, runs: Sequence[SessionRow]) -> wire.RoutineWithSessions:
    """Return a routine with its runs, which are given newest first."""
    return wire.RoutineWithSessions(
        id=row.id,
        agent_id=row.agent_id,
        user_id=row.user_id,
        name=row.name,
        requirements=row.requirements,
        interval=row.interval,
        trend=_trend(runs),
        sessions=sessions(runs),
        latest_answer=messages.latest_answer(runs),
    )


def _trend(runs: Sequence[SessionRow]) -> wire.Trend:
    """Return WARNING with the reason where the last run that has ended has failed, else UNKNOWN."""
    last = next((run for run in runs if run.status != SessionStatus.RUNNING), None)
    if last is not None and last.status == SessionStatus.ERROR:
        return wire.Trend(description=last.messages[-1].text, status=TrendStatus.WARNING)
    return wire.Trend(description="", status=TrendStatus.UNKNOWN)


def report(rows: Sequence[SessionRow]) -> wire.Report:
    """Return the report of an agent from its sessions, which are given newest first."""
    return wire.Report(
        text=messages.latest_answer(rows),
        tables=[wire.ReportTable(title="Sessions", columns=[*_COLUMNS], rows=[*map(_report_row, rows)])],
    )


_COLUMNS: Mapping[str, Callable[[SessionRow], str]] = {
    "Updated": lambda row: f"{row.updated_at:%Y-%m-%d %H:%M:%S} UTC",
    "Prompt": messages.first_text,
    "Answer": lambda row: messages.latest_answer([row]),
    "Status": lambda row: row.status,
}


def _report_row(row: SessionRow) -> wire.ReportRow:
    values = [wire.ReportValue(key=column, text=text(row)) for column, text in _COLUMNS.items()]
    return wire.ReportRow(values=values)
