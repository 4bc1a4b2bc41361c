"""One value in a row of a report."""

from __future__ import annotations

from pydantic import StrictBool, StrictStr

from portal_client.model import Defaulted, Model


class ReportValue(Model):
    """A value in a table."""

    key: StrictStr
    """The column that it stands in."""
    text: StrictStr
    """The value as it is shown."""
    link: Defaulted[StrictStr] = ""
    """The address that it leads to; empty where it leads nowhere."""
    is_downloadable: Defaulted[StrictBool] = False
    """Whether the link leads to a file to download."""
