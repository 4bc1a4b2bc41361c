"""The log: agents that fail and what nobody has foreseen; silent unless the program configures logging."""

import logging

log = logging.getLogger("portal_sandbox")
log.addHandler(logging.NullHandler())
