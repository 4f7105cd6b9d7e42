"""Options of a source: channel, rate, unit, speed and what else a reader or device needs."""

from __future__ import annotations

from dataclasses import dataclass

from ecg_live.events import SignalKind


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options of ``devices.open_source``.

    ``channel`` by name or number (1 = first), ``rate`` in Hz and ``unit`` for files that state none, ``speed`` as a
    multiple of real time (``inf`` = as fast as it goes), ``chunk`` in seconds per replayed chunk, ``gain`` of a PLUX
    ECG sensor (1000 in the data sheet, 1019 in PLUX's own export), ``part`` of a file with several recordings
    (DREAMER.mat: 1 is the first subject), ``annotations`` beside a WFDB record that become markers (``atr``),
    ``signal`` what the channel of a file shows that states none (``ecg`` without it).
    """

    channel: str | None = None
    rate: float | None = None
    unit: str | None = None
    speed: float = 1.0
    chunk: float = 0.020
    gain: float = 1000.0
    part: str | None = None
    annotations: str | None = None
    signal: SignalKind | None = None
