"""The options that each call takes besides its own arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from pydantic import InstanceOf, StrictBool

from finbourne_candela.extensions.configuration_options import ConfigurationOptions
from portal_client.operation import RequestOptions, StreamOptions


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
        __doc__ = CandelaOptions.__doc__

        # What scripts for the original client pass; they change what a call answers, so no type holds.
        async_req: Optional[StrictBool]
        _preload_content: Optional[StrictBool]
        _return_http_data_only: Optional[StrictBool]
