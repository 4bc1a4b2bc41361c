"""A tool, typed or not."""

from __future__ import annotations

from typing import Annotated, Any, Union

from pydantic import Field

from finbourne_candela.models.base_tool import BaseTool
from portal_client.model import Wrapper


class ToolObj(Wrapper[Annotated[Union[dict[str, Any], BaseTool], Field(union_mode="left_to_right")]]):
    """A tool: a BaseTool, or plain data, which stays plain."""
