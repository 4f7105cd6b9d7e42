"""Pretext and emotion heads: the paper's shapes and sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ecg_live.model.calibrated_head import CalibratedHead, PersonalHead
from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.features import INPUT_SIZES, FeatureKind
from ecg_live.model.head_networks import PRETEXT_TASKS, EmotionHead, PretextHead, PretextNet


def weights(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_pretext_heads_have_the_papers_number_of_weights() -> None:
    assert weights(PretextHead()) == 33_153
    net = PretextNet(ConvEncoder("same"))
    assert weights(net.heads) == 232_071
    assert weights(net) == 561_223


def test_pretext_heads_are_trained_and_in_the_papers_order() -> None:
    assert PRETEXT_TASKS == ("original", "noise", "scaling", "negation", "inversion", "permutation", "time_warp")
    net = PretextNet(ConvEncoder("valid"))
    logits = net(torch.randn(2, 2560))
    assert logits.shape == (2, 7)
    logits.sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())
    assert {each.p for each in net.modules() if isinstance(each, nn.Dropout)} == {0.6}
    assert {each.negative_slope for each in net.heads.modules() if isinstance(each, nn.LeakyReLU)} == {0.2}


@pytest.mark.parametrize(
    ("classes", "hidden", "dropout"),
    [(4, (512, 512), 0.0), (3, (512, 512), 0.0), (5, (512, 512, 512), 0.2), (9, (512, 512, 512), 0.4)],
    ids=["WESAD", "SWELL", "DREAMER", "AMIGOS"],
)
def test_emotion_heads_of_the_paper(classes: int, hidden: tuple[int, ...], dropout: float) -> None:
    head = EmotionHead(classes, hidden, dropout)
    dense = [each for each in head if isinstance(each, nn.Linear)]
    assert [(each.in_features, each.out_features) for each in dense] == [
        (128, 512),
        *[(512, 512)] * (len(hidden) - 1),
        (512, classes),
    ]
    assert sum(isinstance(each, nn.ReLU) for each in head) == len(hidden)
    assert [each.p for each in head if isinstance(each, nn.Dropout)] == [dropout] * (len(hidden) if dropout else 0)
    assert head(torch.zeros(3, 128)).shape == (3, classes)


@torch.no_grad()
def test_probabilities_are_calibrated_by_the_temperature() -> None:
    head, x = CalibratedHead(3), torch.randn(5, 128)
    sharp = head(x)
    head.temperature.fill_(4.0)
    soft = head(x)
    assert torch.allclose(sharp.sum(dim=1), torch.ones(5))
    assert torch.allclose(soft.log() * 4 - (soft.log() * 4).logsumexp(dim=1, keepdim=True), sharp.log(), atol=1e-5)
    assert torch.equal(sharp.argmax(dim=1), soft.argmax(dim=1))


@torch.no_grad()
def test_distance_is_that_of_mahalanobis() -> None:
    rng = torch.Generator().manual_seed(0)
    mixing = torch.randn(128, 128, generator=rng, dtype=torch.double) / 11
    x = torch.randn(4000, 128, generator=rng, dtype=torch.double) @ mixing + 3
    head = CalibratedHead(2).double()
    head.mean, head.sd = x.mean(dim=0), x.std(dim=0)
    z = (x - head.mean) / head.sd
    head.whiten = torch.linalg.cholesky(torch.linalg.inv(z.T.cov()))
    centred = x - x.mean(dim=0)
    expected = (centred @ torch.linalg.inv(x.T.cov()) * centred).sum(dim=1).sqrt()
    assert torch.allclose(head.distance(x), expected, rtol=1e-6)
    head.limit = head.distance(x).quantile(0.995)
    assert head.outside(x).double().mean() == pytest.approx(0.005, abs=1e-3)


@torch.no_grad()
def test_features_that_are_no_numbers_are_outside() -> None:
    head = CalibratedHead(2)
    assert not head.outside(torch.zeros(1, 128))
    for strange in (float("nan"), float("inf"), -float("inf")):
        assert head.outside(torch.full((1, 128), strange))


@pytest.mark.parametrize("inputs", ["embedding", "hrv", "both"])
@torch.no_grad()
def test_a_head_is_as_wide_as_its_inputs(inputs: FeatureKind) -> None:
    head, x = PersonalHead(3, inputs, (16, 8), 0.2), torch.randn(5, INPUT_SIZES[inputs])
    assert head(x).shape == (5, 3)
    assert head.distance(x) == pytest.approx(x.norm(dim=1))
    assert head.spread.shape == (INPUT_SIZES[inputs],)
    assert not head.training


@torch.no_grad()
def test_beats_that_are_missing_count_as_average_and_an_embedding_that_is_missing_does_not() -> None:
    head = CalibratedHead(2, "both")
    head.mean.fill_(3.0)
    x = torch.randn(4, 131) + 3
    average, missing = x.clone(), x.clone()
    average[:, -3:], missing[:, -3:] = 3.0, float("nan")
    assert torch.equal(head(missing), head(average))
    assert torch.equal(head.distance(missing), head.distance(average))
    assert not head.outside(missing).any()
    missing[:, 7] = float("nan")
    assert head.outside(missing).all()
    average[:, -1] = float("inf")
    assert head.outside(average).all()
