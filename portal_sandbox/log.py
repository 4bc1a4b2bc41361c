"""The log: failures of agents and unforeseen errors; silent unless the program configures logging.

A record may quote requests and agents. So it is one line, its traceback is indented, and characters that are
invisible, control a terminal or begin a line are escaped.
"""

import logging
import re
import traceback

_FRAME = re.compile('[ |]+File "')


def escape(record: logging.LogRecord) -> bool:
    """Escape the text of a record: a filter of loggers and handlers that lets each record pass."""
    record.msg, record.args = escaped(record.getMessage()), ()
    if record.exc_info and not record.exc_text:
        parts = (part.strip("\n") for part in traceback.format_exception(*record.exc_info))
        record.exc_text = "\n".join(
            f"  {escaped(line)}"
            for part in parts
            for line in (part.split("\n") if _FRAME.match(part) else [part])
        )
    return True


def escaped(text: str) -> str:
    """Return a text on one line, with invisible characters escaped."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


log = logging.getLogger("portal_sandbox")
log.addHandler(logging.NullHandler())
log.addFilter(escape)
