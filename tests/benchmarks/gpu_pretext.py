"""What stage one costs on a graphics card: windows a second, share of the card's own rate, memory, and a whole run.

Run it from a checkout, on a machine with a card, with ecg-live and its extra ``train`` installed::

    python -m tests.benchmarks.gpu_pretext > gpu.md

It prints a table in markdown, one row for each precision and batch; ``--whole`` trains the 100 epochs of the last row
instead of reckoning them. Nothing is downloaded: windows are noise, which costs what ECG costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from lightning_fabric import Fabric

from ecg_live.constants import WINDOW_SAMPLES
from tests.benchmarks.test_pretext import flop
from training.pretext.objective import new_network
from training.pretext.train_step import Trainer
from training.settings import PAPER_SETTINGS, PretextSettings

Precision = Literal["32-true", "bf16-mixed"]
VERSIONS = 7  # of each window
EPOCHS = 100  # the paper's
WESAD_WINDOWS = 9_000  # 15 people, about 100 minutes each, 10 s windows without overlap
MATRIX = 8192  # a side of the product that gives the card's own rate
STEPS, WARM_UP_STEPS = 20, 5
HEADER = (
    "| precision | batch | ms a step | windows a second | TFLOP/s | share of a matrix product's | memory | "
    f"{EPOCHS} epochs of {WESAD_WINDOWS:,} windows |\n|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class GpuRow:
    """What was measured; ``memory`` in bytes, 0 without a card."""

    precision: Precision
    batch: int
    step_s: float
    product_flops: float
    memory: int

    @property
    def windows_per_s(self) -> float:
        """Windows that the encoder sees in a second: each segment comes in seven versions."""
        return self.batch * VERSIONS / self.step_s

    @property
    def flops(self) -> float:
        """Floating-point operations a second, of the convolutions, forward and backward."""
        return self.windows_per_s * flop(PAPER_SETTINGS.pretext.padding)[1]

    @property
    def whole_s(self) -> float:
        """Seconds of a whole run, reckoned from the step."""
        return EPOCHS * WESAD_WINDOWS / self.batch * self.step_s

    def line(self) -> str:
        """A row of the table."""
        cells = (
            self.precision,
            f"{self.batch}",
            f"{1000 * self.step_s:.1f}",
            f"{self.windows_per_s:,.0f}",
            f"{self.flops / 1e12:.2f}",
            f"{self.flops / self.product_flops:.2f} of {self.product_flops / 1e12:.1f}",
            f"{self.memory / 2**30:.2f} GiB",
            f"{self.whole_s / 60:.1f} min",
        )
        return f"| {' | '.join(cells)} |"


def measure(settings: PretextSettings, fabric: Fabric, steps: int, warm_up: int, matrix: int) -> GpuRow:
    """Measure steps of a run on the fabric's device."""
    windows = np.random.default_rng(0).standard_normal((4 * settings.batch, WINDOW_SAMPLES)).astype(np.float32)
    if fabric.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    trainer = Trainer(new_network(settings), windows, settings, fabric)
    numbers = iter(range(warm_up + 2 * steps))

    def step() -> None:
        trainer.step(next(numbers), 1000, stop=False)

    step_s = _seconds(step, fabric, steps, warm_up)
    memory = torch.cuda.max_memory_allocated() if fabric.device.type == "cuda" else 0
    dtype = torch.bfloat16 if settings.precision == "bf16-mixed" else torch.float32
    a = torch.randn(matrix, matrix, device=fabric.device, dtype=dtype)
    product_s = _seconds(lambda: a @ a, fabric, steps, warm_up)
    return GpuRow(settings.precision, settings.batch, step_s, 2 * matrix**3 / product_s, memory)


def _seconds(task: Callable[[], object], fabric: Fabric, times: int, warm_up: int) -> float:
    """Mean seconds of a task after it warmed up, until the device is done."""
    for _ in range(warm_up):
        task()
    _wait(fabric)
    start = time.perf_counter()
    for _ in range(times):
        task()
    _wait(fabric)
    return (time.perf_counter() - start) / times


def _wait(fabric: Fabric) -> None:
    if fabric.device.type == "cuda":
        torch.cuda.synchronize()


def variants() -> Iterator[PretextSettings]:
    """The paper's settings in both precisions, at its batch and a larger one."""
    precisions: tuple[Precision, ...] = ("32-true", "bf16-mixed")
    for precision in precisions:
        for batch in (PAPER_SETTINGS.pretext.batch, 512):
            yield replace(PAPER_SETTINGS.pretext, precision=precision, batch=batch)


def train_whole(settings: PretextSettings, fabric: Fabric) -> float:
    """Seconds that all epochs take, with the batches read from memory."""
    windows = np.random.default_rng(0).standard_normal((WESAD_WINDOWS, WINDOW_SAMPLES)).astype(np.float32)
    trainer = Trainer(new_network(settings), windows, settings, fabric)
    steps = EPOCHS * WESAD_WINDOWS // settings.batch
    start = time.perf_counter()
    for step in range(steps):
        trainer.step(step, steps, stop=False)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--whole", action="store_true", help="train the last row's 100 epochs")
    whole = parser.parse_args().whole
    if not torch.cuda.is_available():
        raise SystemExit("there is no graphics card; the same figures of a processor: tests/benchmarks/test_pretext.py")
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}\n\n{HEADER}")
    settings, fabric = PAPER_SETTINGS.pretext, Fabric(accelerator="cuda", devices=1)
    for settings in variants():
        fabric = Fabric(accelerator="cuda", devices=1, precision=settings.precision)
        print(measure(settings, fabric, STEPS, WARM_UP_STEPS, MATRIX).line(), flush=True)
    if whole:
        print(f"\n{EPOCHS} epochs, {settings.precision}, batch {settings.batch}: {train_whole(settings, fabric):.0f} s")


if __name__ == "__main__":
    main()
