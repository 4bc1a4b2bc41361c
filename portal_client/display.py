"""How a value shows itself: in a notebook, in a terminal by rich, and at the prompt of Python."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Optional, TypeVar

    from portal_client.views.live import Live
    from portal_client.views.parts import Part

    E = TypeVar("E")

#: Characters of a screen, which the plain repr of a value does not exceed.
SCREEN = 24 * 80

#: Whether a value is written as a whole, and so are those within it: their reprs are not shortened.
_whole: ContextVar[bool] = ContextVar("_whole", default=False)


class Displayed:
    """A value with a view; the modules for it are imported when it is shown."""

    __slots__ = ()

    def _view(self) -> list[Part]:
        from portal_client.views.content import model_parts

        return model_parts(self)

    def _repr_html_(self) -> str:
        from portal_client.views.html import notebook

        return notebook(self._view())

    def __rich__(self) -> Any:
        from portal_client.views.terminal import renderable

        return renderable(self._view())


class DisplayedModel(Displayed):
    """A model with a view, and with a repr that is not longer than a screen; `str()` and print show all."""

    __slots__ = ()

    def __repr__(self: Any) -> str:
        if not _whole.get():
            from portal_client.views.abridged import abridged

            if short := abridged(self, SCREEN):
                return short
        return f"{self.__repr_name__()}({self.__repr_str__(', ')})"  # as pydantic does, without a call more

    def __str__(self) -> str:
        whole = _whole.set(True)
        try:
            return super().__str__()
        finally:
            _whole.reset(whole)


class DisplayedError(Displayed):
    """An error with a view, which has its reason first; so has its traceback in a notebook."""

    def _view(self) -> list[Part]:
        from portal_client.views.content import error_parts

        return error_parts(self)

    def _render_traceback_(self: Any) -> list[str]:
        from portal_client.views.traceback import lines

        return lines(self)


class Growing(Displayed):
    """A value that is read step by step; shown in a notebook, its view grows with what is read.

    To show it reads nothing.
    """

    _live: Optional[Live] = None

    def _view(self) -> list[Part]:
        from portal_client.views.events import growing_parts

        return growing_parts(self, self._live.seen if self._live else None)

    def _ipython_display_(self) -> None:
        if not in_notebook():
            raise NotImplementedError  # the plain repr is shown
        if self._live is not None:
            self._live.show_again()
            return
        from weakref import WeakMethod

        from portal_client.views.live import Live

        # Without a cycle of references, in which a stream would be closed late.
        self._live = Live(WeakMethod(self._bundle))

    def _bundle(self) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def _noting(self, read: Callable[[bytes], E]) -> Callable[[bytes], E]:
        """Return a function that also shows what it returns, where this value is shown."""
        live = self._live
        if live is None:
            return read

        def noted(text: bytes) -> E:
            live.add(event := read(text))
            return event

        return noted

    def _note(self, event: Any) -> None:
        """Show what was read."""
        if self._live is not None:
            self._live.add(event)

    def _finish(self) -> None:
        """Show that there is no more."""
        if self._live is not None:
            self._live.finish()


def in_notebook() -> bool:
    """Return whether this runs in the kernel of a notebook, which loads nothing where it does not."""
    import sys

    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return "IPKernelApp" in getattr(shell, "config", ())
