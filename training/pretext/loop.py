"""The training loop of stage one, with checkpoints and Ctrl-C.

A run is a function of settings and windows: every step draws from a seed of its own, so that an interrupted run
continues bit-identically, and several processes draw what a single one would.
"""

from __future__ import annotations

import math
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Self

import numpy as np
import torch
from lightning_fabric import Fabric

from ecg_live.errors import ConfigError, DatasetError, ModelError
from ecg_live.model.tensor_file import tensors_sha256
from ecg_live.model.torch_weights import module_arrays
from training.networks import TrainableEncoder
from training.pretext.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from training.pretext.lr_schedule import total_steps
from training.pretext.objective import PretextNetwork, new_network, open_objective
from training.pretext.train_step import Trainer, WindowArray, launch_fabric
from training.setting_limits import check_settings
from training.settings import EncoderKind, PretextSettings

CHECKPOINT_NAME = "pretext.safetensors"  # in a run's folder
MAX_CURVE_POINTS = 500


@dataclass(frozen=True, slots=True)
class PretextProgress:
    """After ``step`` of ``steps``: the step's loss, and its one-vs-rest accuracy by task, with dropout."""

    step: int
    steps: int
    loss: float
    accuracy: Mapping[str, float]


@dataclass(slots=True)
class LearningCurve:
    """Loss and accuracies by step: each point is the mean of ``each`` steps; ``waiting`` are those of the next."""

    tasks: tuple[str, ...]
    each: int
    steps: list[int] = field(default_factory=list)
    values: list[list[float]] = field(default_factory=list)
    waiting: list[list[float]] = field(default_factory=list)

    def add(self, step: int, last: bool, loss: float, accuracy: list[float]) -> None:
        """Add a step's loss and accuracies; ``step`` counts from 1, ``last`` ends the curve."""
        self.waiting.append([loss, *accuracy])
        if last or len(self.waiting) == self.each:
            self.steps.append(step)
            self.values.append(np.mean(self.waiting, axis=0).tolist())
            self.waiting.clear()

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Restore a checkpoint's curve from plain values."""
        self.steps, self.values, self.waiting = kept["steps"], kept["values"], kept["waiting"]

    @property
    def loss(self) -> tuple[float, ...]:
        """Loss of each point."""
        return tuple(value[0] for value in self.values)

    @property
    def accuracy(self) -> dict[str, tuple[float, ...]]:
        """Accuracy of each point, by task."""
        return {name: tuple(value[i] for value in self.values) for i, name in enumerate(self.tasks, start=1)}


@dataclass(frozen=True, slots=True)
class Pretrained:
    """The network in evaluation mode, its learning curve, and the seconds of training, interrupted runs included."""

    net: PretextNetwork
    curve: LearningCurve
    seconds: float


class Interrupt:
    """Ctrl-C asks to stop after the step; a second Ctrl-C has its usual effect.

    Signals reach the main thread only. One of ``several`` processes gets the same Ctrl-C twice, from the terminal and
    from torchrun: there each only asks. A process that Python started leaves Ctrl-C to its parent, which ends it.
    """

    asked = False

    def __init__(self, several: bool) -> None:
        self._several = several
        main = threading.current_thread() is threading.main_thread()
        self._handles_sigint = main and multiprocessing.parent_process() is None
        self._before = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> Self:
        self._before = signal.getsignal(signal.SIGINT)
        if self._handles_sigint:
            signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if self._handles_sigint:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True
        if not self._several:
            signal.signal(signal.SIGINT, self._before)


def pretrain(
    windows: WindowArray,
    settings: PretextSettings,
    folder: Path,
    report: Callable[[PretextProgress], None],
    *,
    corpus: str,
    kind: EncoderKind = "cnn",
    start: TrainableEncoder | None = None,
    every: float = 60.0,
    fabric: Fabric | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Pretrained:
    """Train encoder and pretext heads, or continue from a checkpoint of the same settings and windows.

    After Ctrl-C the step is finished, a checkpoint written, and KeyboardInterrupt raised.

    Parameters
    ----------
    windows : array-like (n, 2560)
        Read batch by batch.
    settings : PretextSettings
        How to train.
    folder : Path
        Keeps the checkpoint; processes on several machines must share it.
    report : callable
        Called after every step, by the first process only.
    corpus : str
        A name for the windows that changes with them.
    kind : str
        Of the encoder.
    start : encoder, optional
        Weights to start from; random ones without it.
    every : float
        Seconds between checkpoints; one more is written at the end.
    fabric : Fabric, optional
        Devices and processes; the first graphics card or else the CPU without it.
    clock : callable
        Monotonic seconds.

    Raises
    ------
    DatasetError
        If there are fewer windows than one batch.
    ConfigError
        If a setting is out of range, or the batch does not divide by the processes.
    ModelError
        If the loss is not finite, or a checkpoint cannot be written or read, or is of another run.
    """
    check_settings(settings, "pretext")
    if len(windows) < settings.batch:
        raise DatasetError(f"{len(windows)} windows; one batch needs {settings.batch}", "give more recordings")
    fabric = fabric or launch_fabric(settings)
    if settings.batch % fabric.world_size:
        raise ConfigError(
            f"a batch of {settings.batch} does not divide by {fabric.world_size} processes", "change either"
        )
    path = folder / CHECKPOINT_NAME
    key = asdict(settings) | {"encoder": kind, "corpus": corpus, "windows": len(windows)}
    net = new_network(settings, kind)
    if start is not None:
        net.encoder.load_state_dict(start.state_dict())
        key["start"] = tensors_sha256(module_arrays(start))
    steps = total_steps(len(windows), settings)
    trainer = Trainer(net, windows, settings, fabric)
    names = open_objective(settings).names
    curve, kept = LearningCurve(names, math.ceil(steps / MAX_CURVE_POINTS)), 0
    began = saved = clock()
    if (found := read_checkpoint(path, key)) is not None:
        trainer.restore(found.tensors)
        curve.restore(found.log["curve"])
        kept, began = found.step, began - found.log["seconds"]
    with Interrupt(fabric.world_size > 1) as interrupt, torch.random.fork_rng(devices=[]):
        for step in range(kept + 1, steps + 1):
            loss, *accuracy, stop = trainer.step(step - 1, steps, interrupt.asked)
            if not math.isfinite(loss):
                raise _diverged(step, kept, path)
            curve.add(step, step == steps, loss, accuracy)
            if fabric.is_global_zero:
                report(PretextProgress(step, steps, loss, dict(zip(names, accuracy, strict=True))))
            now = clock()
            if stop or step == steps or now - saved >= every:
                saved, kept = now, step
                if fabric.is_global_zero:
                    log = {"curve": asdict(curve), "seconds": now - began}
                    save_checkpoint(path, key, Checkpoint(step, trainer.tensors(), log))
            if stop or (step == steps and interrupt.asked):
                raise KeyboardInterrupt
    return Pretrained(trainer.finished(), curve, saved - began)


def _diverged(step: int, kept: int, path: Path) -> ModelError:
    """The error of a loss that is NaN or infinite."""
    left = f"; {path} still holds step {kept}" if kept else ""
    return ModelError(f"step {step}: loss or gradient is not finite{left}", "lower pretext.rate")
