"""Write the bill of materials that the wheel holds (PEP 770), sbom.cdx.json, in CycloneDX.

It is made of pyproject.toml alone, with neither time nor serial number, so that it is the same each time.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def pages() -> dict[Path, str]:
    """Return the file with the text that it should have."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    name, version = project["name"], project["version"]
    package = Component(
        name=name,
        version=version,
        bom_ref=name,
        purl=PackageURL("pypi", name=name, version=version),
        licenses=[LicenseExpression(project["license"])],
    )
    bom = Bom(metadata=BomMetaData(component=package))
    needed = [Requirement(each) for each in project["dependencies"]]
    extras = [Requirement(each) for extra in project["optional-dependencies"].values() for each in extra]
    for each in needed:
        bom.components.add(_component(each, ComponentScope.REQUIRED))
    for each in extras:
        if each.name not in {name, *(other.name for other in needed)}:
            bom.components.add(_component(each, ComponentScope.OPTIONAL))
    bom.register_dependency(package, bom.components)
    data = json.loads(JsonV1Dot6(bom).output_as_string())
    del data["serialNumber"], data["metadata"]["timestamp"]  # of the moment: they say nothing of the package
    return {ROOT / "sbom.cdx.json": json.dumps(data, indent=2, sort_keys=True) + "\n"}


def _component(requirement: Requirement, scope: ComponentScope) -> Component:
    """Return a package that is needed, of a version that is decided where it is installed."""
    return Component(
        name=requirement.name,
        type=ComponentType.LIBRARY,
        bom_ref=requirement.name,
        scope=scope,
        purl=PackageURL("pypi", name=requirement.name.lower()),
        properties=[Property(name="portal-client:versions", value=str(requirement.specifier))],
    )
