"""Negotiation: the type of a response by the Accept header of its request."""

from collections.abc import Callable, Sequence
from typing import cast

import mimeparse  # type: ignore[import-untyped]
from fastapi import Request

#: The header of every response whose type is negotiated.
BY_ACCEPT = {"Vary": "Accept"}

#: Returns the type that an Accept header prefers; between equals the last one.
_best_match = cast(Callable[[Sequence[str], str], str], mimeparse.best_match)  # pyright: ignore


def is_wanted(media_type: str, request: Request) -> bool:
    """Whether a request prefers a type to JSON, which is the default."""
    return prefers(",".join(request.headers.getlist("accept")), media_type)


def prefers(accept: str, media_type: str) -> bool:
    """Whether an Accept header prefers a type to JSON.

    The higher quality wins, then a type by its name over a wildcard.
    """
    try:
        return _best_match([media_type, "application/json"], accept.lower()) == media_type
    except mimeparse.MimeTypeParseException:
        return False
