"""How to open a source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to open a source; see ``devices.open_source``.

    ``channel`` by name or number (1 = first), ``rate`` in Hz and ``unit`` for files that state none, ``speed`` as a
    multiple of real time (``inf`` = as fast as it goes), ``chunk`` in seconds per replayed chunk, ``gain`` of a PLUX
    ECG sensor (1000 in the data sheet, 1019 in PLUX's own export), ``part`` of a file that holds several people's
    recordings (DREAMER.mat: 1 is the first person), ``annotations`` beside a WFDB record that become markers (``atr``).
    """

    channel: str | None = None
    rate: float | None = None
    unit: str | None = None
    speed: float = 1.0
    chunk: float = 0.020
    gain: float = 1000.0
    part: str | None = None
    annotations: str | None = None
