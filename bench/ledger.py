"""The ledger of the soak test: the outcome of each prompt, counts, and what was wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

from portal_client import ApiConnectionError, ApiException, ApiTimeoutError

ACKNOWLEDGED, REFUSED, UNKNOWN = "acknowledged", "refused", "unknown"

#: The statuses of refusals: the faults, and a session that is still running.
REFUSALS = (401, 409, 429, 500, 503)


class Ledger:
    """The outcome of each prompt by its text, counts, and violations. Safe with threads.

    The first word of a prompt is its kind. Outcomes are kept in a file: in memory they would grow with the
    time, as a leak of the client does.
    """

    def __init__(self, path: Path) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._path = path
        self._lock = Lock()

    def note(self, prompt: str, outcome: str) -> None:
        """Note the outcome of a prompt."""
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(f"{outcome}\t{prompt}\n")

    def outcomes(self) -> Mapping[str, str]:
        """Return the outcomes by the prompts."""
        lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        pairs = (line.partition("\t") for line in lines)
        return {prompt: outcome for outcome, _, prompt in pairs}

    def send(self, prompt: str, call: Callable[[], object]) -> str:
        """Make the call that sends a prompt; note its outcome, and return it."""
        outcome = ACKNOWLEDGED
        try:
            call()
        except ApiException as error:
            outcome = self.outcome_of(error, prompt)
        self.note(prompt, outcome)
        return outcome

    def outcome_of(self, error: ApiException, what: str) -> str:
        """Return the outcome of a failed call. An error that the faults do not make is a violation."""
        if isinstance(error, ApiConnectionError) and not isinstance(error, ApiTimeoutError):
            return UNKNOWN if error.request_sent else REFUSED
        if error.status in REFUSALS:
            return REFUSED
        self.check(False, f"{what}: {error!r}")
        return UNKNOWN

    def count(self, what: str, number: int = 1) -> None:
        """Add to a count."""
        with self._lock:
            self.counts[what] += number

    def check(self, holds: bool, otherwise: str) -> None:
        """Note a violation."""
        if not holds:
            self.wrong.append(otherwise)
