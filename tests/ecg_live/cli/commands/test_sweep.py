"""``ecg-live sweep`` as a user types it: what it prints and how it ends."""

from __future__ import annotations

import csv
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ecg_live.cli.commands.sweep import run_sweep
from ecg_live.errors import ConfigError
from tests.support import sweep_cells


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Those of a terminal, and what was there again afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep whose second cell fails; a small fit stands in for training, which takes minutes."""
    stand_in = ModuleType("training.pipeline")
    stand_in.run_cell = sweep_cells.faulty  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "training.pipeline", stand_in)
    path = tmp_path / "sweep.toml"
    path.write_text(f'[run]\ndataset = "csv"\ndata = "{tmp_path}"\n[grid]\nseed = [0, 1]\n')
    return path


def test_the_table_holds_what_failed_as_well(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    assert run_sweep(spec, tmp_path / "out", "local", 2) == 1
    said = capsys.readouterr()
    assert "S2.pkl has no ECG (bring it again)" in said.out
    assert f"table: {tmp_path / 'out' / 'sweep.csv'}\nplot: {tmp_path / 'out' / 'sweep.svg'}" in said.out
    assert said.err.startswith("2 cells, 0 of them done already\n")
    with (tmp_path / "out" / "sweep.csv").open() as file:
        assert [row["seed"] for row in csv.DictReader(file)] == ["0", "1"]


def test_an_unknown_engine_is_refused(spec: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="engine is 'slurm'; known are local, ray"):
        run_sweep(spec, tmp_path / "out", "slurm", 1)
    assert not (tmp_path / "out").exists()


def test_ctrl_c_ends_the_cells_as_well(spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["training.pipeline"], "run_cell", sweep_cells.interrupting)
    spec.write_text(spec.read_text().replace("[0, 1]", "[0]"))
    assert run_sweep(spec, tmp_path / "out", "local", 1) == 130
    (process,) = (tmp_path / "out").glob("cells/*/process")
    with pytest.raises(ProcessLookupError):
        os.kill(int(process.read_text()), 0)


def test_without_the_packages_for_training_it_says_how_to_get_them(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "training.pipeline", None)
    with pytest.raises(ConfigError, match=r"training.pipeline is not installed .*\[train\]"):
        run_sweep(spec, tmp_path / "out", "local", 1)
