"""Where signals come from: recordings played back, and devices."""

from devices.files import Recording, open_recording
from devices.replay import Replay
from devices.uri import open_source

__all__ = ["Recording", "Replay", "open_recording", "open_source"]
