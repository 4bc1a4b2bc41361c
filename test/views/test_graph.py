"""The drawing of a graph: each node below those that lead to it, in boxes that do not touch."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from portal_client.views.graph import drawing
from portal_client.views.parts import Edge, Graph, Node


def drawn(
    count: int, *edges: tuple[int, int], faint: bool = False
) -> tuple[Any, dict[str, tuple[float, float]]]:
    """The drawing of nodes that are called by their numbers, and where they stand."""
    svg = drawing(Graph([Node(f"{at}") for at in range(count)], [Edge(a, b, "", faint) for a, b in edges]))
    boxes = {}
    for group in svg.iter("g"):
        rect, title = group.find("rect"), group.find("title")
        assert rect is not None
        assert title is not None
        boxes[f"{title.text}"] = (float(rect.attrib["x"]), float(rect.attrib["y"]))
    return svg, boxes


@pytest.mark.parametrize(
    ("count", "edges", "rows"),
    [
        (1, [], [["0"]]),
        (3, [(0, 1), (1, 2)], [["0"], ["1"], ["2"]]),
        (3, [(0, 1), (0, 2), (1, 2)], [["0"], ["1"], ["2"]]),
        (4, [(0, 1), (0, 2), (1, 3), (2, 3)], [["0"], ["1", "2"], ["3"]]),
        (4, [(0, 2), (0, 1), (1, 3), (2, 3)], [["0"], ["2", "1"], ["3"]]),
        (3, [(0, 1), (1, 2), (2, 0)], [["0"], ["1"], ["2"]]),
        (2, [(0, 0), (0, 1), (1, 1)], [["0"], ["1"]]),
        (3, [(0, 1), (2, 1)], [["0", "2"], ["1"]]),
        (3, [(2, 1), (1, 2)], [["0", "1"], ["2"]]),
    ],
)
def test_each_node_is_below_those_that_lead_to_it(
    count: int, edges: list[tuple[int, int]], rows: list[list[str]]
) -> None:
    svg, boxes = drawn(count, *edges)

    heights = sorted({y for _, y in boxes.values()})
    assert [
        sorted((n for n in boxes if boxes[n][1] == y), key=lambda n: boxes[n][0]) for y in heights
    ] == rows
    assert len(list(svg.iter("path"))) == len(list(svg.iter("polygon"))) == len(edges)


def test_what_is_no_step_does_not_change_the_order() -> None:
    _, boxes = drawn(2, (1, 0), faint=True)

    assert boxes["0"][1] == boxes["1"][1]


def test_boxes_do_not_touch_and_are_within_the_picture() -> None:
    svg, boxes = drawn(40, *((a, (a * 7 + b) % 40) for a in range(40) for b in range(3)))

    width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
    assert len(boxes) == 40
    assert all(0 <= x <= width - 176 and 0 <= y <= height - 46 for x, y in boxes.values())
    assert all(abs(a[0] - b[0]) >= 176 or abs(a[1] - b[1]) >= 46 for a, b in combinations(boxes.values(), 2))


def test_a_long_chain_is_drawn() -> None:
    _, boxes = drawn(2_000, *((at, at + 1) for at in range(1_999)))

    assert len({y for _, y in boxes.values()}) == 2_000


def test_an_empty_graph_is_drawn() -> None:
    assert drawn(0)[1] == {}


def test_long_names_are_cut_in_their_boxes_and_whole_in_the_words() -> None:
    svg = drawing(Graph([Node("n" * 60, "k" * 60)], [Edge(0, 0, "l" * 60)]))

    assert max(len(f"{text.text}") for text in svg.iter("text")) == 23
    assert svg.attrib["aria-label"] == f"{'n' * 60} ({'k' * 60}) leads to {'n' * 60}"
