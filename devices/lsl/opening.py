"""From what the user writes behind ``lsl:`` to a source: the stream is found, reached and described."""

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
    spec: str, opening: ReadOptions, clock: Clock = time.monotonic, patience: LslTimeouts | None = None
) -> LslSource:
    """Find a stream on the network and read its description.

    Parameters
    ----------
    spec : str
        What follows ``lsl:``, see `devices.lsl.resolve.parse_query`.
    opening : ReadOptions
        ``channel``, and where the stream states none, ``unit`` and ``rate``.
    clock : callable
        Session clock in s.
    patience : Patience, optional
        How long to wait for what.

    Raises
    ------
    DeviceError
        No such stream answers, or its machine answers in part only.
    ConfigError
        Several streams answer, or the stream is no ECG, or its channel, unit or rate is not plain.
    """
    if opening.speed != 1:
        raise ConfigError(f"lsl: at speed {opening.speed:g}; a stream runs at real time", "leave --speed out")
    patience = patience or LslTimeouts()
    found, twins = find_stream(parse_query(spec), patience)
    inlet = make_inlet(found)
    try:
        full = fetch_description(inlet, found)
        assert full is not None  # noqa: S101 - nobody closes it
        inlet.time_correction(CONNECT_TIMEOUT_S)
    except CONNECTION_ERRORS as error:
        raise DeviceError(
            f"{uri_for(found)} on {found.hostname()} answers a search, but does not let connect",
            f"have firewalls on both machines let {LSL_PORTS} pass",
        ) from error
    return LslSource(
        found, frozenset(twin.uid() for twin in twins), opening, read_layout(full, opening), clock, patience
    )
