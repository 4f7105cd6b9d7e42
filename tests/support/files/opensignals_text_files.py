"""OpenSignals' text files for tests."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PLUX: dict[str, Any] = {
    "sensor": ["ECG"], "device name": "AA", "column": ["nSeq", "DI", "CH1"], "sync interval": 2, "time": "7:3:47.29",
    "comments": "", "channels": [1], "date": "2019-2-7", "mode": 0, "digital IO": [0, 1], "firmware version": 773,
    "device": "biosignalsplux", "position": 0, "sampling rate": 1000, "label": ["CH1"], "resolution": [16],
    "special": [{}],
}  # fmt: skip


def write(
    path: Path, rows: Iterable[Iterable[object]], header: dict[str, Any] | None = None, *, end: str = "\t\n",
    first: str = "# OpenSignals Text File Format", last: str = "", devices: dict[str, Any] | None = None,
) -> Path:  # fmt: skip
    text = f"{first}\n# {json.dumps(devices or {'AA': header or PLUX})}\n# EndOfHeader\n"
    path.write_bytes((text + "".join("\t".join(map(str, row)) + end for row in rows) + last).encode())
    return path


def counted(numbers: Iterable[int]) -> list[tuple[int, int, int]]:
    """Rows whose value is their own place in the file."""
    return [(number, 0, place) for place, number in enumerate(numbers)]
