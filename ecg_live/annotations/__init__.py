"""Annotations made after a session, in a file beside its untouched recording: a log, and what it amounts to."""
