"""A scan that is there at once: the libraries that it needs are loaded on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread

from ecg_live.preview_items import FoundSources, ScanProblem
from ecg_live.protocols import Scanner

EXPECTED_SEARCHES = ("LSL streams", "Bluetooth devices", "serial ports")


class BackgroundScanner:
    """Passes on to a scanner as soon as that is made.

    Parameters
    ----------
    make : callable
        Makes the scanner; may take a second.
    """

    def __init__(self, make: Callable[[], Scanner]) -> None:
        self._make = make
        self._lock = Lock()
        self._scanner: Scanner | None = None
        self._before = FoundSources(searching=EXPECTED_SEARCHES)  # until it is made
        self._paused = self._closed = False
        Thread(target=self._load, name="load the scan", daemon=True).start()

    @property
    def found(self) -> FoundSources:
        """What was found by now."""
        scanner = self._scanner
        return self._before if scanner is None else scanner.found

    def retry(self) -> None:
        """Begin those searches again that failed."""
        if (scanner := self._scanner) is not None:
            scanner.retry()

    def pause(self, on: bool) -> None:
        """Keep the radio free, or go on."""
        with self._lock:
            self._paused = on
            if self._scanner is not None:
                self._scanner.pause(on)

    def close(self) -> None:
        """End all searches."""
        with self._lock:
            self._closed = True
            if self._scanner is not None:
                self._scanner.close()

    def _load(self) -> None:
        try:
            with self._lock:
                if self._closed:
                    return
            scanner = self._make()
        except Exception as error:  # noqa: BLE001 - a library that does not load
            self._before = FoundSources(problems=(ScanProblem(f"nothing can be searched: {error}", "ecg-live doctor"),))
            return
        with self._lock:
            self._scanner = scanner
            scanner.pause(self._paused)
            if self._closed:
                scanner.close()
