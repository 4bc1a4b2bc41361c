"""A circuit as a graph: nodes, what they lead to, and what is missing."""

from __future__ import annotations

from typing import Any

from finbourne_candela import CircuitDTO, NoOpDTO, SwitchDTO
from finbourne_candela.graph import MAX_ARROWS, MAX_NODES, graph_of
from portal_client.views.parts import Graph


def graph(first: str, **nodes: Any) -> Graph:
    circuit = CircuitDTO.model_validate({"first": first, "nodes": nodes})
    return graph_of(circuit.first, circuit.nodes or {})


def arrows(made: Graph) -> set[tuple[str, str, str, bool]]:
    return {(made.nodes[e.start].name, made.nodes[e.end].name, e.label, e.faint) for e in made.edges}


def no_op(name: str, child: Any) -> NoOpDTO:
    return NoOpDTO(node_id=name, child_id=child, label="")


def test_nodes_lead_to_their_followers() -> None:
    made = graph("a", b=no_op("b", None), a=no_op("a", "b"))

    assert [(node.name, node.kind) for node in made.nodes] == [("a", "no-op"), ("b", "no-op")]
    assert arrows(made) == {("a", "b", "", False)}
    assert made.note == ""


def test_a_switch_leads_to_its_cases_which_may_be_nodes_of_their_own() -> None:
    cases = {"yes": no_op("end", None), "no": no_op("inner", "end")}
    switch = SwitchDTO(node_id="s", case_spec={"yes": "if so"}, case_objs=cases)

    made = graph("s", s=switch, end=no_op("end", None))

    assert {node.name for node in made.nodes} == {"s", "end", "inner"}
    assert arrows(made) == {
        ("s", "end", "yes", False),
        ("s", "inner", "no", False),
        ("inner", "end", "", False),
    }


def test_a_tool_is_given_data_which_is_no_step() -> None:
    tool = {"type": "use-tool", "node_id": "t", "child_id": None, "intent_id": "i", "tool_obj": {}}
    intent = {"type": "intent", "node_id": "i", "child_id": "t", "spec": {"type": "string"}}

    assert arrows(graph("i", i=intent, t=tool)) == {("i", "t", "", False), ("i", "t", "data", True)}


def test_what_is_no_node_is_shown_as_missing() -> None:
    made = graph("nowhere", a=no_op("a", "gone"), odd={"type": "new", "child_id": 5, "case_objs": [1]})

    kinds = {node.name: node.kind for node in made.nodes}
    assert kinds == {"nowhere": "missing", "a": "no-op", "gone": "missing", "odd": "new"}
    assert arrows(made) == {("a", "gone", "", False)}


def test_a_circuit_without_nodes() -> None:
    assert [node.name for node in graph_of("a", {}).nodes] == ["a"]
    assert "svg" in CircuitDTO(first="a", nodes=None)._repr_html_()


def test_a_large_circuit_is_shortened_with_a_word() -> None:
    cases = {f"{at}": {"node_id": f"n{at % 50}"} for at in range(1_000)}
    made = graph(
        "s", s={"type": "new", "case_objs": cases}, **{f"x{at}": no_op("x", None) for at in range(500)}
    )

    assert len(made.nodes) == MAX_NODES
    assert len(made.edges) == MAX_ARROWS
    assert made.note == "… 451 more nodes, 700 more arrows"
