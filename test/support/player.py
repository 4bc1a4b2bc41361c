"""Plays scenes with a client package, and says in plain data what each call returned or raised.

Run as a program, it does so in a process of its own, where the original has the module's name that ours has
here. It needs nothing but the standard library, and is given the name of the package and the scenes as JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Mapping
from datetime import date
from enum import Enum
from importlib import import_module
from typing import Any


def play(package: str, scenes: list[dict[str, Any]]) -> list[Any]:
    """Evaluate the call of each scene, for which `client` is set up as the scene says."""
    module = import_module(package)
    configuration = import_module(f"{package}.configuration").Configuration
    client_class = getattr(module, "SyncApiClient", None) or module.ApiClient
    names = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    outcomes = []
    for scene in scenes:
        settings = configuration(host=scene["host"], access_token=scene["token"])
        with client_class(settings, **scene["client"]) as client:
            client.default_headers.update(scene["default_headers"])
            try:
                value = eval(scene["call"], {**names, "client": client})
            except Exception as error:
                outcomes.append({"raised": type(error).__name__})
            else:
                outcomes.append({"returned": plain(value)})
    return outcomes


def plain(value: Any) -> Any:
    """Return what a caller reads of a value, as JSON has it; a model is a dict with the name of its class."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if hasattr(value, "actual_instance"):
        return plain(value.actual_instance)
    fields = getattr(type(value), "model_fields", None) or getattr(type(value), "__fields__", None)
    if fields is None:
        return value
    read = {name: getattr(value, name) for name in fields if name != "additional_properties"}
    unknown = getattr(value, "additional_properties", None) or getattr(value, "model_extra", None) or {}
    return {"is a": type(value).__name__, **plain(read), **plain(unknown)}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump(play(sys.argv[1], json.load(sys.stdin)), sys.stdout)
