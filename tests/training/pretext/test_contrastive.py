"""Contrastive predictive coding: the right target is found, nothing of it is known before, and both encoders learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ecg_live.model.encoder import ConvEncoder
from training.encoders import new_encoder
from training.networks import PretextNet
from training.pretext.contrastive import HORIZONS, ContrastiveNet, contrastive_accuracy, contrastive_loss
from training.pretext.embedding import pretext_accuracy
from training.pretext.loop import pretrain
from training.pretext.objective import new_network
from training.pretext.train_step import Trainer
from training.settings import PRESETS, EncoderKind, PretextSettings

KINDS: tuple[EncoderKind, ...] = ("cnn", "s4d")
SETTINGS = PretextSettings(kind="cpc", batch=4, schedule="steps")
WINDOWS = np.random.default_rng(0).standard_normal((8, 1024)).astype(np.float32)
WAVES = np.sin(np.arange(1024) / np.linspace(4, 40, 8)[:, None]).astype(np.float32)  # each window of one frequency


def network(kind: EncoderKind) -> ContrastiveNet:
    return cast("ContrastiveNet", new_network(SETTINGS, kind)).eval()


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_of_every_target_for_every_context(kind: EncoderKind) -> None:
    with torch.no_grad():
        scores = network(kind)(torch.from_numpy(WINDOWS[:3]))
    assert scores.shape[0] == HORIZONS
    assert scores.shape[1] == scores.shape[2]
    assert scores.shape[1] % 3 == 0
    guess = float(contrastive_loss(torch.zeros_like(scores)))
    assert guess == pytest.approx(np.log(scores.shape[1]), rel=1e-6)
    sure = 100 * torch.eye(scores.shape[1]).expand_as(scores)
    assert float(contrastive_loss(sure)) < 1e-6
    assert contrastive_accuracy(sure).tolist() == [1.0]
    assert contrastive_accuracy(-sure).tolist() == [0.0]


@pytest.mark.parametrize("kind", KINDS)
def test_context_and_target_share_no_sample(kind: EncoderKind) -> None:
    """By gradients: what the first context looks at ends before what its first target looks at begins."""
    net = network(kind)
    x = torch.from_numpy(WINDOWS[:1]).requires_grad_()
    context, target, first = net._sequences(x)
    known, asked = looked_at(context[0, :, 0], x), looked_at(target[0, :, first], x)
    assert known.max() < asked.min()


def looked_at(output: Tensor, x: Tensor) -> Tensor:
    """Samples that an output depends on, beyond the rounding of Fourier transforms."""
    (gradient,) = torch.autograd.grad(output.square().sum(), x, retain_graph=True)
    return (gradient[0].abs() > 1e-3 * gradient.abs().max()).nonzero()


@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_learns_and_a_run_can_be_repeated(kind: EncoderKind, tmp_path: Path) -> None:
    settings = replace(SETTINGS, epochs=3)
    done = pretrain(WAVES, settings, tmp_path / "a", lambda _: None, corpus="", kind=kind)
    again = pretrain(WAVES, settings, tmp_path / "b", lambda _: None, corpus="", kind=kind)
    assert done.curve.loss == again.curve.loss
    assert sum(done.curve.loss[-2:]) < sum(done.curve.loss[:2]) - 0.2
    assert list(done.curve.accuracy) == ["what comes next"]
    assert set(pretext_accuracy(done.net, WAVES, 0, settings)) == {"what comes next"}
    before = new_encoder(kind)
    assert done.net.encoder.state_dict().keys() == before.state_dict().keys()


def test_the_poles_of_a_state_space_are_not_decayed() -> None:
    trainer = Trainer(
        new_network(SETTINGS, "s4d"), WINDOWS, replace(SETTINGS, l2=1.0), Fabric(accelerator="cpu", devices=1)
    )
    decayed, free = (group["params"] for group in trainer._optimizer.param_groups)
    names = {id(p): name for name, p in trainer.net.named_parameters()}
    assert all(names[id(p)].endswith(("log_decay", "frequency", "output")) for p in free if p.ndim > 1)
    assert any(names[id(p)].endswith("mix.weight") for p in decayed)
    assert len(decayed) + len(free) == len(names)


def test_the_paper_trains_convolutions_on_transformations() -> None:
    for preset in PRESETS.values():
        net = new_network(preset.pretext, preset.encoder.kind)
        assert isinstance(net, PretextNet)
        assert isinstance(net.encoder, ConvEncoder)
    assert isinstance(network("cnn").recurrent, nn.GRU)
    assert network("s4d").recurrent is None
