"""Write the bill of materials that the wheel holds (PEP 770): sbom.cdx.json, in CycloneDX.

It is made of pyproject.toml alone, with neither time nor serial number, so that it is the same each time.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def pages() -> dict[Path, str]:
    """Return the file with the text that it should have."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    name, version = project["name"], project["version"]
    extras = project["optional-dependencies"].values()
    optional = {Requirement(each).name: each for extra in extras for each in extra}
    needed = {Requirement(each).name: each for each in project["dependencies"]}
    scopes = {key: (each, "optional") for key, each in optional.items() if key != name}
    scopes |= {key: (each, "required") for key, each in needed.items()}
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": name,
                "name": name,
                "version": version,
                "licenses": [{"license": {"id": project["license"]}}],
                "purl": f"pkg:pypi/{name}@{version}",
            }
        },
        "components": [_component(Requirement(each), scope) for _, (each, scope) in sorted(scopes.items())],
        "dependencies": [
            {"ref": name, "dependsOn": sorted(scopes)},
            *({"ref": key} for key in sorted(scopes)),
        ],
    }
    return {ROOT / "sbom.cdx.json": json.dumps(bill, indent=2) + "\n"}


def _component(requirement: Requirement, scope: str) -> dict[str, Any]:
    """Return a package that is needed, of a version that is decided where it is installed."""
    return {
        "type": "library",
        "bom-ref": requirement.name,
        "name": requirement.name,
        "scope": scope,
        "purl": f"pkg:pypi/{requirement.name.lower()}",
        "properties": [{"name": "portal-client:versions", "value": str(requirement.specifier)}],
    }
