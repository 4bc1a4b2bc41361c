"""One row of a table in a report."""

from __future__ import annotations

from portal_client.model import Model
from portal_client.models.report_value import ReportValue


class ReportRow(Model):
    """A row of a table."""

    values: list[ReportValue]
    """The values, one for each column that the row fills."""
