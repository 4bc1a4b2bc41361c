"""The routes of stored objects: the same for each kind, made from the table of kinds."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from portal_sandbox.candela import responses, wire
from portal_sandbox.candela.auth import CurrentUser, ThisCandela
from portal_sandbox.candela.kinds import KINDS, TOOL_MODULE, Kind
from portal_sandbox.candela.objects import NewObject
from portal_sandbox.candela.queries import Name
from portal_sandbox.candela.service import DOMAIN, SYSTEM_DOMAIN
from portal_sandbox.candela.sources import tool_names
from portal_sandbox.candela.tables import ObjectRow
from portal_sandbox.responses import Responses
from portal_sandbox.routing import tagged

#: What adding says of each kind, besides that nothing is overwritten.
_ADDING = {
    "app": " The circuit and the directive are only named, and need not be stored yet.",
    "circuit": " The steps are stored as they are, and are not run.",
    "directive": "",
    "tool_module": " The source is read for its tools, and is not run.",
}

NEXT_VERSION = (
    "Nothing is overwritten: a name that is taken gets its next version, so that each call makes one."
)

SystemLevel = Annotated[
    bool, Query(description="Whether to store it for all domains and not only for the caller's")
]


def metadata(kind: Kind, row: ObjectRow) -> wire.ObjectMetadata:
    """Return the metadata of an object."""
    return kind.metadata.model_validate(
        {
            "obj_id": wire.ObjectId(scope=row.scope, identifier=row.identifier, version=row.version),
            "domain": SYSTEM_DOMAIN if row.system else DOMAIN,
            "created_by": row.user_id,
            "created_at": row.created_at,
            "description": row.description,
            **({"tools": tool_names(row.data["content"])} if kind is TOOL_MODULE else {}),
        }
    )


def _router(kind: Kind) -> APIRouter:
    """Return the routes of one kind."""
    router = tagged(kind.tag)
    noun, path = kind.noun, f"/{kind.path}"
    scope = Annotated[str, Query(min_length=1, description=f"The scope of the {noun}")]
    identifier = Annotated[str, Query(min_length=1, description=f"The identifier of the {noun}")]
    reading: Responses = {**responses.UNAUTHORIZED, **responses.no_object(noun), **responses.INVALID}
    looking: Responses = {**responses.UNAUTHORIZED, **responses.INVALID}

    def version(default: str) -> Any:
        return Annotated[str | None, Query(description=f"The version of the {noun}; by default {default}")]

    def add(
        candela: ThisCandela,
        user: CurrentUser,
        post: Any,
        system_level: SystemLevel = False,
    ) -> Any:
        if kind.check is not None:
            kind.check(post.data)
        data = post.data.model_dump(mode="json", exclude_unset=True)
        new = NewObject(post.scope, post.identifier, data, post.description, post.version_bump, system_level)
        return metadata(kind, candela.add_object(user, kind, new))

    def delete(
        candela: ThisCandela, user: CurrentUser, scope: Any, identifier: Any, version: Any = None
    ) -> Any:
        rows = candela.objects.delete(kind, Name(scope, identifier, version), candela.is_admin(user))
        return [metadata(kind, row) for row in rows]

    def get(candela: ThisCandela, user: CurrentUser, scope: Any, identifier: Any, version: Any = None) -> Any:
        assert kind.data is not None
        return kind.data.model_validate(candela.objects.get(kind, Name(scope, identifier, version)).data)

    def get_metadata(
        candela: ThisCandela, user: CurrentUser, scope: Any, identifier: Any, version: Any = None
    ) -> Any:
        return metadata(kind, candela.objects.get(kind, Name(scope, identifier, version)))

    def exists(
        candela: ThisCandela, user: CurrentUser, scope: Any, identifier: Any, version: Any = None
    ) -> Any:
        return candela.objects.find(kind, Name(scope, identifier, version)) is not None

    def list_all(
        candela: ThisCandela,
        user: CurrentUser,
        all_versions: Annotated[
            bool,
            Query(description=f"Whether to list each version of {kind.article} and not only the latest one"),
        ] = False,
    ) -> Any:
        return [metadata(kind, row) for row in candela.objects.listed(kind, all_versions)]

    # FastAPI reads the arguments of an operation from its annotations. Any is what differs from kind to kind.
    # They are set as a whole: from what is only changed in place, Python 3.14 keeps other forms (PEP 649).
    for function, default in (
        (delete, "all of them"),
        (get, "the latest one"),
        (get_metadata, "the latest one"),
        (exists, "any of them"),
    ):
        names = {"scope": scope, "identifier": identifier, "version": version(default)}
        function.__annotations__ = {**function.__annotations__, **names}

    if kind.post is not None:
        body = Body(description=f"The {noun}, its name, and how its version is counted")
        add.__annotations__ = {**add.__annotations__, "post": Annotated[kind.post, body]}
        router.add_api_route(
            f"{path}/",
            add,
            methods=["PUT"],
            name=f"add_{kind.name}",
            summary=f"Add {kind.article}, or the next version of one",
            description=NEXT_VERSION + _ADDING[kind.name],
            response_model=kind.metadata,
            response_description="The metadata of the new version",
            responses={**responses.UNAUTHORIZED, **responses.NOT_FOR_ALL, **responses.INVALID_BODY},
        )
    router.add_api_route(
        f"{path}/",
        delete,
        methods=["DELETE"],
        name=f"delete_{kind.name}",
        summary=f"Delete {kind.article}",
        description="Without a version all versions are deleted, also those added since the caller looked. "
        f"Sessions that use the {noun} keep running.",
        response_model=list[kind.metadata],  # type: ignore[name-defined]
        response_description="The metadata of each version that was deleted",
        responses={**reading, **responses.OF_ALL_DOMAINS},
    )
    if kind.data is not None:
        router.add_api_route(
            f"{path}/",
            get,
            name=f"get_{kind.name}",
            summary=f"Get {kind.article}",
            description="What was stored, without its description and its version; "
            "these are in its metadata.",
            response_model=kind.data,
            response_description=f"The {noun}",
            responses=reading,
        )
    tools = "its tools, " if kind is TOOL_MODULE else ""
    router.add_api_route(
        f"{path}/metadata",
        get_metadata,
        name=f"get_{kind.name}_metadata",
        summary=f"Get the metadata of {kind.article}",
        description=f"Its full name with the version, its description, {tools}who added it and when.",
        response_model=kind.metadata,
        response_description=f"The metadata of the {noun}",
        responses=reading,
    )
    router.add_api_route(
        f"{path}/exists",
        exists,
        name=f"{kind.name}_exists",
        summary=f"Tell whether {kind.article} exists",
        description="An object that does not exist is no error here.",
        response_model=bool,
        response_description=f"Whether there is such {kind.article}",
        responses=looking,
    )
    router.add_api_route(
        f"{path}/list",
        list_all,
        name=f"list_{kind.path}",
        summary=f"List {noun}s",
        description=f"The {noun}s of the caller's domain and those that are stored for all domains.",
        response_model=list[kind.metadata],  # type: ignore[name-defined]
        response_description=f"The metadata of the {noun}s, newest first",
        responses=looking,
    )
    return router


ROUTERS = tuple(_router(kind) for kind in KINDS.values())
