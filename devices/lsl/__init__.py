"""Streams of the lab streaming layer (LSL) as sources."""

from ecg_live.errors import DeviceError

try:
    import pylsl  # noqa: F401 - whether it loads is all that counts here
except (ImportError, OSError, RuntimeError) as error:
    remedy = "pip install 'pylsl>=1.18', or let PYLSL_LIB name a liblsl that loads"
    raise DeviceError(f"LSL's library does not load: {' '.join(str(error).split())[:150]}", remedy) from error

from devices.lsl.source import open_lsl

__all__ = ["open_lsl"]
