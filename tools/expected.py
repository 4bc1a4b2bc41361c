"""What a contract asks of a package, as the source of its stubs and models."""

from __future__ import annotations

import json
import keyword
import re
import textwrap
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple, cast

from openapi import EXTENSION, Argument, IncompleteError, arguments, operations, reachable, snake, target
from pages import TEMPLATES

#: The width of the code.
WIDTH = 110
#: What makes the derived forms of an operation, which are called after it.
_FORMS = ("with_http_info", "without_preload_content")

_TYPES = {"string": "StrictStr", "integer": "StrictInt", "boolean": "StrictBool"}
_NUMBER = "Union[StrictInt, Annotated[float, Strict(), AllowInfNan(False)]]"
_UNSAID = {"description", "x-client-reads"}


def docstring(text: str, indent: int) -> str:
    """Return a docstring, its first sentence as a paragraph of its own where not all fits on one line."""
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    if indent + len(text) + 6 <= WIDTH and "\n" not in text:
        return f'"""{text}"""'
    summary, _, rest = text.partition("\n\n") if "\n\n" in text else text.partition(". ")
    wrapped = [textwrap.fill(part, WIDTH - indent) for part in (summary.rstrip(".") + ".", rest) if part]
    return textwrap.indent('"""' + "\n\n".join(wrapped) + '\n"""', " " * indent).strip()


def _below(text: str) -> str:
    return '"""' + "\n    ".join(textwrap.wrap(text, WIDTH - 10)) + '"""'


class Stub(NamedTuple):
    """An operation of the contract: its class, its source, and what is to be said of its arguments."""

    name: str
    api: str
    source: str
    said: Mapping[str, str]

    @property
    def derived(self) -> dict[str, str]:
        """The lines of the derived forms, by their names."""
        forms = {f"{self.name}_{maker}": f"{maker}({self.name})" for maker in _FORMS}
        return {form: f"    {form}: Final = {value}\n" for form, value in forms.items()}


