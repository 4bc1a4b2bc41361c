"""The last calls of a client, without their content: what a report of a fault may hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Optional

from typing_extensions import override

from portal_client.call import figures
from portal_client.hooks import Attempt, Hooks
from portal_client.settings import check_count
from portal_client.text import printable, shortened

#: Of the request id of a server.
_MAX_CHARACTERS = 100
_STATE = "portal_client.flight_recorder"


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call without its content.

    `began` is in UTC; `seconds` is the time of the call, waits between attempts and the rest of a stream
    included, `attempt_seconds` that of each attempt. `status` is the last one, None without a response;
    `error` is the type of what was raised. `request_ids` are the id that was sent and, where an error has
    another one, that of the server. `sent` and `received` are bytes on the wire, TLS not counted.
    """

    operation: str
    method: str
    began: datetime
    seconds: float
    attempt_seconds: tuple[float, ...]
    status: Optional[int]
    error: Optional[str]
    request_ids: tuple[str, ...]
    sent: int
    received: int

    def __str__(self) -> str:
        began = self.began.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        outcome = " ".join(str(known) for known in (self.status, self.error) if known is not None)
        told = figures(self.seconds, self.attempt_seconds, self.sent, self.received)
        ids = ", ".join(self.request_ids)
        return f"{began} {self.operation} {self.method} {outcome} {told}, request id {ids}"


class FlightRecorder(Hooks):
    """Keeps the last calls, `most` of them; pickle carries none."""

    def __init__(self, most: int, calls: Iterable[RecordedCall] = ()) -> None:
        self.most = most
        self._calls = deque(calls, maxlen=most)

    @property
    def calls(self) -> tuple[RecordedCall, ...]:
        """The last calls, in the order in which they ended."""
        return tuple(self._calls.copy())

    @override
    def on_response(self, attempt: Attempt) -> None:
        attempt.state.setdefault(_STATE, []).append(attempt)

    @override
    def on_error(self, attempt: Attempt) -> None:
        self.on_response(attempt)

    @override
    def on_end(self, attempt: Attempt, data: Any) -> None:
        attempts: list[Attempt] = attempt.state.pop(_STATE, [])
        error = attempt.error
        others = {request_id_of(error), attempt.request_id} - {attempt.request_id, ""}
        self._calls.append(
            RecordedCall(
                attempt.operation,
                attempt.method,
                datetime.now(UTC) - timedelta(seconds=attempt.since_call),
                attempt.since_call,
                tuple(each.elapsed for each in attempts),
                attempt.status,
                None if error is None else type(error).__name__,
                (attempt.request_id, *others),
                sum(each.sent for each in attempts),
                sum(each.received for each in attempts),
            )
        )

    def __reduce__(self) -> tuple[type[FlightRecorder], tuple[int]]:
        return type(self), (self.most,)


class RecordsCalls:
    """Settings that may hold a flight recorder, which all clients with them share."""

    hooks: list[Hooks]
    _recorder: Optional[FlightRecorder] = None

    @property
    def flight_recorder(self) -> int:
        """How many of the last calls `to_debug_report` has a line of, without their content; 0 for none."""
        return 0 if self._recorder is None else self._recorder.most

    @flight_recorder.setter
    def flight_recorder(self, value: int) -> None:
        most = check_count("flight_recorder", value)
        self._recorder = FlightRecorder(most, self.recorded_calls()) if most else None

    def recorded_calls(self) -> tuple[RecordedCall, ...]:
        """Return the last calls, in the order in which they ended."""
        return () if self._recorder is None else self._recorder.calls

    def observers(self) -> Sequence[Hooks]:
        """Return the hooks, and the flight recorder."""
        return self.hooks if self._recorder is None else (*self.hooks, self._recorder)


def request_id_of(error: Optional[BaseException]) -> str:
    """Return the request id that an error has from a server, as it may be shown; "" without one."""
    request_id = getattr(error, "request_id", None)
    return shortened(printable(request_id), _MAX_CHARACTERS) if isinstance(request_id, str) else ""
