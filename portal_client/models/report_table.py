"""One table of a report."""

from __future__ import annotations

from typing import Any

from pydantic import StrictStr

from portal_client.model import Model
from portal_client.models.report_row import ReportRow


class ReportTable(Model):
    """A table of a report."""

    title: StrictStr
    """The heading of the table."""
    columns: list[StrictStr]
    """The columns in order."""
    rows: list[ReportRow]
    """The rows in order."""

    def _rows(self) -> Any:
        return self.columns, [{value.key: value.text for value in row.values} for row in self.rows]

    def _view(self) -> Any:
        from portal_client.views.table import report_table

        return [report_table(self)]
