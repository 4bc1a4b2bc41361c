"""The routes of the tools in tool modules, which are named without a version."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Query

from portal_sandbox.candela import responses, wire
from portal_sandbox.candela.auth import CurrentUser, ThisCandela
from portal_sandbox.candela.errors import NotStored
from portal_sandbox.candela.kinds import TOOL_MODULE
from portal_sandbox.candela.service import Candela
from portal_sandbox.candela.sources import tool_names
from portal_sandbox.routing import tagged

router = tagged(TOOL_MODULE.tag)

Scope = Annotated[str, Query(description="The scope of the module that has the tool")]
ToolName = Annotated[str, Query(description="The name of the tool, which is that of its class")]


@router.get(
    "/tool_modules/tool/list",
    summary="List the tools of all modules",
    response_description="The tools, each with its module",
    responses={**responses.UNAUTHORIZED, **responses.INVALID},
)
def list_tools(
    candela: ThisCandela,
    user: CurrentUser,
    all_versions: Annotated[
        bool,
        Query(
            description="Whether to list the tools of each version of a module and not only of the latest one"
        ),
    ] = False,
) -> list[wire.ToolMetadata]:
    """The tools of the modules of the caller's domain and of those that are stored for all domains."""
    return list(_tools(candela, all_versions))


@router.get(
    "/tool_modules/tool/exists",
    summary="Tell whether a tool exists",
    response_description="Whether there is such a tool",
    responses={**responses.UNAUTHORIZED, **responses.INVALID},
)
def tool_exists(candela: ThisCandela, user: CurrentUser, scope: Scope, name: ToolName) -> bool:
    """A tool that does not exist is no error here."""
    return _find(candela, scope, name) is not None


@router.get(
    "/tool_modules/tool/metadata",
    summary="Get the metadata of a tool",
    response_description="The metadata of the tool",
    responses={**responses.UNAUTHORIZED, **responses.NO_TOOL, **responses.INVALID},
)
def get_tool_metadata(
    candela: ThisCandela, user: CurrentUser, scope: Scope, name: ToolName
) -> wire.ToolMetadata:
    """The module that has the tool, and its version."""
    tool = _find(candela, scope, name)
    if tool is None:
        raise NotStored("Tool", f"{scope}/{name}")
    return tool


def _find(candela: Candela, scope: str, name: str) -> wire.ToolMetadata | None:
    """Return the tool with this name, of several the one that was added last."""
    tools = _tools(candela, all_versions=False)
    return next((each for each in tools if (each.scope, each.tool_name) == (scope, name)), None)


def _tools(candela: Candela, all_versions: bool) -> Iterator[wire.ToolMetadata]:
    """Yield the tools of the modules, those of the newest module first."""
    for row in candela.objects.listed(TOOL_MODULE, all_versions):
        for name in tool_names(row.data["content"]):
            yield wire.ToolMetadata(
                tool_name=name, scope=row.scope, module_name=row.identifier, module_version=row.version
            )
