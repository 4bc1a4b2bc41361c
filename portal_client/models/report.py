"""The report of an agent."""

from __future__ import annotations

from typing import Any, Optional

from pydantic import StrictStr

from portal_client.model import Defaulted, Model
from portal_client.models.report_table import ReportTable


class Report(Model):
    """What an agent has prepared: a text, and tables."""

    text: Defaulted[StrictStr] = ""
    """The text; empty where there is none."""
    tables: Optional[list[ReportTable]] = None
    """The tables in order; None where the report has no list of them."""

    def _view(self) -> Any:
        from portal_client.views.content import report_parts

        return report_parts(self)
