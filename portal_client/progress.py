"""Progress: how far something is, shown by what fits where it runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Generic, NamedTuple, Optional, Protocol, TypeVar, Union

from portal_client.display import in_notebook
from portal_client.exceptions import ApiValueError
from portal_client.hooks import log

#: Seconds between two lines of a log: after a change of the note, and without one.
_CHANGED_SECONDS, _SAME_SECONDS = 10.0, 60.0

#: Seconds before there is a bar: what is done by then needs none. And no time, but not before the bar has
#: its texts, which tqdm takes for HTML until then.
_DELAY_SECONDS, _NO_DELAY = 0.5, 1e-9


class Amount(NamedTuple):
    """How much is done of what has this title; `total` is None where no end is known.

    `unit` is that of both; "B" is bytes. `note` is what else is worth a word.
    """

    title: str
    done: float = 0
    total: Optional[float] = None
    unit: str = ""
    note: str = ""


class Shown(Protocol):
    """A value that says how far something is; its `str()` says it in a line."""

    @property
    def amount(self) -> Amount:
        """The same for a bar."""
        ...


V = TypeVar("V", bound=Shown)
V_contra = TypeVar("V_contra", bound=Shown, contravariant=True)


class Progress(Protocol[V_contra]):
    """What shows how far something is."""

    def show(self, value: V_contra, /) -> None:
        """Show a value; a later one replaces it."""
        ...

    def close(self) -> None:
        """Show no more, and take away what does not stay."""
        ...


def progress_of(
    progress: Union[bool, Callable[[V], object]], now: Callable[[], float] = time.monotonic
) -> Progress[V]:
    """Return what shows progress as the argument `progress` says.

    True is a bar of tqdm in a terminal and a widget in a notebook, where tqdm is installed, and lines of the
    logger portal_client elsewhere. What is shown never ends a call: an exception is logged as an error, with
    its traceback.

    Raises ApiValueError for another argument.
    """
    if callable(progress):
        return _Guarded(_Callback(progress))
    if progress is False:
        return _Callback(lambda value: None)
    if progress is not True:
        kind = type(progress).__name__
        raise ApiValueError(f"progress must be True, False or a callable, not {kind}")
    if _in_terminal() or in_notebook():
        with suppress(ImportError):
            return _Guarded(Bar(import_module("tqdm.auto").tqdm))
    return _Guarded(Lines(now))


def _in_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # none, or a closed one
        return False


class Bar:
    """A bar of tqdm for each title, or a line with the time where no end is known; closed, it is gone."""

    def __init__(self, tqdm: Callable[..., Any]) -> None:
        self._tqdm = tqdm
        self._bar: Any = None
        self._title: Optional[str] = None

    def show(self, value: Shown, /) -> None:
        """Draw the bar anew."""
        amount = value.amount
        if amount.title != self._title:
            self.close()
            self._open(amount)
        if amount.total is None:
            self._bar.set_description_str(f"{amount.title}: {amount.note}")
        else:
            self._bar.set_postfix_str(amount.note, refresh=False)
            self._bar.update(amount.done - self._bar.n)

    def _open(self, amount: Amount) -> None:
        endless = amount.total is None
        self._title = amount.title
        self._bar = self._tqdm(
            initial=endless,  # in a notebook a full square is before the line, not an empty one
            total=amount.total,
            unit=amount.unit,
            unit_scale=amount.unit == "B",
            leave=False,
            delay=_NO_DELAY if endless else _DELAY_SECONDS,
            bar_format="{desc} [{elapsed}]" if endless else None,
        )
        self._bar.set_description_str(amount.title, refresh=False)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = self._title = None


class Lines:
    """Lines of the logger portal_client, at INFO: the first value and the last one, and few in between."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: Optional[Amount] = None
        self._at = 0.0
        self._unsaid: Optional[Shown] = None

    def show(self, value: Shown, /) -> None:
        """Log a value if it is time for a line, or the title is another one."""
        amount, last = value.amount, self._last
        self._unsaid = value
        if last is not None and amount.title == last.title:
            wait = _SAME_SECONDS if amount.note == last.note else _CHANGED_SECONDS
            if self._now() - self._at < wait:
                return
        self.close()

    def close(self) -> None:
        """Log the last value, unless it was logged."""
        if self._unsaid is not None:
            log.info("%s", self._unsaid)
            self._last, self._at, self._unsaid = self._unsaid.amount, self._now(), None


class _Callback(Generic[V]):
    def __init__(self, callback: Callable[[V], object]) -> None:
        self._callback = callback

    def show(self, value: V, /) -> None:
        self._callback(value)

    def close(self) -> None:
        pass


class _Guarded(Generic[V]):
    """Progress that ends no call, as hooks do not."""

    def __init__(self, progress: Progress[V]) -> None:
        self._progress = progress

    def show(self, value: V, /) -> None:
        try:
            self._progress.show(value)
        except Exception:
            log.exception("progress raised, and the call goes on")

    def close(self) -> None:
        try:
            self._progress.close()
        except Exception:
            log.exception("progress raised, and the call goes on")
