"""The recorded call that is nearest to another one, and in what they differ."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, cast

from portal_testing.calls import Call
from portal_testing.exchanges import Exchange

_MAX_SHOWN, _MAX_TEXT_LENGTH = 8, 100


def same(recorded: Call, now: Call, ignore: Collection[str]) -> bool:
    """Whether two calls ask for the same; arguments of a name in `ignore` do not count."""
    return not differing(values(recorded, ignore), values(now, ignore))


def differing(recorded: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return the places where two calls differ; *** in what was recorded stands for a secret, any text."""
    return [
        place
        for place in dict.fromkeys([*recorded, *now])
        if not (place in recorded and place in now and _fits(recorded[place], now[place]))
    ]


def _fits(recorded: Any, now: Any) -> bool:
    if isinstance(recorded, str) and "***" in recorded and isinstance(now, str):
        return re.fullmatch(".*".join(map(re.escape, recorded.split("***"))), now, re.DOTALL) is not None
    return bool(recorded == now and type(recorded) is type(now))


def values(call: Call, ignore: Collection[str] = ()) -> dict[str, Any]:
    """Return what a call asks for, value by value, each with its place."""
    found = {"operation": call.operation, "method": call.method, "path": call.path}
    for name, value in call.arguments.items():
        if name not in ignore:
            found.update(_flat(name, value))
    body: Any = call.body
    if isinstance(body, dict):
        fields = cast("dict[str, Any]", body)
        body = {name: value for name, value in fields.items() if name not in ignore}
    if call.body is not None:
        found.update(_flat("body", body))
    for number, file in enumerate(call.files):
        if file.argument not in ignore:
            for name in ("argument", "name", "content_type", "size", "sha256"):
                found[f"files[{number}].{name}"] = getattr(file, name)
    return found


def _flat(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, below in cast("dict[str, Any]", value).items():
            yield from _flat(f"{place}.{name}", below)
    elif isinstance(value, list) and value:
        for number, below in enumerate(cast("list[Any]", value)):
            yield from _flat(f"{place}[{number}]", below)
    else:
        yield place, value


def explained(call: Call, exchanges: Sequence[Exchange], ignore: Collection[str]) -> str:
    """Return why no exchange fits a call: the nearest one, and what differs."""
    if not exchanges:
        return "the cassette is empty"
    now = values(call, ignore)

    def distance(exchange: Exchange) -> tuple[bool, int, int]:
        different = differing(values(exchange.call, ignore), now)
        return exchange.call.operation != call.operation, len(different), exchange.used

    nearest = min(exchanges, key=distance)
    number = exchanges.index(nearest) + 1
    recorded = values(nearest.call, ignore)
    places = differing(recorded, now)
    if not places:
        return f"number {number} of the cassette is the same call, but was replayed already"
    lines = [f"the nearest one is number {number}, {described(nearest.call)}, which differs in"]
    for place in places[:_MAX_SHOWN]:
        was = _shown(recorded[place]) if place in recorded else "nothing"
        lines.append(f"  {place}: recorded {was}, now {_shown(now[place]) if place in now else 'nothing'}")
    if len(places) > _MAX_SHOWN:
        lines.append(f"  and {len(places) - _MAX_SHOWN} more")
    return "\n".join(lines)


def described(call: Call) -> str:
    """Return a call in a few words."""
    return f"{call.operation}, {call.method} {call.path}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_TEXT_LENGTH else f"{text[:_MAX_TEXT_LENGTH]}…"
