"""Polar's frames of ECG and acceleration, sans I/O: bytes to mV and mg."""

from __future__ import annotations

import numpy as np

from devices.bluetooth.frame_timeline import Frame
from devices.bluetooth.pmd import Measurement
from ecg_live.errors import ProtocolError

POLAR_RATE_HZ = 130.0  # the only ECG rate of the H10
ACCELERATION_RATES_HZ = (25, 50, 100, 200)  # of the H10 (Polar BLE SDK)
ACCELERATION_AXES = ("X", "Y", "Z")
_HEADER_BYTES = 10  # measurement, u64 ns of the last sample, frame type
_COMPRESSED_BIT = 0x80  # of the frame type: differences between samples
_MEASUREMENT_NAMES = {
    0: "ECG",
    1: "PPG",
    2: "acceleration",
    3: "PP intervals",
    5: "gyroscope",
    6: "magnetometer",
}  # Polar BLE SDK
_FRAME_TYPES = {Measurement.ECG: 0, Measurement.ACCELERATION: 1}  # i24 microvolt; i16 mg of three axes
_SAMPLE_BYTES = {Measurement.ECG: 3, Measurement.ACCELERATION: 6}


def parse_frame(data: bytes) -> Frame:
    """Parse a frame of ECG: samples (n,) in mV; its stamp counts from 2000.

    Raises
    ------
    ProtocolError
        It is of another measurement or type, or truncated.
    """
    octets = np.frombuffer(_samples_of(data, Measurement.ECG), np.uint8).reshape(-1, 3).astype(np.int32)
    microvolt = octets[:, 0] | octets[:, 1] << 8 | octets[:, 2].astype(np.int8).astype(np.int32) << 16
    return Frame(_stamp_of(data), microvolt / 1000)


def parse_acceleration(data: bytes) -> Frame:
    """Parse a frame of acceleration: samples (n, 3) in mg. Raises as `parse_frame`."""
    values = np.frombuffer(_samples_of(data, Measurement.ACCELERATION), "<i2").reshape(-1, len(ACCELERATION_AXES))
    return Frame(_stamp_of(data), values.astype(np.float64))


def _stamp_of(data: bytes) -> int:
    return int.from_bytes(data[1:9], "little")


def _samples_of(data: bytes, expected: Measurement) -> bytes:
    """Return the bytes of the samples, once the header is the expected one."""
    if len(data) < _HEADER_BYTES:
        raise _truncated(data)
    if data[0] != expected or data[9] != _FRAME_TYPES[expected]:
        kind = _MEASUREMENT_NAMES.get(data[0], f"kind {data[0]}")
        packing = "compressed " if data[9] & _COMPRESSED_BIT else ""
        raise ProtocolError(
            f"Polar frame of {packing}{kind}, type {data[9] & ~_COMPRESSED_BIT}; this version reads "
            f"{_MEASUREMENT_NAMES[expected]} of type {_FRAME_TYPES[expected]} only",
            "update the strap with Polar's app",
        )
    if (len(data) - _HEADER_BYTES) % _SAMPLE_BYTES[expected]:
        raise _truncated(data)
    return data[_HEADER_BYTES:]


def _truncated(data: bytes) -> ProtocolError:
    return ProtocolError(f"Polar frame of {len(data)} bytes is cut short", "move the strap nearer")
