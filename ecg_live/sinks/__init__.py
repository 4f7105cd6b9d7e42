"""Sinks: consumers of a session's output."""
