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
    needed = [Requirement(each) for each in project["dependencies"]]
    extras = [Requirement(each) for extra in project["optional-dependencies"].values() for each in extra]
    components = {each.name: _component(each, "optional") for each in extras if each.name != name}
    components |= {each.name: _component(each, "required") for each in needed}
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
        "components": [components[each] for each in sorted(components)],
        "dependencies": [
            {"ref": name, "dependsOn": sorted(components)},
            *({"ref": key} for key in sorted(components)),
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
