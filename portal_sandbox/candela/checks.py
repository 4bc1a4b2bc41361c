"""Checks of objects before they are stored: what no type can refuse."""

from collections.abc import Iterator

from fastapi.exceptions import RequestValidationError

from portal_sandbox.candela.circuits import CircuitDTO, SwitchDTO
from portal_sandbox.candela.sources import tool_names
from portal_sandbox.candela.wire import ToolModule


def check_circuit(circuit: CircuitDTO) -> None:
    """Raise RequestValidationError, which names the place, for a node that leads to none."""
    nodes = circuit.nodes or {}
    for place, node_id in _led_to(circuit):
        if node_id not in nodes:
            raise _invalid(place, f"There is no node {node_id}")


def check_tool_module(module: ToolModule) -> None:
    """Raise RequestValidationError, which has the line, for source that is not Python."""
    try:
        tool_names(module.content)
    except SyntaxError as error:
        raise _invalid(("content",), f"Not Python: {error}") from None


def _led_to(circuit: CircuitDTO) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each place that names a node, and the name."""
    yield ("first",), circuit.first
    for node_id, node in (circuit.nodes or {}).items():
        if isinstance(node, SwitchDTO):
            for case, target in (node.case_objs or {}).items():
                yield ("nodes", node_id, "case_objs", case), target.node_id
        elif node.child_id is not None:
            yield ("nodes", node_id, "child_id"), node.child_id


def _invalid(place: tuple[str, ...], message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", "data", *place), "msg": message, "type": "value_error"}])
