"""What the tools do: calls of the service, and their results as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Optional, Self, cast

from portal_client.api.sessions_api import SessionsApi
from portal_client.api_client import ApiClient
from portal_client.configuration import Configuration
from portal_client.endpoint import Api
from portal_client.exceptions import ApiException, ApiValueError, SessionFailed, WaitTimeout
from portal_client.hooks import Hooks
from portal_client.mcp.folder import Folder
from portal_client.mcp.tools import TOOLS, USUAL_WAIT, Tool
from portal_client.models.session import Session
from portal_client.operation import Request
from portal_client.reading import SHORTEST_SECONDS
from portal_client.reasons import in_doubt, reasons
from portal_client.request import UnderWay
from portal_client.serialization import sanitize
from portal_client.spelling import hint
from portal_client.text import masked_data, printable, shortened
from portal_client.timeouts import Deadline, Timeouts
from portal_client.wait import SessionProgress
from portal_client.waiting import holds

#: Seconds between two looks for a prompt that the service has taken, and does not show yet.
_PAUSE = 0.5

#: Characters of the first prompt in a list of sessions.
_MAX_PROMPT = 300

#: Is given how far a wait is.
Report = Callable[[SessionProgress], None]

_STILL_RUNNING = "The agent is still at work. Call wait_for_session again."


class Calls:
    """The tools, working on one client, which is closed at the end of a `with` block.

    Args:
        configuration: The settings of the client.
        read_only: Whether to leave out the tools that change something.
        folder: The folder whose files may be attached; None for no files.
        timeout: The limit for each call in seconds.
    """

    def __init__(
        self, configuration: Configuration, read_only: bool, folder: Optional[Folder], timeout: float
    ) -> None:
        self.tools: dict[str, Tool] = {t.name: t for t in TOOLS if t.read_only or not read_only}
        self._arguments = {name: tool.arguments(folder) for name, tool in self.tools.items()}
        self._client = _MaskingClient(configuration)
        self._folder = folder
        self._options: Any = {"_request_timeout": timeout}
        self._own: dict[str, Callable[[dict[str, Any], Report], dict[str, Any]]] = {
            "wait_for_session": self._wait,
            "continue_session": self._continue,
            "list_sessions": self._list,
            "branch_session": self._branch,
        }
        #: By session, what tells a state that holds the last prompt from one that was read before it arrived.
        self._sent: dict[str, Callable[[Session], bool]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    @cached_property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """The JSON schema of the arguments of each tool."""
        return {name: arguments.json_schema() for name, arguments in self._arguments.items()}

    def tool(self, name: str) -> Tool:
        """Return a tool. Raises ApiValueError where there is none of the name."""
        if name not in self.tools:
            raise ApiValueError(f"there is no tool {name!r}{hint(name, self.tools)}")
        return self.tools[name]

    def call(self, tool: Tool, given: Mapping[str, Any], report: Report) -> dict[str, Any]:
        """Call a tool and return its result, a JSON object.

        Raises pydantic.ValidationError and ApiValueError where an argument is wrong, ApiException.
        """
        known = self.schemas[tool.name]["properties"]
        for name in given:
            if name not in known:
                near = hint(name, known) or f"; it takes {', '.join(known) or 'none'}"
                raise ApiValueError(f"{tool.name} has no argument {printable(name)!r}{near}")
        arguments = self._arguments[tool.name].validate_python(given)
        if "files" in arguments and self._folder is not None:
            arguments["files"] = [self._folder.file(name) for name in arguments["files"]]
        if tool.name in self._own:
            return self._own[tool.name](arguments, report)
        return self._data(tool.api, tool.call, arguments)

    def failure(self, tool: Tool, error: Exception) -> str:
        """Return what the caller of a tool is told of an error: the reason, and whether it had an effect."""
        lines = [*reasons(error)]
        if not tool.read_only:
            if isinstance(error, ApiException) and in_doubt(error, tool.api):
                lines.append(f"It may have arrived all the same: look with {tool.look} before you repeat it.")
            else:
                lines.append("It had no effect.")
        return "\n".join(lines)

    def _data(self, api: type[Api], call: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = sanitize(getattr(api(self._client), call)(**arguments, **self._options))
        return data

    # ── sessions ──

    def _list(self, arguments: dict[str, Any], report: Report) -> dict[str, Any]:
        found = self._data(SessionsApi, "get_sessions", arguments)
        return {**found, "sessions": [_brief(session) for session in found["sessions"]]}

    def _branch(self, arguments: dict[str, Any], report: Report) -> dict[str, Any]:
        return {"session": _brief(self._data(SessionsApi, "create_session_from_replay", arguments))}

    def _continue(self, arguments: dict[str, Any], report: Report) -> dict[str, Any]:
        session_id, prompt = arguments["session_id"], arguments["text_prompt"]
        before = SessionsApi(self._client).get_session(session_id, **self._options)
        result = self._data(SessionsApi, "update_async_session", arguments)
        self._sent[session_id] = lambda session: holds(session, prompt, before)
        return result

    def _wait(self, arguments: dict[str, Any], report: Report) -> dict[str, Any]:
        session_id, rest = arguments["session_id"], self._client.rest_client
        deadline = Deadline(Timeouts(total=arguments.get("seconds", USUAL_WAIT)), rest.now)
        mine = self._sent.get(session_id, _anything)
        last: Optional[Session] = None
        while last is None or deadline.left():
            failed: Optional[SessionFailed] = None
            left = max(deadline.left(), SHORTEST_SECONDS)
            try:
                last = SessionsApi(self._client).wait_for_session(
                    session_id, timeout=left, progress=report, **self._options
                )
            except SessionFailed as error:
                last, failed = cast(Session, error.session), error
            except WaitTimeout as error:
                last = cast("Optional[Session]", error.session) or last
                if last is None:  # the service could not be reached
                    raise cast(Exception, error.__cause__ or error) from None
                break
            if mine(last):
                self._sent.pop(session_id, None)
                if failed is not None:
                    raise failed
                return {"finished": True, "session": _last_turn(sanitize(last))}
            rest.sleep(min(_PAUSE, deadline.left()))
        return {"finished": False, "session": _brief(sanitize(last)), "next": _STILL_RUNNING}


class _MaskingClient(ApiClient):
    """A client whose data hold none of its credentials, should the service repeat them."""

    def data(self, request: Request) -> Any:
        """Send a request and return its data."""
        return self.observed(request)[0]

    def observed(
        self, request: Request, *hooks: Hooks, watch: Optional[Callable[[UnderWay], object]] = None
    ) -> tuple[Any, dict[str, Any]]:
        """Send a request with hooks of its own; return its data, and what an error tells of such a call."""
        data, context = super().observed(request, *hooks, watch=watch)
        return masked_data(data, context["secrets"]), context


def _anything(session: Session) -> bool:
    return True


def _brief(session: dict[str, Any]) -> dict[str, Any]:
    """Return a session without its messages, but with their number and the first prompt."""
    messages: list[dict[str, Any]] = session["messages"]
    prompt: str = next((m["text"] for m in messages if m["role"] == "user"), "")
    short = {name: value for name, value in session.items() if name != "messages"}
    return {**short, "message_count": len(messages), "first_prompt": shortened(prompt, _MAX_PROMPT)}


def _last_turn(session: dict[str, Any]) -> dict[str, Any]:
    """Return a session with its last prompt and what was said since."""
    messages: list[dict[str, Any]] = session["messages"]
    last = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=0)
    return {**session, "message_count": len(messages), "messages": messages[last:]}
