"""A preview of a source before its session: its trace, its state, and the verdict on its signal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread

from ecg_live.cancelling import SearchCancelled, let_cancel
from ecg_live.errors import EcgLiveError
from ecg_live.events import Battery, Beats, Chunk, Clock, State, StreamEvent
from ecg_live.preview_items import PreviewStatus, SignalVerdict
from ecg_live.protocols import Source
from ecg_live.results import Poll, Snapshot
from ecg_live.signal.check.beats_check import BeatsCheck
from ecg_live.signal.check.signal_check import SignalCheck
from ecg_live.sinks.display_buffer import DisplayBuffer

KEPT_S = 30.0  # of trace for a screen


class SourceProbe:
    """Open a source on a thread of its own, check its signal, and keep its trace for a screen.

    Parameters
    ----------
    open_source : callable
        Opens the source; may block for seconds, and may raise `EcgLiveError`.
    text : str
        State while it is being opened, in words.
    clock : Clock
        Session clock.
    """

    def __init__(self, open_source: Callable[[], Source], text: str, clock: Clock) -> None:
        self._open = open_source
        self._clock = clock
        self._status = PreviewStatus(text)
        self._screen: DisplayBuffer | None = None
        self._source: Source | None = None
        self._closing = Event()
        self._released = Event()
        Thread(target=self._run, name="preview", daemon=True).start()

    @property
    def status(self) -> PreviewStatus:
        """What is known of the source by now."""
        return self._status

    def poll(self, since: Poll) -> tuple[Snapshot, Poll] | None:
        """Return the trace since ``since``; None while the source is not open."""
        return self._screen.poll(since) if self._screen else None

    def close(self) -> None:
        """Ask for the end; returns at once."""
        self._closing.set()
        if (source := self._source) is not None:
            source.close()

    def wait(self, timeout: float) -> bool:
        """Wait until the source is released; whether it is."""
        return self._released.wait(timeout)

    def _run(self) -> None:
        let_cancel(self._closing.is_set)
        try:
            self._follow()
        except SearchCancelled:
            pass
        except EcgLiveError as error:
            self._show(error=error.message, remedy=error.remedy)
        except Exception as error:  # noqa: BLE001 - a preview's error must reach the screen, whatever it is
            self._show(error=f"unexpected {type(error).__name__}: {error}", remedy="choose another source")
        finally:
            self._show(ended=True)
            self._released.set()

    def _follow(self) -> None:
        source = self._open()
        self._source = source
        with contextlib.ExitStack() as stack:
            if self._closing.is_set():  # meanwhile; a source that was not entered has nothing to release
                source.close()
                return
            stack.enter_context(source)
            info = source.info
            check = SignalCheck(info) if info.channels else BeatsCheck()
            self._screen = screen = DisplayBuffer(info.rate, self._clock, KEPT_S)
            self._show(info=info, state="")
            for item in source:
                self._take(item, check, screen)
                if self._closing.is_set():
                    break

    def _take(self, item: Chunk | StreamEvent, check: SignalCheck | BeatsCheck, screen: DisplayBuffer) -> None:
        screen.write(item)
        if isinstance(item, State):
            self._show(state=item.detail if item.state in ("searching", "connecting", "lost", "gave_up") else "")
        elif isinstance(item, Battery):
            self._show(battery=item.level)
        elif isinstance(item, Beats | Chunk) and self._status.state:
            self._show(state="")
        for output in check.push(item):
            if isinstance(output, SignalVerdict):
                self._show(verdict=output)
            else:
                screen.write(output)

    def _show(self, **changes: object) -> None:
        """Publish a changed status, as a whole."""
        self._status = replace(self._status, **changes)  # type: ignore[arg-type]  # fields of the status
