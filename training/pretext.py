"""Stage one: the encoder learns ECG by telling which of six transformations a window went through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.errors import DatasetError
from ecg_live.model.encoder import Encoder, Padding
from ecg_live.model.heads import TASKS, PretextNet
from training.transforms import Strength, versions

COEFFICIENTS = (0.195, 0.195, 0.195, 0.0125, 0.0125, 0.195, 0.195)  # of the tasks' losses, the authors' code
L2 = 1e-4  # times the sum of w^2 / 2 over all kernels, ibid.
EPOCHS = 1.25  # of windows that overlap by 8 s
MICRO = 4  # segments (28 windows) a pass: the fastest on a CPU, whatever the batch


@dataclass(frozen=True, slots=True)
class PretextSettings:
    """How the encoder is trained.

    The paper's numbers are ``epochs=100, batch=128, rate=1e-3``, with the rate x 0.9 every 10,000 steps; ours reach the
    same accuracy in a fraction of the time by one cycle over small batches.
    """

    epochs: float = EPOCHS
    batch: int = 32  # segments; each becomes 7 windows
    rate: float = 1.5e-3  # highest learning rate of the cycle
    padding: Padding = "valid"
    seed: int = 0
    strength: Strength = field(default_factory=Strength)


def pretrain(
    windows: Tensor, settings: PretextSettings, report: Callable[[int, int, Tensor, Tensor], None]
) -> PretextNet:
    """Train encoder and pretext heads on windows (n, 2560).

    ``report(step, steps, loss, accuracy)`` is told after every step; accuracy (7,) is each task's, dropout on.

    Raises
    ------
    DatasetError
        If there are fewer windows than one batch.
    """
    if len(windows) < settings.batch:
        raise DatasetError(f"{len(windows)} windows; one batch needs {settings.batch}", "give more recordings")
    torch.manual_seed(settings.seed)
    generator = Generator().manual_seed(settings.seed)
    net = PretextNet(Encoder(settings.padding)).train()
    steps = max(1, round(settings.epochs * len(windows) / settings.batch))
    optimizer = torch.optim.Adam(_groups(net), lr=settings.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.rate, total_steps=steps)
    order = torch.empty(0, dtype=torch.long)
    for step in range(steps):
        if len(order) < settings.batch:
            order = torch.randperm(len(windows), generator=generator)
        chosen, order = order[: settings.batch], order[settings.batch :]
        loss, accuracy = _step(net, windows[chosen], generator, settings.strength)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        report(step, steps, loss, accuracy)
    return net.eval()


def pretext_loss(logits: Tensor, tasks: Tensor) -> Tensor:
    """Weighted sum of the tasks' one-vs-rest cross-entropies; logits (n, 7), tasks (n,)."""
    target = F.one_hot(tasks, len(TASKS)).to(logits.dtype)
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(dim=0)
    return (each * each.new_tensor(COEFFICIENTS)).sum()


def accuracies(logits: Tensor, tasks: Tensor) -> Tensor:
    """Each task's one-vs-rest accuracy (7,)."""
    return ((logits > 0) == (F.one_hot(tasks, len(TASKS)) > 0)).double().mean(dim=0)


def _step(net: PretextNet, windows: Tensor, generator: Generator, strength: Strength) -> tuple[Tensor, Tensor]:
    """Gradients of one batch, gathered over small passes; its loss and accuracies."""
    loss, accuracy = torch.zeros(()), torch.zeros(len(TASKS), dtype=torch.double)
    for part in torch.split(windows, MICRO):
        x, tasks = versions(part, generator, strength)
        logits = net(x)
        share = len(part) / len(windows)
        part_loss = pretext_loss(logits, tasks) * share
        part_loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it so
        loss += part_loss.detach()
        accuracy += accuracies(logits.detach(), tasks) * share
    return loss, accuracy


def _groups(net: PretextNet) -> list[dict[str, object]]:
    """Kernels decay, biases do not."""
    kernels = [p for p in net.parameters() if p.ndim > 1]
    biases = [p for p in net.parameters() if p.ndim == 1]
    return [{"params": kernels, "weight_decay": L2}, {"params": biases, "weight_decay": 0.0}]
