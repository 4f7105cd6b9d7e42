"""BITalino (r)evolution over its serial line."""

from devices.bitalino.driver import BitalinoDriver

__all__ = ["BitalinoDriver"]