class Expected:
    """The declarations that a contract asks of a package; `options` is what its stubs unpack."""

    def __init__(self, contract: Mapping[str, Any], package: str, options: str) -> None:
        self._contract = contract
        self._schemas: Mapping[str, Any] = contract["components"]["schemas"]
        self._package = package
        self._options = options

    @cached_property
    def tags(self) -> dict[str, str]:
        """What each API class is for, by its name."""
        said = {tag["name"]: tag.get("description", "") for tag in self._contract.get("tags", ())}
        used = {tag for *_, operation in operations(self._contract) for tag in operation["tags"]}
        return {f"{tag}Api": said.get(tag) or f"The operations of {tag}" for tag in sorted(used)}

    @cached_property
    def stubs(self) -> dict[str, Stub]:
        """The operations by their names, in alphabetical order."""
        made = [self._stub(*place) for place in operations(self._contract)]
        return {stub.name: stub for stub in sorted(made, key=lambda stub: stub.name)}

    def module(self, model: str) -> str:
        """Return the name of the module of a model."""
        return f"{self._package}.models.{snake(model)}"

    @cached_property
    def models(self) -> dict[str, str]:
        """The source of each model, without its imports, by its name."""
        return {name: self._model(name, s) for name, s in self._schemas.items() if not s.get(EXTENSION)}

    # ── operations ──

    def _stub(self, method: str, path: str, item: Mapping[str, Any], operation: Mapping[str, Any]) -> Stub:
        own = sorted(arguments(item, operation), key=lambda argument: not argument.required)
        for argument in own:
            _checked(argument.name, operation["operationId"])
        forms = [kind for kind in operation.get("requestBody", {}).get("content", ()) if "json" not in kind]
        texts = [_sentence(operation[key]) for key in ("summary", "description") if key in operation]
        source = TEMPLATES.get_template("stub.py.j2").render(
            name=operation["operationId"],
            settings=[json.dumps(method), json.dumps(path)]
            + [f"consumes={json.dumps(kind)}" for kind in forms]
            + ["secured=False"] * (not operation.get("security", self._contract.get("security")))
            + [f"idempotent={operation[key]}" for key in ("x-client-repeats",) if key in operation]
            + [f"accept={operation[key]!r}" for key in ("x-client-accept",) if key in operation],
            parameters=list(map(self._parameter, own)),
            options=self._options,
            returns=self._returns(operation),
            text=docstring("\n\n".join(texts), 8),
        )
        said = {a.name: _sentence(a.description or _words(a.name)) for a in own}
        return Stub(operation["operationId"], f"{operation['tags'][0]}Api", source, said)

    def _parameter(self, argument: Argument) -> str:
        name, place, required, schema, _ = argument
        if place == "file":
            return f"{name}: Files" + " = None" * (not required)
        nullable, plain = _without_null(schema)
        kind = self._type(plain) if required and not nullable else f"Optional[{self._type(plain)}]"
        default = schema.get("x-client-default", schema.get("default"))
        return f"{name}: {kind}" + f" = {default!r}" * (not required)

    def _returns(self, operation: Mapping[str, Any]) -> str:
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get("application/json")
            if status[0] == "2" and content is not None and response.get("x-client-returns") != "none":
                return self._type(content.get("schema", {}))
        return "None"

    # ── types ──

    def _type(self, schema: Mapping[str, Any]) -> str:
        if "x-client-reads" in schema:
            return f"OrAny[{self._type(schema['x-client-reads'])}]"
        if not schema.keys() - _UNSAID:
            return "Any"
        if "$ref" in schema:
            return target(schema)
        if variants := schema.get("anyOf") or schema.get("oneOf"):
            return f"Union[{', '.join(map(self._type, variants))}]"
        kind = schema["type"]
        if not isinstance(kind, str):
            return f"Union[{', '.join(self._type({**schema, 'type': each}) for each in kind)}]"
        if kind == "string" and "enum" in schema and schema.get("x-client-enforces-enum", True):
            return f"Literal[{', '.join(repr(each) for each in schema['enum'] if each is not None)}]"
        if kind == "array":
            return f"list[{self._type(schema.get('items', {}))}]"
        if kind == "object":
            values = schema.get("additionalProperties", True)
            return f"dict[str, {'Any' if values is True else self._type(values)}]"
        if schema.get("format") == "date-time":
            return "DateTime"
        return _NUMBER if kind == "number" else _TYPES[kind]

    # ── models ──

    def _model(self, name: str, schema: Mapping[str, Any]) -> str:
        lines: list[tuple[str, str]] = []
        variants = list(map(target, schema.get("oneOf", ())))
        if "enum" in schema:
            names = list(schema.get("x-enum-varnames", ()))
            names += map(_member, schema["enum"][len(names) :])
            lines = [(f"{n} = {value!r}", "") for n, value in zip(names, schema["enum"], strict=False)]
            lines += [(f"{n} = {value!r}", "") for n, value in schema.get("x-enum-aliases", {}).items()]
            base = "OpenEnum" if schema["type"] == "string" else "OpenIntEnum"
        elif variants:
            base = f'Wrapper[OneOf["{" | ".join(variants)}"]]'
        elif "anyOf" in schema:
            kind = self._type(schema)
            if "$ref" in str(schema):  # plain data may fit a model, too
                kind = f'Annotated[{kind}, Field(union_mode="left_to_right")]'
            base = f"Wrapper[{kind}]"
        else:
            for field, each in schema.get("properties", {}).items():
                line = self._field(name, _checked(field, name), each, field in schema.get("required", ()))
                lines.append((line, _below(_sentence(each.get("description", _words(field))))))
            late = any("oneOf" in self._schemas[each] for each in reachable(self._contract, schema))
            base = "Model, defer_build=True" if late else "Model"
        return TEMPLATES.get_template("model.py.j2").render(
            name=name,
            base=base,
            text=docstring(_sentence(schema.get("description", _words(name))), 4),
            lines=lines,
            late_imports=[(self.module(each), each) for each in sorted(variants, key=snake)],
        )

    @cached_property
    def _sent(self) -> set[str]:
        """The models that a request may hold; the others come in responses only."""
        bodies = [operation.get("requestBody", {}) for *_, operation in operations(self._contract)]
        return reachable(self._contract, bodies)

    def _field(self, model: str, name: str, schema: Mapping[str, Any], required: bool) -> str:
        nullable, plain = _without_null(schema)
        kind, received = self._type(plain), model not in self._sent
        if nullable and required:
            return f"{name}: {'Omissible' if received else 'Nullable'}[{kind}]"
        if required:
            return f"{name}: {kind}"
        default = schema.get("default")
        if nullable:
            return f"{name}: Nullable[{kind}] = {default!r}"
        wrapped = "Optional" if default is None or not received else "Defaulted"
        return f"{name}: {wrapped}[{kind}] = {default!r}"


def _without_null(schema: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
    """Return whether a schema allows null, and the schema without it."""
    if not schema.keys() - _UNSAID:
        return True, schema
    for key in ("anyOf", "oneOf"):
        if key in schema:
            others = [each for each in schema[key] if each.get("type") != "null"]
            return len(others) < len(schema[key]), others[0] if len(others) == 1 else {key: others}
    if isinstance(schema.get("type"), list):
        kinds = cast("list[str]", schema["type"])
        others = [kind for kind in kinds if kind != "null"]
        return "null" in kinds, {**schema, "type": others[0] if len(others) == 1 else others}
    return False, schema


def _member(value: Any) -> str:
    """Return the name of a value of an enumeration that the contract gives none."""
    name = re.sub(r"\W", "_", str(value)).upper()
    return name if name.isidentifier() else f"{'VALUE' if isinstance(value, str) else 'NUMBER'}_{name}"


def _checked(name: str, place: str) -> str:
    """Return a name; raises IncompleteError for one that Python does not allow."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise IncompleteError(f"{place}: {name!r} is no name in Python, and must be declared by hand")
    return name


def _words(name: str) -> str:
    return f"The {snake(name).replace('_', ' ')}"


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}."
