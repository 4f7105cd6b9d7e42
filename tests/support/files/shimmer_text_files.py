"""Consensys' exports for tests, with rows lost where a test says."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np


def write(
    path: Path,
    times: list[float],
    *,
    sep: str = "\t",
    head: str = '"sep=\t"\r\n',
    device: str = "Shimmer_7A7E_",
    units: bool = True,
    end: str = "\t\r\n",
    stamp: str = "Timestamp_Unix_CAL",
    channel: str = "ECG_LL-RA_24BIT_CAL",
    unit: str = "mV",
    last: str = "",
) -> Path:
    """Write a file whose samples are their own index."""
    names = [device + stamp, device + channel, device + "ECG_EMG_Status1_CAL"]
    lines = [sep.join(names) + end]
    if units:
        lines.append(sep.join(["yyyy/mm/dd hh:mm:ss.000" if "Formatted" in stamp else "ms", unit, "no_units"]) + end)
    for i, time in enumerate(times):
        text = f"{time / 1e12:.16f}E12"
        if "Formatted" in stamp:
            text = datetime.fromtimestamp(time / 1000, UTC).strftime("%Y/%m/%d %H:%M:%S.%f")[:-3]
        lines.append(sep.join([text, f"{i}.0", "128.0"]) + end)
    path.write_bytes((head + "".join(lines) + last).encode())
    return path


def at(rate: float, count: int, *lost: tuple[int, int]) -> list[float]:
    """Stamps of ``count`` rows; before row i, k samples are lost."""
    places = np.arange(count)
    for row, missing in lost:
        places[row:] += missing
    return [T0 + 1000 * place / rate for place in places.tolist()]


T0 = 1589358747650.5737  # ms
