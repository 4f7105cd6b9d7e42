"""Fixtures of tests that speak to a running session."""

from tests.support.marked_session import runtime

__all__ = ["runtime"]
