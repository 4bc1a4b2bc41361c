"""What a notebook loads for values that cannot show themselves: ``%load_ext portal_client.notebook``."""

from __future__ import annotations

from typing import Any, Optional

from portal_client.views.html import notebook
from portal_client.views.table import table_of


def load_ipython_extension(shell: Any) -> None:
    """Show a list of models as a table; other lists stay as they are."""
    shell.display_formatter.formatters["text/html"].for_type(list, _shown)


def unload_ipython_extension(shell: Any) -> None:
    """Show lists as Python does again."""
    shell.display_formatter.formatters["text/html"].pop(list, None)


def _shown(value: list[Any]) -> Optional[str]:
    table = table_of(value)
    return notebook([table]) if table else None
