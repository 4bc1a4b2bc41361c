"""How a value shows itself: in a notebook, in a terminal by rich, and at the prompt of Python."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from portal_client.views.parts import Part

#: Characters of a screen, which the plain repr of a value does not exceed.
SCREEN = 24 * 80


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

    def __repr__(self) -> str:
        text = super().__repr__()
        if len(text) <= SCREEN:
            return text
        from portal_client.views.abridged import abridged

        return abridged(self, SCREEN)


class DisplayedError(Displayed):
    """An error with a view, which has its reason first; so has its traceback in a notebook."""

    def _view(self) -> list[Part]:
        from portal_client.views.content import error_parts

        return error_parts(self)

    def _render_traceback_(self: Any) -> list[str]:
        from portal_client.views.traceback import lines

        return lines(self)
