"""Open an LSL stream as a source: resolve it, connect, and read its description."""

from __future__ import annotations

import time

from devices.lsl.channels import read_layout
from devices.lsl.inlet import CONNECT_TIMEOUT_S, CONNECTION_ERRORS, fetch_description, make_inlet
from devices.lsl.resolve import LSL_PORTS, LslTimeouts, find_stream, parse_query, uri_for
from devices.lsl.source import LslSource
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, DeviceError
from ecg_live.events import Clock


def open_lsl(
    spec: str, options: ReadOptions, clock: Clock = time.monotonic, timeouts: LslTimeouts | None = None
) -> LslSource:
    """Find a stream on the network and read its description.

    Parameters
    ----------
    spec : str
        Text after ``lsl:``, see `devices.lsl.resolve.parse_query`.
    options : ReadOptions
        ``channel``; also ``unit`` and ``rate``, where the stream states none.
    clock : callable
        Session clock in s.
    timeouts : LslTimeouts, optional
        How long each step may take.

    Raises
    ------
    DeviceError
        No such stream answers, or it answers the search but no connection.
    ConfigError
        Several streams answer, or the stream has no ECG, or its channel, unit or rate is ambiguous.
    """
    if options.speed != 1:
        raise ConfigError(f"lsl: at speed {options.speed:g}; a stream runs at real time", "leave --speed out")
    timeouts = timeouts or LslTimeouts()
    found, twins = find_stream(parse_query(spec), timeouts)
    inlet = make_inlet(found)
    try:
        full = fetch_description(inlet, found)
        assert full is not None  # noqa: S101 - it is never closed here
        inlet.time_correction(CONNECT_TIMEOUT_S)
    except CONNECTION_ERRORS as error:
        raise DeviceError(
            f"{uri_for(found)} on {found.hostname()} answers a search, but does not let connect",
            f"have firewalls on both machines let {LSL_PORTS} pass",
        ) from error
    return LslSource(
        found, frozenset(twin.uid() for twin in twins), options, read_layout(full, options), clock, timeouts
    )
