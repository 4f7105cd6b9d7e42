"""From what the user writes behind ``lsl:`` to a source: the stream is found, reached and described."""

from __future__ import annotations

import time

from devices.lsl.channels import layout
from devices.lsl.inlet import BROKEN, CONNECT, describe, make_inlet
from devices.lsl.resolve import PORTS, Patience, find, parse, spec_of
from devices.lsl.source import LslSource
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, DeviceError
from ecg_live.events import Clock


def open_lsl(
    spec: str, opening: ReadOptions, clock: Clock = time.monotonic, patience: Patience | None = None
) -> LslSource:
    """Find a stream on the network and read its description.

    Parameters
    ----------
    spec : str
        What follows ``lsl:``, see `devices.lsl.resolve.parse`.
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
    patience = patience or Patience()
    found, twins = find(parse(spec), patience)
    inlet = make_inlet(found)
    try:
        full = describe(inlet, found)
        assert full is not None  # noqa: S101 - nobody closes it
        inlet.time_correction(CONNECT)
    except BROKEN as error:
        raise DeviceError(
            f"{spec_of(found)} on {found.hostname()} answers a search, but does not let connect",
            f"have firewalls on both machines let {PORTS} pass",
        ) from error
    return LslSource(found, frozenset(twin.uid() for twin in twins), opening, layout(full, opening), clock, patience)
