"""The script for graphics cards does its sums right; it is tried on the processor, with two windows."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
import torch
from lightning_fabric import Fabric

from tests.benchmarks import gpu_pretext
from tests.benchmarks.gpu_pretext import GpuRow, main, measure, variants
from training.settings import PAPER_SETTINGS


def test_a_row_is_what_its_step_says() -> None:
    row = GpuRow("32-true", 128, 0.1, 20e12, 2**30)
    assert row.windows_per_s == pytest.approx(8960)
    assert row.flops == pytest.approx(8960 * 2e9, rel=0.05)
    assert row.whole_s == pytest.approx(100 * 9000 / 128 * 0.1)
    assert row.line().startswith("| 32-true | 128 | 100.0 | 8,960 | ")
    assert "of 20.0 | 1.00 GiB | 11.7 min |" in row.line()


def test_a_step_is_measured() -> None:
    settings = replace(PAPER_SETTINGS.pretext, batch=1, tasks=("noise",))
    row = measure(settings, Fabric(accelerator="cpu", devices=1), steps=1, warm_up=1, matrix=64)
    assert row.step_s > 0
    assert row.product_flops > 0
    assert row.memory == 0
    assert {each.precision for each in variants()} == {"32-true", "bf16-mixed"}


def test_without_a_card_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", [gpu_pretext.__file__])
    with pytest.raises(SystemExit, match="there is no graphics card"):
        main()
