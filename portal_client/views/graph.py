"""The drawing of a graph: rows of boxes with arrows between them, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from portal_client.text import shortened
from portal_client.views.markup import element
from portal_client.views.parts import Edge, Graph

#: The size of a box, the space between two, and characters that fit into one line of it.
_WIDTH, _HEIGHT, _APART, _BELOW = 176, 46, 40, 54
_MAX_LABEL_LENGTH = 22


def drawing(graph: Graph) -> Element:
    """Return a graph as SVG, each node below those that lead to it."""
    rows = _rows(len(graph.nodes), graph.edges)
    widest = max(map(len, rows), default=1)
    places = {
        node: (
            (_WIDTH + _APART) * (at + (widest - len(row)) / 2) + _APART,
            (_HEIGHT + _BELOW) * level + 10,
        )
        for level, row in enumerate(rows)
        for at, node in enumerate(row)
    }
    arrows = [part for edge in graph.edges for part in _arrow(edge, places)]
    boxes = [_box(graph, node, *place) for node, place in places.items()]
    width, height = (_WIDTH + _APART) * widest + _APART, (_HEIGHT + _BELOW) * len(rows)
    return element(
        "svg",
        *arrows,
        *boxes,
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        role="img",
        aria_label="; ".join(_words(graph)),
        font_family="system-ui, sans-serif",
        font_size="13",
    )


def _words(graph: Graph) -> list[str]:
    """Return the graph in words, node by node."""
    names = [f"{node.name} ({node.kind})" if node.kind else node.name for node in graph.nodes]
    led: dict[int, list[str]] = {node: [] for node in range(len(names))}
    for edge in graph.edges:
        led[edge.start].append(graph.nodes[edge.end].name)
    return [f"{name} leads to {', '.join(led[at])}" if led[at] else name for at, name in enumerate(names)]


def _rows(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    """Return the nodes row by row: each below all that lead to it, unless they lead back."""
    steps: dict[int, list[int]] = {node: [] for node in range(count)}
    for edge in edges:
        if not edge.faint:
            steps[edge.start].append(edge.end)
    met, order, back = _walked(steps)
    level = dict.fromkeys(range(count), 0)
    for node in order:
        for follower in steps[node]:
            if (node, follower) not in back:
                level[follower] = max(level[follower], level[node] + 1)
    rows: list[list[int]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for node in met:  # those of one parent stay beside each other
        rows[level[node]].append(node)
    return rows


def _walked(steps: dict[int, list[int]]) -> tuple[list[int], list[int], set[tuple[int, int]]]:
    """Return the nodes as they are met, each before its followers, and the steps that lead back."""
    done: list[int] = []
    seen: dict[int, None] = {}
    back: set[tuple[int, int]] = set()
    for root in steps:
        path: list[tuple[int, list[int]]] = []
        under_way: set[int] = set()
        ahead = [root] if root not in seen else []
        while ahead or path:
            if ahead:
                node = ahead.pop()
                if node in under_way:
                    back.add((path[-1][0], node))
                elif node not in seen:
                    seen[node] = None
                    under_way.add(node)
                    path.append((node, ahead))
                    ahead = steps[node][::-1]
            else:
                node, ahead = path.pop()
                under_way.discard(node)
                done.append(node)
    return list(seen), done[::-1], back


def _box(graph: Graph, node: int, x: float, y: float) -> Element:
    name, kind = graph.nodes[node]
    middle = f"{x + _WIDTH / 2:g}"
    lines = [(name, "600", "1"), (kind, "400", ".75")] if kind else [(name, "600", "1")]
    first = y + _HEIGHT / 2 + (4 if len(lines) == 1 else -4)
    texts = (
        element(
            "text",
            shortened(text, _MAX_LABEL_LENGTH),
            x=middle,
            y=f"{first + 17 * at:g}",
            text_anchor="middle",
            font_weight=weight,
            fill="currentColor",
            fill_opacity=opacity,
        )
        for at, (text, weight, opacity) in enumerate(lines)
    )
    rect = element(
        "rect",
        x=f"{x:g}",
        y=f"{y:g}",
        width=f"{_WIDTH}",
        height=f"{_HEIGHT}",
        rx="8",
        fill="gray",
        fill_opacity=".12",
        stroke="currentColor",
        stroke_opacity=".5",
    )
    return element("g", element("title", f"{name} ({kind})" if kind else name), rect, *texts)


def _arrow(edge: Edge, places: Mapping[int, tuple[float, float]]) -> list[Element]:
    """Return a curve with its head and its label: down to the next row, or beside the boxes in between."""
    (x1, y1), (x2, y2) = places[edge.start], places[edge.end]
    down, far = y2 > y1, y2 - y1 > _HEIGHT + _BELOW
    if down:
        side = 0.85 if far else 0.5
        start, end = (x1 + side * _WIDTH, y1 + _HEIGHT), (x2 + side * _WIDTH, y2)
        bend, head = (_BELOW / 2 + 10 * far), ((-5, -9), (5, -9))
        beside = max(start[0], end[0]) + 1.4 * _APART
        first = (beside if far else start[0], start[1] + bend)
        second = (beside if far else end[0], end[1] - bend)
    else:
        start, end = (x1 + _WIDTH, y1 + 0.3 * _HEIGHT), (x2 + _WIDTH, y2 + 0.6 * _HEIGHT)
        head = (9, -5), (9, 5)
        first, second = (start[0] + _APART, start[1] - 10), (end[0] + _APART, end[1] + 10)
    shape = "M{:g} {:g}C{:g} {:g} {:g} {:g} {:g} {:g}".format(*start, *first, *second, *end)
    looks = {"stroke_dasharray": "3 4"} if edge.faint else {}
    line = element("path", d=shape, stroke="currentColor", stroke_opacity=".6", fill="none", **looks)
    tip = " ".join(f"{end[0] + x:g},{end[1] + y:g}" for x, y in ((0, 0), *head))
    parts = [line, element("polygon", points=tip, fill="currentColor", fill_opacity=".7")]
    if edge.label:
        x, y = ((start[at] + 3 * first[at] + 3 * second[at] + end[at]) / 8 for at in (0, 1))
        parts.append(_label(edge.label, x, y + 4))
    return parts


def _label(text: str, x: float, y: float) -> Element:
    looks = {"font_size": "11", "fill": "currentColor", "fill_opacity": ".85"}
    shown = shortened(text, _MAX_LABEL_LENGTH)
    return element("text", shown, x=f"{x:g}", y=f"{y:g}", text_anchor="middle", **looks)
