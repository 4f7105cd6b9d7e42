"""What the pretext task asks of the encoder: a network on top of it, a loss, and accuracies to report."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from training.encoders import new_encoder
from training.networks import PretextNet, TrainableEncoder
from training.paper import CONTRASTIVE_TASK, PRETEXT_TASKS
from training.pretext.contrastive import ContrastiveNet, contrastive_accuracy, contrastive_loss
from training.pretext.transforms import TransformDraws, augment, draw_transforms
from training.settings import EncoderKind, PretextSettings

CPU_PASS_WINDOWS = 28  # the fastest on a CPU, whatever the batch
PretextNetwork = PretextNet | ContrastiveNet


class PretextObjective(Protocol):
    """A pretext task."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the accuracies."""
        ...

    @property
    def cpu_pass(self) -> int:
        """Windows, before they are transformed, that a pass on a CPU takes."""
        ...

    def network(self, encoder: TrainableEncoder) -> PretextNetwork:
        """The network that learns, on top of an encoder; drawn from torch's generator."""
        ...

    def draw(self, n: int, length: int, generator: Generator) -> TransformDraws | None:
        """Random draws for n windows, if the task needs some."""
        ...

    def measure(self, model: nn.Module, x: Tensor, draws: TransformDraws | None) -> tuple[Tensor, Tensor]:
        """Loss, and accuracies (names,), of windows (n, length)."""
        ...


def open_objective(settings: PretextSettings) -> PretextObjective:
    """The task that the settings name."""
    return PredictNext() if settings.kind == "cpc" else RecogniseTransforms(settings)


class RecogniseTransforms:
    """Recognise which transformation a window went through: the paper's, one head a task."""

    def __init__(self, settings: PretextSettings) -> None:
        self._settings = settings
        self.names: tuple[str, ...] = pretext_tasks(settings)
        self.cpu_pass = max(1, CPU_PASS_WINDOWS // len({*settings.tasks, PRETEXT_TASKS[0]}))

    def network(self, encoder: TrainableEncoder) -> PretextNet:
        """Encoder and a head for every chosen task."""
        net = PretextNet(encoder)
        net.heads = nn.ModuleList(net.heads[PRETEXT_TASKS.index(name)] for name in self.names)
        for module in net.modules():
            if isinstance(module, nn.Dropout):
                module.p = self._settings.dropout
        return net

    def draw(self, n: int, length: int, generator: Generator) -> TransformDraws:
        """Draws of the transformations."""
        return draw_transforms(n, length, generator, self._settings.strength)

    def measure(self, model: nn.Module, x: Tensor, draws: TransformDraws | None) -> tuple[Tensor, Tensor]:
        """Weighted loss of all tasks, and the accuracy of each."""
        assert draws is not None  # noqa: S101 - `draw` made them
        made, task = augment(x, draws, self._settings.strength, self._settings.tasks)
        logits, target = model(made), task_targets(task, self._settings)
        return pretext_loss(logits, target, self._settings), accuracies(logits.detach(), target)


class PredictNext:
    """Predict what comes next within a window (`training.pretext.contrastive`)."""

    names: tuple[str, ...] = (CONTRASTIVE_TASK,)
    cpu_pass: int = CPU_PASS_WINDOWS

    def network(self, encoder: TrainableEncoder) -> ContrastiveNet:
        """Encoder, context and predictions."""
        return ContrastiveNet(encoder)

    def draw(self, n: int, length: int, generator: Generator) -> None:
        """Draw nothing."""

    def measure(self, model: nn.Module, x: Tensor, draws: TransformDraws | None) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """InfoNCE over the windows of the pass, and how often the right target has the highest score."""
        scores = model(x)
        return contrastive_loss(scores), contrastive_accuracy(scores.detach())


def new_network(settings: PretextSettings, kind: EncoderKind = "cnn") -> PretextNetwork:
    """An untrained network; the seed decides its weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return open_objective(settings).network(new_encoder(kind, settings.padding))


def pretext_tasks(settings: PretextSettings) -> tuple[str, ...]:
    """The chosen tasks, in the order of `PRETEXT_TASKS`: the network has one head for each."""
    return tuple(name for name in PRETEXT_TASKS if name in settings.tasks)


def task_targets(task: Tensor, settings: PretextSettings) -> Tensor:
    """Targets 0 or 1 of every head (n, heads), given the task of each window (n,) as its index in `PRETEXT_TASKS`."""
    own = torch.tensor([PRETEXT_TASKS.index(name) for name in pretext_tasks(settings)], device=task.device)
    return (task[:, None] == own).float()


def pretext_loss(logits: Tensor, target: Tensor, settings: PretextSettings) -> Tensor:
    """Weighted sum of the chosen tasks' one-vs-rest cross-entropies; logits and target (n, heads)."""
    weight = [settings.coefficients[PRETEXT_TASKS.index(name)] for name in pretext_tasks(settings)]
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(dim=0)
    return (each * each.new_tensor(weight)).sum()


def accuracies(logits: Tensor, target: Tensor) -> Tensor:
    """Each head's one-vs-rest accuracy (heads,)."""
    return ((logits > 0) == (target > 0)).float().mean(dim=0)
