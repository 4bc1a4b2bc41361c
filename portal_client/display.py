"""How a value shows itself: in a notebook, in a terminal by rich, and at the prompt of Python."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from portal_client.views.parts import Part

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
