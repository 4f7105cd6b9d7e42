"""ecg-live: from a wearer's ECG to a calibrated, quality-gated estimate of affect, live.

The Python interface is imported when one of its names is used: ``import ecg_live`` loads neither NumPy nor PyTorch.
"""

import logging
from importlib import import_module
from typing import Any

__version__ = "0.2.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())  # an application chooses the handlers

_HOMES = {
    "ecg_live.api": ("FEATURE_NAMES", "Model", "Recording", "features", "load_model", "read", "windows"),
    "ecg_live.resources": ("demo_recording",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}
__all__ = ["__version__", *_HOME]  # noqa: PLE0604 - texts, from the table


def __getattr__(name: str) -> Any:
    """Import a name of the interface at its first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
