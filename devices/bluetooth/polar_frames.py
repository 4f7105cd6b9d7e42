"""Polar's ECG frames, sans I/O: bytes to mV."""

from __future__ import annotations

import numpy as np

from devices.bluetooth.frame_timeline import Frame
from ecg_live.errors import ProtocolError

POLAR_RATE_HZ = 130.0  # the only ECG rate of the H10
_HEADER_BYTES = 10  # measurement, u64 ns of the last sample, frame type
_MEASUREMENT_NAMES = {
    0: "ECG",
    1: "PPG",
    2: "acceleration",
    3: "PP intervals",
    5: "gyroscope",
    6: "magnetometer",
}  # Polar BLE SDK


def parse_frame(data: bytes) -> Frame:
    """Parse a frame of ECG, whose stamp counts from 2000.

    Raises
    ------
    ProtocolError
        It is of another measurement or type, or truncated.
    """
    if len(data) < _HEADER_BYTES or (len(data) - _HEADER_BYTES) % 3:
        raise ProtocolError(f"Polar frame of {len(data)} bytes is cut short", "move the strap nearer")
    if data[0] or data[9]:
        kind = _MEASUREMENT_NAMES.get(data[0], f"kind {data[0]}")
        packing = "compressed " if data[9] & 0x80 else ""
        raise ProtocolError(
            f"Polar frame of {packing}{kind}, type {data[9] & 0x7F}; this version reads ECG of type 0 only",
            "update the strap with Polar's app",
        )
    octets = np.frombuffer(data, np.uint8, offset=_HEADER_BYTES).reshape(-1, 3).astype(np.int32)
    microvolt = octets[:, 0] | octets[:, 1] << 8 | octets[:, 2].astype(np.int8).astype(np.int32) << 16
    return Frame(int.from_bytes(data[1:9], "little"), microvolt / 1000)
