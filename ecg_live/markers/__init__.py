"""Markers from other programs on this machine."""
