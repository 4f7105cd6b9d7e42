"""Stage one: the encoder learns ECG by telling which of six transformations a window went through.

A run is a function of settings and windows: every step draws anew from a seed of its own, so that one which was
interrupted goes on as if nothing had happened, and several processes draw what a single one would.
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
from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.networks import PretextNet
from ecg_live.model.tensor_file import tensors_sha256
from training.limits import check_settings
from training.pretext.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from training.pretext.lr_schedule import total_steps
from training.pretext.train_step import Trainer, WindowArray, launch_fabric, new_network, pretext_tasks
from training.settings import PretextSettings, TrainSettings

CHECKPOINT_NAME = "pretext.safetensors"  # in a run's folder
MAX_CURVE_POINTS = 500  # of a curve, at most


@dataclass(frozen=True, slots=True)
class PretextProgress:
    """After ``step`` of ``steps``: that step's loss, and one-vs-rest accuracy by task, dropout on."""

    step: int
    steps: int
    loss: float
    accuracy: Mapping[str, float]


@dataclass(slots=True)
class LearningCurve:
    """Loss and accuracies by step, the mean of ``each`` steps a point; ``waiting`` is what the next one is made of."""

    tasks: tuple[str, ...]
    each: int
    steps: list[int] = field(default_factory=list)
    values: list[list[float]] = field(default_factory=list)
    waiting: list[list[float]] = field(default_factory=list)

    def add(self, step: int, last: bool, loss: float, accuracy: list[float]) -> None:
        """Take a step's figures; ``step`` counts from 1."""
        self.waiting.append([loss, *accuracy])
        if last or len(self.waiting) == self.each:
            self.steps.append(step)
            self.values.append(np.mean(self.waiting, axis=0).tolist())
            self.waiting.clear()

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Become what a checkpoint kept, as plain values."""
        self.steps, self.values, self.waiting = kept["steps"], kept["values"], kept["waiting"]

    @property
    def loss(self) -> tuple[float, ...]:
        """Of every point."""
        return tuple(value[0] for value in self.values)

    @property
    def accuracy(self) -> dict[str, tuple[float, ...]]:
        """Of every point, by task."""
        return {name: tuple(value[i] for value in self.values) for i, name in enumerate(self.tasks, start=1)}


@dataclass(frozen=True, slots=True)
class Pretrained:
    """The network in evaluation mode, how it got there, and the seconds that took over all sittings."""

    net: PretextNet
    curve: LearningCurve
    seconds: float


class Interrupt:
    """Ctrl-C asks to stop after the step; a second one is as it ever was. Only the main thread can hear it.

    One of several processes hears the same Ctrl-C twice, from the terminal and from torchrun: there it only asks. One
    that Python started leaves it to its parent, which ends it.
    """

    asked = False

    def __init__(self, several: bool) -> None:
        self._several = several
        main = threading.current_thread() is threading.main_thread()
        self._heard = main and multiprocessing.parent_process() is None
        self._before = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> Self:
        self._before = signal.getsignal(signal.SIGINT)
        if self._heard:
            signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if self._heard:
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
    start: ConvEncoder | None = None,
    every: float = 60.0,
    on: Fabric | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Pretrained:
    """Train encoder and pretext heads on windows (n, 2560), which are read batch by batch.

    Goes on from the checkpoint in ``folder`` if there is one of the same settings and ``corpus`` (a name for the
    windows that changes with them): processes on several machines must share it. The encoder begins with the weights of
    ``start``, or random ones. A checkpoint is written every ``every`` seconds, at the end, and after Ctrl-C, which is
    raised on once the step is done. The first process alone tells ``report`` of every step.

    Raises
    ------
    DatasetError
        If there are fewer windows than one batch.
    ConfigError
        If the settings cannot be.
    ModelError
        If the loss is no longer finite, or a checkpoint cannot be written, or read, or is of another run.
    """
    check_settings(TrainSettings(pretext=settings))
    if len(windows) < settings.batch:
        raise DatasetError(f"{len(windows)} windows; one batch needs {settings.batch}", "give more recordings")
    on = on or launch_fabric(settings)
    if settings.batch % on.world_size:
        raise ConfigError(f"a batch of {settings.batch} does not divide by {on.world_size} processes", "change either")
    path, key = folder / CHECKPOINT_NAME, asdict(settings) | {"corpus": corpus, "windows": len(windows)}
    net = new_network(settings)
    if start is not None:
        net.encoder.load_state_dict(start.state_dict())
        key["start"] = tensors_sha256(start.state_dict())
    steps = total_steps(len(windows), settings)
    stepper = Trainer(net, windows, settings, on)
    names = pretext_tasks(settings)
    curve, kept = LearningCurve(names, math.ceil(steps / MAX_CURVE_POINTS)), 0
    began = saved = clock()
    if (found := read_checkpoint(path, key)) is not None:
        stepper.restore(found.tensors)
        curve.restore(found.log["curve"])
        kept, began = found.step, began - found.log["seconds"]
    with Interrupt(on.world_size > 1) as interrupt, torch.random.fork_rng(devices=[]):
        for step in range(kept + 1, steps + 1):
            loss, *accuracy, stop = stepper.step(step - 1, steps, interrupt.asked)
            if not math.isfinite(loss):
                raise _diverged(step, kept, path)
            curve.add(step, step == steps, loss, accuracy)
            if on.is_global_zero:
                report(PretextProgress(step, steps, loss, dict(zip(names, accuracy, strict=True))))
            now = clock()
            if stop or step == steps or now - saved >= every:
                saved, kept = now, step
                if on.is_global_zero:
                    log = {"curve": asdict(curve), "seconds": now - began}
                    save_checkpoint(path, key, Checkpoint(step, stepper.tensors(), log))
            if stop or (step == steps and interrupt.asked):
                raise KeyboardInterrupt
    return Pretrained(stepper.finished(), curve, saved - began)


def _diverged(step: int, kept: int, path: Path) -> ModelError:
    """What to say of a loss that is no number."""
    left = f"; {path} still holds step {kept}" if kept else ""
    return ModelError(f"step {step}: loss or gradient is not finite{left}", "lower pretext.rate")
