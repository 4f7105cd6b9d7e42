"""The pretext task learns, repeats itself, and counts its losses as the paper does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.errors import DatasetError
from ecg_live.model.encoder import Encoder
from ecg_live.model.heads import PretextNet
from training.pretext import COEFFICIENTS, PretextSettings, accuracies, pretext_loss, pretrain


@pytest.fixture(scope="module")
def windows() -> torch.Tensor:
    """Twelve windows of a spiky rhythm."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((12, 2560)) * 0.1
    for row in x:
        row[rng.integers(0, 200) :: 200] += 5
    return torch.from_numpy(x).float()


def silent(_step: int, _steps: int, _loss: torch.Tensor, _accuracy: torch.Tensor) -> None:
    """Report nothing."""


def test_loss_is_the_weighted_sum_of_one_vs_rest_cross_entropies() -> None:
    logits, tasks = torch.randn(21, 7), torch.arange(7).repeat(3)
    expected = sum(
        c * F.binary_cross_entropy_with_logits(logits[:, i], (tasks == i).float()) for i, c in enumerate(COEFFICIENTS)
    )
    torch.testing.assert_close(pretext_loss(logits, tasks), torch.as_tensor(expected))
    assert sum(COEFFICIENTS) == pytest.approx(1.0)


def test_accuracy_is_one_vs_rest() -> None:
    tasks = torch.arange(7)
    assert accuracies(torch.eye(7) - 0.5, tasks).tolist() == [1.0] * 7
    assert accuracies(torch.full((7, 7), -1.0), tasks).tolist() == pytest.approx([6 / 7] * 7)


def test_training_changes_every_weight_and_repeats_itself(windows: torch.Tensor) -> None:
    settings = PretextSettings(epochs=1, batch=4)
    first, second = pretrain(windows, settings, silent), pretrain(windows, settings, silent)
    torch.manual_seed(settings.seed)
    before = PretextNet(Encoder(settings.padding)).state_dict()
    for name, value in first.state_dict().items():
        assert value.equal(second.state_dict()[name]), name
        assert not value.equal(before[name]), f"{name} never moved"


def test_steps_and_losses_are_reported(windows: torch.Tensor) -> None:
    told: list[tuple[int, int, float]] = []
    pretrain(windows, PretextSettings(epochs=2, batch=6), lambda i, n, loss, _acc: told.append((i, n, loss.item())))
    assert [(i, n) for i, n, _ in told] == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert all(np.isfinite(loss) for _, _, loss in told)


def test_too_few_windows_are_refused(windows: torch.Tensor) -> None:
    with pytest.raises(DatasetError, match="12 windows; one batch needs 32"):
        pretrain(windows, PretextSettings(), silent)
