"""What a contract asks of a package, as the source of its stubs and models."""

from __future__ import annotations

import ast
import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from openapi import EXTENSION, arguments, operations, reachable, snake, target

#: The width of the code.
WIDTH = 110
#: The suffixes of the derived forms of an operation, and what makes them.
FORMS = {
    "_with_http_info": "with_http_info",
    "_without_preload_content": "without_preload_content",
}

_TYPES = {"string": "StrictStr", "integer": "StrictInt", "boolean": "StrictBool"}
_NUMBER = "Union[StrictInt, Annotated[float, Strict(), AllowInfNan(False)]]"
_UNSAID = {"description", "x-client-reads"}


def docstring(text: str, indent: int) -> str:
    """Return a docstring, its first sentence as a paragraph of its own where not all fits on one line."""
    text = text.replace("\\", "\\\\").replace('"""', "'''")
    margin = " " * indent
    if indent + len(text) + 6 <= WIDTH and "\n" not in text:
        return f'"""{text}"""'
    summary, _, rest = text.partition("\n\n") if "\n\n" in text else text.partition(". ")
    wrapped = [textwrap.fill(part, WIDTH - indent) for part in (summary.rstrip(".") + ".", rest) if part]
    return textwrap.indent('"""' + "\n\n".join(wrapped) + '\n"""', margin).strip()


def below_field(text: str) -> str:
    """Return the docstring below a field, wrapped."""
    return '"""' + "\n    ".join(textwrap.wrap(text, WIDTH - 10)) + '"""'


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # this is Python
)
_TEMPLATES.filters |= {"docstring": docstring, "below_field": below_field}


def render(template: str, **values: Any) -> str:
    """Return the text that a template makes of some values."""
    return _TEMPLATES.get_template(template).render(**values)


@dataclass(frozen=True)
class Stub:
    """An operation of the contract: its class, and the source of its stub and derived forms."""

    name: str
    api: str
    source: str
    said: Mapping[str, str]

    @property
    def derived(self) -> dict[str, str]:
        """The lines of the derived forms, by their names."""
        return {
            f"{self.name}{suffix}": f"    {self.name}{suffix}: Final = {maker}({self.name})\n"
            for suffix, maker in FORMS.items()
        }


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
        forms = [kind for kind in operation.get("requestBody", {}).get("content", ()) if "json" not in kind]
        source = render(
            "stub.py.j2",
            name=operation["operationId"],
            settings=[json.dumps(method), json.dumps(path)]
            + [f"consumes={json.dumps(kind)}" for kind in forms]
            + ["secured=False"] * (not operation.get("security", self._contract.get("security")))
            + [f"idempotent={operation[key]}" for key in ("x-client-repeats",) if key in operation]
            + [f"accept={operation[key]!r}" for key in ("x-client-accept",) if key in operation],
            parameters=[self._parameter(a.name, a.place, a.required, a.schema) for a in own],
            options=self._options,
            returns=self._returns(operation),
            text="\n\n".join(
                f"{operation[key].rstrip('.')}." for key in ("summary", "description") if operation.get(key)
            ),
        )
        said = {a.name: f"{a.description.rstrip('.') or _words(a.name)}." for a in own}
        return Stub(operation["operationId"], f"{operation['tags'][0]}Api", source, said)

    def _parameter(self, name: str, place: str, required: bool, schema: Mapping[str, Any]) -> str:
        if place == "file":
            return f"{name}: Files" if required else f"{name}: Files = None"
        nullable, plain = _without_null(schema)
        kind = self._type(plain)
        if required:
            return f"{name}: Optional[{kind}]" if nullable else f"{name}: {kind}"
        return f"{name}: Optional[{kind}] = {schema.get('default')!r}"

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
            values = schema.get("additionalProperties")
            return f"dict[str, {self._type(values if isinstance(values, Mapping) else {})}]"
        if schema.get("format") == "date-time":
            return "DateTime"
        return _NUMBER if kind == "number" else _TYPES[kind]

    # ── models ──

    def _model(self, name: str, schema: Mapping[str, Any]) -> str:
        text = f"{schema.get('description', _words(name)).rstrip('.')}."
        members: list[str] = []
        fields: list[tuple[str, str]] = []
        variants = list(map(target, schema.get("oneOf", ())))
        if "enum" in schema:
            names = schema.get("x-enum-varnames") or [str(value).upper() for value in schema["enum"]]
            members = [f"{name} = {value!r}" for name, value in zip(names, schema["enum"], strict=True)]
            base = "OpenEnum" if schema["type"] == "string" else "OpenIntEnum"
        elif variants:
            base = f'Wrapper[OneOf["{" | ".join(variants)}"]]'
        elif "anyOf" in schema:
            kind = self._type(schema)
            if "$ref" in str(schema):  # plain data may fit a model, too
                kind = f'Annotated[{kind}, Field(union_mode="left_to_right")]'
            base = f"Wrapper[{kind}]"
        else:
            required = schema.get("required", ())
            for field, each in schema.get("properties", {}).items():
                said = f"{each.get('description', _words(field)).rstrip('.')}."
                fields.append((self._field(name, field, each, field in required), said))
            late = any("oneOf" in self._schemas[each] for each in reachable(self._contract, schema))
            base = "Model, defer_build=True" if late else "Model"
        late_imports = [(self.module(each), each) for each in sorted(variants, key=snake)]
        return render(
            "model.py.j2",
            name=name,
            base=base,
            text=text,
            members=members,
            fields=fields,
            late_imports=late_imports,
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
    kinds = schema.get("type")
    if isinstance(kinds, list):
        others = [kind for kind in kinds if kind != "null"]
        return "null" in kinds, {**schema, "type": others[0] if len(others) == 1 else others}
    return False, schema


def _words(name: str) -> str:
    return f"The {snake(name).replace('_', ' ')}"


def shape(node: ast.AST, constants: Mapping[str, ast.expr]) -> list[str]:
    """Return a stub or a model as lines that do not depend on its layout and texts, to be compared."""

    class Resolved(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return constants.get(node.id, node)

    def line(part: ast.AST) -> str:
        return ast.unparse(Resolved().visit(part))

    if isinstance(node, ast.FunctionDef):
        arguments = node.args.args
        defaults = [*[None] * (len(arguments) - len(node.args.defaults)), *node.args.defaults]
        return [
            *(f"@{line(each)}" for each in node.decorator_list),
            *(
                f"{a.arg}: {line(a.annotation)}" + (f" = {line(d)}" if d else "")
                for a, d in zip(arguments, defaults, strict=True)
                if a.annotation
            ),
            f"**options: {line(node.args.kwarg.annotation)}"
            if node.args.kwarg and node.args.kwarg.annotation
            else "",
            f"-> {line(node.returns) if node.returns else None}",
        ]
    assert isinstance(node, ast.ClassDef)
    bases = [*map(line, node.bases), *(f"{k.arg}={line(k.value)}" for k in node.keywords)]
    entries = [line(each) for each in node.body if isinstance(each, (ast.AnnAssign, ast.Assign))]
    return [f"class {node.name}({', '.join(bases)})", *sorted(entries)]
