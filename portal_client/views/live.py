"""A view in a notebook that grows with its value."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import copy_context
from importlib import import_module
from threading import Lock, Timer
from typing import Any, Optional
from weakref import WeakMethod

from portal_client.views.events import Seen

#: Seconds from a change to the view that has it; further changes in between share that view.
SECONDS = 0.1


class Live:
    """A view that is drawn anew when its value has changed, by another thread and a few times a second.

    Made in a cell, it shows itself there. What goes wrong in a notebook is logged: it ends no loop. `bundle`
    refers to what returns the view, by its types.
    """

    def __init__(self, bundle: WeakMethod[Callable[[], dict[str, str]]]) -> None:
        self.seen: Seen = Seen()
        self._bundle = bundle
        self._display: Callable[..., Any] = import_module("IPython.display").display
        self._drawing = Lock()
        self._timing = Lock()
        self._timer: Optional[Timer] = None
        self._handle: Any = self._display(self._shown(), raw=True, display_id=True)

    def show_again(self) -> None:
        """Show the view in another place, too."""
        self._display(self._shown(), raw=True, display_id=self._handle.display_id)

    def add(self, event: Any) -> None:
        """Take an event into the view, which is drawn soon."""
        self.seen.add(event)
        with self._timing:
            if self._timer is None:
                # What a notebook shows belongs to the cell in whose context it is shown.
                self._timer = Timer(SECONDS, copy_context().run, [self._draw])
                self._timer.daemon = True
                self._timer.start()

    def finish(self) -> None:
        """Draw the end now."""
        with self._timing:
            if self._timer is not None:
                self._timer.cancel()
        self._draw()

    def _draw(self) -> None:
        with self._drawing:
            with self._timing:
                self._timer = None  # what is added from here on is drawn again
            try:
                if bundle := self._shown():
                    self._handle.update(bundle, raw=True)
            except Exception:
                logging.getLogger("portal_client").exception("a view was not drawn, and the call goes on")

    def _shown(self) -> dict[str, str]:
        """Return what is to be seen; nothing when the value is no more."""
        bundle = self._bundle()
        return bundle() if bundle else {}
