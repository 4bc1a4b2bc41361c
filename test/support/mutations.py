"""A contract, a declaration or a model with one thing changed, to see that the comparison notices it."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

from pydantic import create_model

from portal_client.endpoint import endpoint, with_http_info, without_preload_content
from portal_client.model import Model
from portal_client.operation import JSON

DROP = object()


def changed(contract: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with one place replaced, dropped, or made from what it was."""
    contract = copy.deepcopy(contract)
    at = contract
    for step in path[:-1]:
        at = at[step]
    if new is DROP:
        del at[path[-1]]
    else:
        at[path[-1]] = new(copy.deepcopy(at.get(path[-1]))) if callable(new) else new
    return contract


def moved(old: str, new: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda items: {new if key == old else key: value for key, value in items.items()}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def redeclared(
    api: type, name: str, models: dict[str, Any], arguments: Any = None, returns: Any = None, **changes: Any
) -> type:
    """An API class with one operation declared anew: the same but for what is given."""
    operation = getattr(api, name).operation
    kinds = {p.name: p.type for p in operation.parameters} | (arguments or {})
    kinds = {argument: kind for argument, kind in kinds.items() if kind is not DROP}
    if changes.pop("reversed", False):
        kinds = dict(reversed(kinds.items()))
    optional = {p.name for p in operation.parameters if not p.required} ^ changes.pop("toggled", set())
    defaults = {p.name: p.default for p in operation.parameters} | changes.pop("defaults", {})
    form = None if operation.consumes == JSON else operation.consumes  # JSON follows from the arguments
    method, path = changes.pop("method", operation.method), changes.pop("path", operation.path)
    settings = {"consumes": form, "secured": operation.secured, "accept": operation.accept} | changes
    if operation.idempotent is not (operation.method == "GET"):
        settings["idempotent"] = operation.idempotent

    def stub(self: Any, **options: Any) -> Any: ...

    stub.__name__ = name
    answer = inspect.signature(operation.stub).return_annotation
    stub.__annotations__ = {**kinds, "return": returns or models.get(answer, operation.promised)}
    as_argument = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", as_argument)] + [
        inspect.Parameter(
            n, as_argument, default=defaults.get(n) if n in optional else inspect.Parameter.empty
        )
        for n in kinds
    ]
    stub.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    declared = endpoint(method, path, **settings)(stub)
    forms = {
        name: declared,
        f"{name}_with_http_info": with_http_info(declared),
        f"{name}_without_preload_content": without_preload_content(declared),
    }
    return type(api.__name__, (api,), forms)


def remodelled(
    models: dict[str, Any], model: type[Model], without: str = "", **fields: Any
) -> dict[str, Any]:
    """The models with one of them made anew: the same but for what is given."""
    known = {name: (field.annotation, field) for name, field in model.model_fields.items() if name != without}
    made = create_model(model.__name__, __base__=Model, __module__=model.__module__, **(known | fields))
    return {**models, model.__name__: made}
