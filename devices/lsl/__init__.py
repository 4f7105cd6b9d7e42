"""Lab streaming layer (LSL): streams as sources, and marker streams."""

import ecg_live.lsl_library  # noqa: F401 - before anything of LSL
from devices.lsl.opening import open_lsl

__all__ = ["open_lsl"]
