"""One step on the way to a refused argument."""

from __future__ import annotations

from typing import Union

from pydantic import StrictInt, StrictStr

from portal_client.model import Wrapper


class ValidationErrorLocInner(Wrapper[Union[StrictStr, StrictInt]]):
    """A name or an index on the way to a refused argument."""
