"""Fixtures of tests that meet devices."""

from tests.emulators.radio.fixtures import radio, system_bus

__all__ = ["radio", "system_bus"]
