"""The window that is there at once: what is looked for and loaded, until the dashboard draws its first frame."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from ecg_live.cli import print_notice
from ecg_live.cli.signals import CaughtSignals
from ecg_live.text import sanitize

if TYPE_CHECKING:
    from ecg_live.dashboard.searching import SearchWindow

T = TypeVar("T")


class Opening:
    """Opens a session behind a window, or in the terminal.

    Parameters
    ----------
    uri : str
        Source; a search for a device is announced.
    title : str
        Who is measured.
    headless : bool
        Without a window.
    """

    def __init__(self, uri: str, title: str, *, headless: bool) -> None:
        self._window: SearchWindow | None = None
        self._application: object = None
        name = sanitize(PurePath(uri).name) if _is_file(uri) else sanitize(uri)
        if not _is_file(uri):
            print_notice(f"looking for {uri}")
        if not headless:
            from ecg_live.dashboard.searching import SearchWindow, application

            self._application = application()  # ends when nobody holds it
            verb = "Opening" if _is_file(uri) else "Looking for"
            self._window = SearchWindow(f"{title} · ecg-live", f"{verb} {name}, loading the model", heading=title)
            self._window.show_now()

    def run(self, work: Callable[[], T]) -> T | None:
        """Return the result of ``work``; None if the user does not want to wait for it.

        Raises
        ------
        BaseException
            Whatever ``work`` raises; KeyboardInterrupt after Ctrl-C.
        """
        if self._window is None:
            return work()
        caught = CaughtSignals()
        with caught.handled(lambda: None, signal.SIGINT):
            result = self._window.run(work, lambda: bool(caught))
        if result is None:
            print_notice("the search was ended")
        return result

    def closing_then(self, follow: Callable[[], None] | None) -> Callable[[], None]:
        """Return what closes the window, and then does what shall follow."""

        def close() -> None:
            self.close()
            if follow is not None:
                follow()

        return close

    def close(self) -> None:
        """Close the window; may be called again."""
        if self._window is not None:
            window, self._window = self._window, None
            window.close()
            window.deleteLater()


def _is_file(uri: str) -> bool:
    """Whether a source is a recording rather than a device."""
    scheme, colon, _ = uri.partition(":")
    return not colon or len(scheme) < 2 or scheme.casefold() == "file" or os.path.exists(uri)  # noqa: PTH110 - as in uri
