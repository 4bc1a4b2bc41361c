"""The options that each call takes besides its own arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

from pydantic import Field, InstanceOf, StrictBool

from finbourne_candela.extensions.configuration_options import ConfigurationOptions
from portal_client.options import RequestOptions, StreamOptions


class CandelaOptions(RequestOptions, total=False):
    """The RequestOptions, and what Candela has besides.

    Args:
        opts: Limits of this call; each that it sets beats `_request_timeout` and the configuration.
        _content_type: application/json, where there is a body.
    """

    opts: Optional[InstanceOf[ConfigurationOptions]]


class CandelaStreamOptions(CandelaOptions, StreamOptions, total=False):
    """The CandelaOptions and the StreamOptions."""


if not TYPE_CHECKING:

    class CandelaOptions(CandelaOptions, total=False):
        """The same, and what scripts for the original client pass: these change what a call returns."""

        __doc__ = CandelaOptions.__doc__

        async_req: Annotated[Optional[StrictBool], Field(deprecated=True)]
        _preload_content: Annotated[Optional[StrictBool], Field(deprecated=True)]
        _return_http_data_only: Annotated[Optional[StrictBool], Field(deprecated=True)]
