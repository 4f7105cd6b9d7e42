"""Sources of signals: replayed recordings, devices and network streams."""

import logging

from devices.files import OpenRecording, open_recording
from devices.replay import Replay
from devices.uri import open_source

__all__ = ["OpenRecording", "Replay", "open_recording", "open_source"]

logging.getLogger(__name__).addHandler(logging.NullHandler())  # applications choose the handler
