"""Fixtures that every test may use, and what every process of the tests is set up with."""

import gc
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Several processes share the cores, and threads of one that wait for each other spin: before numpy or torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.emulators import lsl_outlets
from tests.support import torch_free

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from ecg_live.nats.server import EmbeddedServer

lsl_outlets.isolate()  # before any test calls LSL

QT_PATIENCE_MS = 60_000
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


@pytest.fixture
def qtbot(qtbot: "QtBot") -> "QtBot":
    """As pytest-qt gives it, but patient: what it waits for may come late where many processes share the cores."""
    for name in ("waitUntil", "waitActive", "waitExposed", "waitSignal"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=QT_PATIENCE_MS))
    return qtbot


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings that are not part of the repository."""
    if not SHARED.is_dir():
        pytest.skip("no real recordings: ../shared/data is absent")
    return SHARED


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["EmbeddedServer"]:
    """One NATS server for all tests of a process that do not kill it."""
    from ecg_live.nats.server import EmbeddedServer

    with EmbeddedServer(tmp_path_factory.mktemp("nats"), sync="10") as server:
        yield server
