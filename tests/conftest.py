"""Fixtures that every test may use."""

from pathlib import Path

import pytest

from tests.emulators import lsl

lsl.isolate()  # before any test calls LSL

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings that are not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("no real recordings: ../shared/data is absent")
    return SHARED
