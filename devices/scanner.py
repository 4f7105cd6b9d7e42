"""Scan for LSL streams, Bluetooth devices and serial ports in the background, and publish what is found."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Literal

from devices.discovery import BluetoothDevice, LslStream, SerialPort, bluetooth_devices, lsl_streams, serial_ports
from ecg_live.errors import EcgLiveError
from ecg_live.events import Clock
from ecg_live.preview_items import FoundSource, FoundSources, ScanProblem

Search = Literal["LSL streams", "Bluetooth devices", "serial ports"]
LSL_ROUND_S = 1.0  # of listening: "shorter than 0.5 s may return a subset" (pylsl)
BLUETOOTH_ROUND_S = 3.0  # a strap advertises about once a second, and a scan may miss some
BETWEEN_ROUNDS_S = 1.0
FORGET_AFTER_S = 12.0  # without a sign of it: two scans of Bluetooth may miss a device
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Searcher:
    """One way to look for sources: ``look`` blocks for a few seconds; ``radio`` rests while a device is connected."""

    name: Search
    look: Callable[[], Sequence[FoundSource]]
    radio: bool = False


class SourceScanner:
    """Runs each search on a thread of its own, round after round.

    Parameters
    ----------
    searchers : sequence of Searcher, optional
        LSL, Bluetooth and serial ports without it.
    clock : Clock
        Seconds, monotonic.
    between : float
        Seconds between two rounds of a search.
    """

    def __init__(
        self,
        searchers: Sequence[Searcher] | None = None,
        clock: Clock = time.monotonic,
        between: float = BETWEEN_ROUNDS_S,
    ) -> None:
        self._clock = clock
        self._between = between
        self._changed = Condition()
        self._closed = False
        self._paused = False
        self._seen: dict[str, tuple[FoundSource, float]] = {}  # by URI, with the time of the last sign
        self._looking: dict[Search, None] = {}  # in the order in which they began
        self._problems: dict[Search, ScanProblem] = {}
        self._found = FoundSources()
        for searcher in default_searchers() if searchers is None else searchers:
            self._looking[searcher.name] = None
            Thread(target=self._run, args=(searcher,), name=f"scan for {searcher.name}", daemon=True).start()
        with self._changed:
            self._publish()

    @property
    def found(self) -> FoundSources:
        """What was found by now."""
        return self._found

    def retry(self) -> None:
        """Begin those searches again that failed."""
        with self._changed:
            self._problems.clear()
            self._publish()
            self._changed.notify_all()

    def pause(self, on: bool) -> None:
        """Keep the radio free while a device is connected, or go on."""
        with self._changed:
            self._paused = on
            self._changed.notify_all()

    def close(self) -> None:
        """End all searches; a round that has begun ends by itself."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self, searcher: Searcher) -> None:
        while self._wait_for_turn(searcher):
            try:
                sources = searcher.look()
            except EcgLiveError as error:
                self._fail(searcher, ScanProblem(error.message, error.remedy))
            except Exception as error:  # noqa: BLE001 - a library's: the other searches go on
                _log.warning("the search for %s failed", searcher.name, exc_info=error)
                text = f"looking for {searcher.name} failed: {error}"
                self._fail(searcher, ScanProblem(text, "check this machine: ecg-live doctor"))
            else:
                self._add(sources)
            with self._changed:
                self._changed.wait_for(lambda: self._closed, self._between)

    def _wait_for_turn(self, searcher: Searcher) -> bool:
        """Wait while the search has failed or its radio is in use; False once all searches end."""
        with self._changed:
            if not self._may_look(searcher):
                self._looking.pop(searcher.name, None)
                self._publish()
                self._changed.wait_for(lambda: self._closed or self._may_look(searcher))
            if self._closed:
                self._looking.pop(searcher.name, None)
            else:
                self._looking[searcher.name] = None
            self._publish()
            return not self._closed

    def _may_look(self, searcher: Searcher) -> bool:
        return searcher.name not in self._problems and not (searcher.radio and self._paused)

    def _fail(self, searcher: Searcher, problem: ScanProblem) -> None:
        with self._changed:
            self._problems[searcher.name] = problem
            self._publish()

    def _add(self, sources: Sequence[FoundSource]) -> None:
        with self._changed:
            now = self._clock()
            self._seen |= {source.source: (source, now) for source in sources}
            if not self._paused:  # a device that is connected does not advertise
                self._seen = {uri: one for uri, one in self._seen.items() if now - one[1] <= FORGET_AFTER_S}
            self._publish()

    def _publish(self) -> None:
        sources = tuple(source for source, _ in self._seen.values())
        self._found = FoundSources(sources, tuple(self._looking), tuple(self._problems.values()))


def default_searchers() -> tuple[Searcher, ...]:
    """LSL streams, Bluetooth devices and serial ports."""
    return (
        Searcher("LSL streams", lambda: found_streams(lsl_streams(LSL_ROUND_S))),
        Searcher("Bluetooth devices", lambda: found_devices(bluetooth_devices(BLUETOOTH_ROUND_S)), radio=True),
        Searcher("serial ports", lambda: found_ports(serial_ports())),
    )


def found_streams(streams: Sequence[LslStream]) -> list[FoundSource]:
    """LSL streams that may be an ECG, those first that state it."""
    usable = [stream for stream in streams if stream.source]
    usable.sort(key=lambda stream: stream.type.casefold() not in ("ecg", "ekg", "exg"))
    return [
        FoundSource(
            stream.source,
            f"LSL, {stream.type}" if stream.type else "LSL",
            stream.name,
            stream.rate,
            f"{stream.channels} {'channel' if stream.channels == 1 else 'channels'} on {stream.host}",
        )
        for stream in usable
    ]


NOMINAL_RATES_HZ: Mapping[str, float] = {"Polar H10": 130.0}  # others can be set to several


def found_devices(devices: Sequence[BluetoothDevice]) -> list[FoundSource]:
    """Bluetooth devices of a known kind."""
    return [
        FoundSource(one.source, one.kind, one.name, NOMINAL_RATES_HZ.get(one.kind), one.address, one.rssi)
        for one in devices
        if one.kind
    ]


def found_ports(ports: Sequence[SerialPort]) -> list[FoundSource]:
    """Serial ports that may lead to a device; a bare port of the mother board has no description."""
    return [
        FoundSource(port.source, _port_kind(port), port.port, detail=port.description)
        for port in ports
        if port.description not in ("", "n/a") or "rfcomm" in port.port
    ]


def _port_kind(port: SerialPort) -> str:
    return "BITalino" if port.source.startswith("bitalino:") else "Shimmer or other serial device"
