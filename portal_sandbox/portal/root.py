"""The route at the root: the page for a browser, and an operation for others."""

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from portal_sandbox import negotiation
from portal_sandbox.auth import ThisService
from portal_sandbox.page import routes
from portal_sandbox.routing import tagged

router = tagged("Default")


@router.head("/", include_in_schema=False)
@router.get("/", summary="Tell whether the server is there", response_description="The server is there")
def root_get(request: Request, service: ThisService) -> Response:
    """The client sends no token, and does not read the body of the response."""
    if negotiation.is_wanted("text/html", request):
        response = routes.show(request, service)
    else:
        response = JSONResponse({"title": request.app.title, "version": request.app.version})
    response.headers.update(negotiation.BY_ACCEPT)
    return response
