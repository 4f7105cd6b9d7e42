"""Recordings in files: one streaming decoder a format; `registry` chooses it by what a file holds."""

from __future__ import annotations

from devices.files.recording import OpenRecording
from devices.files.registry import open_recording

__all__ = ["OpenRecording", "open_recording"]
