"""Fixtures that every test may use, and what every process of the tests is set up with."""

import gc
import os
from pathlib import Path

import pytest

# Several processes share the cores, and threads of one that wait for each other spin: before numpy or torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.emulators import lsl_outlets
from tests.support import torch_free

lsl_outlets.isolate()  # before any test calls LSL

SHARED = Path(__file__).parents[2] / "shared" / "data"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Where PyTorch is not installed, only what does without it is tested."""
    if torch_free.INSTALLED or collection_path.suffix != ".py" or not collection_path.name.startswith("test_"):
        return None
    return True if torch_free.needs_torch(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Libraries that are loaded are no garbage: looking for some among them takes a tenth of the collection."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings that are not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("no real recordings: ../shared/data is absent")
    return SHARED
