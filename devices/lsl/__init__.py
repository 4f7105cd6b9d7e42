"""Streams of the lab streaming layer (LSL) as sources."""

from devices.lsl.source import open_lsl

__all__ = ["open_lsl"]
