"""Chaos: faults for a random share of the requests, repeatable by a seed.

    503:5%,reset:1%,lost:1%,cut:1%,gone:1%,latency:2s:10%

P percent of the requests meet each fault. A request is not carried out with

    NNN:P%        a response with this status, from 400 to 599; with Retry-After where it is 429 or 503
    reset:P%      the connection is reset once the request was read

and it is carried out with

    lost:P%       the connection is reset instead of a response
    cut:P%        the connection is closed in the middle of the response: of a stream in its second piece; a
                  response without a body is lost
    errored:P%    the caller's slot of Candela fails first: its state is ERRORED, and its session is stopped
    gone:P%       the same with the state HOST_GONE
    latency:T     each request waits for T, such as 2s or 200ms, before all else; latency:T:P% some of them

A request meets at most one of the faults, besides the latency.
"""

import re
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import NoneType

from portal_sandbox.arguments import check, parse_seconds

RESET, LOST, CUT, ERRORED, GONE, LATENCY = "reset", "lost", "cut", "errored", "gone", "latency"

#: The name in the state of a request of the fault that the caller's slot is to meet, until it has met it.
SLOT_FAULT = "slot_fault"

_PERCENTAGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")


@dataclass(frozen=True)
class Fate:
    """What happens to a request: its wait in seconds, and a kind of fault, or none."""

    wait: float = 0.0
    fault: str | None = None


class Chaos:
    """Draws a fate for each request of the two services, and counts the faults that were made.

    The same seed and the same order of requests make the same faults; without a seed one is drawn. Raises
    ValueError for a text that cannot be parsed, with the item and what is allowed, and for arguments of
    another type.
    """

    def __init__(self, text: str, seed: int | None = None) -> None:
        check("chaos", text, str, 'a string such as "503:5%,reset:1%"')
        check("chaos_seed", seed, (int, NoneType), "a whole number such as 7")
        self.text = text
        self.seed = secrets.randbits(32) if seed is None else seed
        self._shares, self._wait, self._waiting = _parsed(text)
        self._random = Random(self.seed)
        self._requests = 0
        self._made: Counter[str] = Counter()

    def fate(self) -> Fate:
        """Draw the fate of the next request."""
        self._requests += 1
        # Always two draws, so that the fate of one request does not depend on those before.
        fault, wait = self._random.random(), self._random.random()
        return Fate(self._wait if wait < self._waiting else 0.0, self._fault(fault))

    def count(self, kind: str) -> None:
        """Count a fault that was made."""
        self._made[kind] += 1

    @property
    def requests(self) -> int:
        """The number of requests that were given a fate."""
        return self._requests

    @property
    def made(self) -> Mapping[str, int]:
        """The number of faults of each kind that were made so far; 0 for any other kind."""
        return Counter(self._made)

    def __str__(self) -> str:
        made = ", ".join(f"{kind} {count}" for kind, count in sorted(self._made.items()))
        return f"{self._requests} requests met {self._made.total()} faults{made and ': '}{made}"

    def _fault(self, drawn: float) -> str | None:
        for kind, share in self._shares.items():
            if drawn < share:
                return kind
            drawn -= share
        return None


def _parsed(text: str) -> tuple[dict[str, float], float, float]:
    """Return the share of each kind of fault, the latency in seconds, and its share."""
    shares: dict[str, float] = {}
    wait, waiting = 0.0, 0.0
    seen: set[str] = set()
    for item in text.split(","):
        kind, *rest = item.strip().split(":")
        if kind in seen:
            raise ValueError(f"chaos: {item!r}: {kind} is given twice")
        seen.add(kind)
        if kind == LATENCY:
            if not 1 <= len(rest) <= 2:
                raise ValueError(f"chaos: {item!r}: it is not in the form latency:2s or latency:2s:10%")
            wait = _seconds(item, rest[0])
            waiting = _share(item, rest[1]) if len(rest) == 2 else 1.0
        elif kind in (RESET, LOST, CUT, ERRORED, GONE) or re.fullmatch("[45][0-9][0-9]", kind):
            if len(rest) != 1:
                raise ValueError(f"chaos: {item!r}: it is not in the form {kind}:5%")
            shares[kind] = _share(item, rest[0])
        else:
            raise ValueError(
                f"chaos: {item!r}: a kind is a status from 400 to 599, reset, lost, cut, errored, gone or "
                'latency, as in "503:5%,reset:1%,latency:2s"'
            )
    if sum(shares.values()) > 1 + 1e-9:
        raise ValueError(f"chaos: {text!r}: the faults add up to more than 100%")
    return shares, wait, waiting


def _share(item: str, text: str) -> float:
    found = _PERCENTAGE.fullmatch(text)
    if found is None or float(found[1]) > 100:
        raise ValueError(f"chaos: {item!r}: {text!r} is not a percentage from 0% to 100%")
    return float(found[1]) / 100


def _seconds(item: str, text: str) -> float:
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise ValueError(f"chaos: {item!r}: {error}") from None
