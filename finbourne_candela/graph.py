"""A circuit as a graph: its nodes, and what each leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from portal_client.views.parts import Edge, Graph, Heading, Node, Part
from portal_client.views.text import counted, label

#: At most so many nodes and arrows are shown.
MAX_NODES = 100
MAX_ARROWS = 300


def circuit_view(circuit: Any) -> list[Part]:
    """Return what to show of a circuit."""
    nodes: Mapping[str, Any] = circuit.nodes or {}
    facts = [("first", label(circuit.first)), ("nodes", f"{len(nodes):,}")]
    return [Heading("Circuit", facts=facts), graph_of(circuit.first, nodes)]


def graph_of(first: str, nodes: Mapping[str, Any]) -> Graph:
    """Return the nodes of a circuit as a graph, the first one on top; a name that is no node is missing."""
    inner = {name: step for node in nodes.values() for name, step in _steps(node)}
    known = {**inner, **nodes}
    arrows = [arrow for name, node in known.items() for arrow in _arrows(name, node)]
    names = list(
        dict.fromkeys([first, *known, *(name for start, end, *_ in arrows for name in (start, end))])
    )
    places = {name: at for at, name in enumerate(names[:MAX_NODES])}
    edges = [
        Edge(places[start], places[end], label(text), faint)
        for start, end, text, faint in arrows
        if start in places and end in places
    ]
    kinds = {name: f"{_field(node, 'type') or ''}" for name, node in known.items()}
    drawn = [Node(label(name), label(kinds.get(name, "missing"))) for name in places]
    hidden = {"node": len(names) - len(drawn), "arrow": len(edges) - MAX_ARROWS}
    more = [counted(number, f"more {noun}") for noun, number in hidden.items() if number > 0]
    return Graph(drawn, edges[:MAX_ARROWS], f"… {', '.join(more)}" if more else "")


def _arrows(name: str, node: Any) -> Iterator[tuple[str, str, str, bool]]:
    """Yield the arrows of a node: from where to where, what is written there, and whether it is no step."""
    if isinstance(end := _field(node, "child_id"), str):
        yield name, end, "", False
    for case, (step, _) in zip(_cases(node), _steps(node), strict=True):
        yield name, step, case, False
    if isinstance(source := _field(node, "intent_id"), str):
        yield source, name, "data", True


def _steps(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield the steps that a node holds itself, as a switch does, by their names."""
    for step in _cases(node).values():
        yield f"{_field(step, 'node_id')}", step


def _cases(node: Any) -> Mapping[str, Any]:
    cases = _field(node, "case_objs")
    return cast("Mapping[str, Any]", cases) if isinstance(cases, Mapping) else {}


def _field(node: Any, name: str) -> Any:
    node = getattr(node, "actual_instance", node)
    if isinstance(node, Mapping):
        return cast("Mapping[str, Any]", node).get(name)
    return getattr(node, name, None)
