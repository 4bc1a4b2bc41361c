"""What a client sends, as a call: without boundary, host and credentials, and with files as their digests."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from portal_client.endpoint import Api
from portal_client.middleware import MiddlewareRequest
from portal_client.multipart import FormPart, Multipart
from portal_testing.calls import Call, SentFile, add, decoded


def call_of(request: MiddlewareRequest) -> Call:
    """Return the call that a request makes. Its path is that of the operation, without what the host has."""
    url = urlsplit(request.url)
    call = Call(request.operation, request.method, _path(request.operation, url.path))
    call.query = decoded(url.query)
    body = request.body
    if isinstance(body, Multipart):
        for part in body.parts:
            if part.filename is None:
                add(call.form, part.name, b"".join(map(bytes, part.blocks())).decode())
            else:
                call.files.append(_file(part, part.filename))
    elif body is not None:
        try:
            call.body = json.loads(body)
        except ValueError:
            call.form = decoded(body.decode())
    return call


def _file(part: FormPart, name: str) -> SentFile:
    name = re.sub("[\ud800-\udfff]", "\ufffd", name)  # as it is sent
    file = SentFile(part.name, name, part.content_type or "", part.size, content=None)
    if part.size is not None:  # else it is a stream, which can be read only once
        digest = hashlib.sha256()
        for block in part.blocks():
            digest.update(block)
        file.sha256 = digest.hexdigest()
    return file


def _path(operation: str, path: str) -> str:
    """Return the end of a path that the declaration of an operation describes."""
    for template in _templates().get(operation, ()):
        if found := template.search(path):
            return found[0]
    return path


def _templates() -> dict[str, set[re.Pattern[str]]]:
    """Return the paths of the operations of all API classes that are loaded, by name."""
    found: dict[str, set[re.Pattern[str]]] = {}
    for kind in _kinds(Api):
        for name, template in _declared.setdefault(kind, None) or _declare(kind):
            found.setdefault(name, set()).add(template)
    return found


def _kinds(kind: type[Api]) -> Iterator[type[Api]]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)


#: The names and paths of the operations of a class, once they were read.
_declared: WeakKeyDictionary[type[Api], list[tuple[str, re.Pattern[str]]] | None] = WeakKeyDictionary()


def _declare(kind: type[Api]) -> list[tuple[str, re.Pattern[str]]]:
    operations = [member.operation for member in vars(kind).values() if hasattr(member, "operation")]
    _declared[kind] = [(each.name, _template(each.path)) for each in operations]
    return _declared[kind] or []


def _template(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, re.split(r"{\w+}", path))) + "$")
