"""What is drawn at random, apart from the program's own numbers: ids of requests, and pauses.

A program's `random` stays as it was seeded. A forked child draws other numbers than its parent.
"""

from __future__ import annotations

import os
import random

# Nothing here is a secret, so it need not come from the system, which would let other threads go first.
_numbers = random.Random()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_numbers.seed)


def new_id() -> str:
    """Return a new, unique id, such as that of a request."""
    return f"{_numbers.getrandbits(128):032x}"


def jitter(shortest: float, longest: float) -> float:
    """Return a pause between two limits, in seconds."""
    return _numbers.uniform(shortest, longest)
