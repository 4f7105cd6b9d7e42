"""Pretext and emotion heads: the paper's shapes and sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ecg_live.model.encoder import ConvEncoder
from training.networks import EmotionHead, PretextHead, PretextNet
from training.paper import PRETEXT_TASKS


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
