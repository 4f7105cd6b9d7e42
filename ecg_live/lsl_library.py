"""Load liblsl with its log off, and measure its clock's offset; import this before pylsl."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ecg_live.errors import DeviceError
from ecg_live.events import Clock

try:
    import pylsl
except (ImportError, OSError, RuntimeError) as error:
    remedy = "pip install 'pylsl>=1.18', or let PYLSL_LIB name a liblsl that loads"
    raise DeviceError(f"LSL's library does not load: {' '.join(str(error).split())[:150]}", remedy) from error

__all__ = ["clock_offset", "pylsl"]

LSL_CONFIG_FILES = (
    Path("lsl_api.cfg"),
    Path("~/lsl_api/lsl_api.cfg"),
    Path("/etc/lsl_api/lsl_api.cfg"),
)  # as liblsl 1.18 searches them
_CLOCK_READINGS = 5  # of both clocks
QUIET_LSL_CONFIG = "[log]\nlevel = -3\n"  # fatal errors only: sources and sinks report the others


def has_user_config() -> bool:
    """Whether the user has a configuration of LSL; it then counts alone."""
    return "LSLAPICFG" in os.environ or any(os.path.exists(os.path.expanduser(place)) for place in LSL_CONFIG_FILES)  # noqa: PTH110, PTH111 - Path's raise without a home


if not has_user_config():
    with suppress(NotImplementedError):  # liblsl before 1.17.7
        pylsl.set_config_content(QUIET_LSL_CONFIG)


def clock_offset(clock: Clock) -> float:
    """How far (s) the session clock is ahead of LSL's, from the quickest of several readings.

    They have the same base on Linux; elsewhere they may differ.
    """
    readings = []
    for _ in range(_CLOCK_READINGS):
        before, theirs, after = clock(), pylsl.local_clock(), clock()
        readings.append((after - before, (before + after) / 2 - theirs))
    return min(readings)[1]
