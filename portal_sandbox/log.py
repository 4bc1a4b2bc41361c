"""The log: agents that fail and what nobody has foreseen; silent unless the program configures logging.

What is written may quote what others have said. So a record is one line, and its traceback is indented: what
nobody would see, or what would do something to a terminal or begin a line, is escaped.
"""

import logging
import re
import traceback

_FRAME = re.compile('[ |]+File "')


def escape(record: logging.LogRecord) -> bool:
    """Escape what a record quotes; a filter for loggers and handlers that lets each record pass."""
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
    """A text on one line, in which everything can be seen."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


log = logging.getLogger("portal_sandbox")
log.addHandler(logging.NullHandler())
log.addFilter(escape)
