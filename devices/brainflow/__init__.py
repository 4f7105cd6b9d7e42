"""Boards that the BrainFlow library reads, as the extra ``brainflow``."""

from devices.brainflow.opening import open_brainflow

__all__ = ["open_brainflow"]
