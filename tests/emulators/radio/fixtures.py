"""A virtual radio that bleak's own BlueZ backend reaches, for the length of a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.emulators.radio.bus import Bus, private_bus

if TYPE_CHECKING:
    from tests.emulators.radio.radio import Radio


@pytest.fixture
def system_bus(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    """A system bus of this process alone, with nothing on it."""
    with private_bus(tmp_path_factory.mktemp("bus")) as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        yield bus


@pytest.fixture
def radio(system_bus: Bus) -> Iterator[Radio]:
    """A radio with nobody on the air yet."""
    from tests.emulators.radio.radio import Radio

    with Radio(system_bus.address) as radio:
        yield radio
