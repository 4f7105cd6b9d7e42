"""Fixtures that every test may use."""

from pathlib import Path

import pytest

from tests.emulators import lsl_outlets
from tests.support import torch_free

lsl_outlets.isolate()  # before any test calls LSL

SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Where PyTorch is not installed, only what does without it is tested."""
    if torch_free.INSTALLED or collection_path.suffix != ".py" or not collection_path.name.startswith("test_"):
        return None
    return True if torch_free.needs_torch(collection_path) else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings that are not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("no real recordings: ../shared/data is absent")
    return SHARED
