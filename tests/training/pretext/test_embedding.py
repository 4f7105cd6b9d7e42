"""Frozen features are the same wherever a window stands, and take no more memory than they need."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ecg_live.events import F32
from ecg_live.model.engine.onnx_engine import MAX_ERROR
from training.networks import PretextNet
from training.paper import PRETEXT_TASKS
from training.pretext.embedding import embed, pretext_accuracy, random_encoder
from training.pretext.objective import new_network
from training.settings import PretextSettings


@pytest.fixture(scope="module")
def windows() -> F32:
    """Nine windows."""
    return np.random.default_rng(0).standard_normal((9, 2560)).astype(np.float32)


def test_features_are_the_encoders(windows: F32) -> None:
    encoder = random_encoder()
    found = embed(encoder, windows, batch=4)
    assert found.shape == (9, 128)
    assert found.dtype == np.float64
    with torch.no_grad():
        expected = encoder(torch.from_numpy(windows)).numpy()
    assert np.abs(found - expected).max() <= MAX_ERROR * np.abs(expected).max()


def test_features_do_not_depend_on_the_place_in_a_batch(windows: F32) -> None:
    encoder = random_encoder()
    together = embed(encoder, windows, batch=4)
    for i in range(len(windows)):
        assert np.array_equal(embed(encoder, windows[i:], batch=4)[0], together[i])


def test_no_more_than_a_batch_is_read_at_once(windows: F32) -> None:
    asked: list[int] = []

    class Watched:
        def __len__(self) -> int:
            return len(windows)

        def __getitem__(self, at: np.typing.NDArray[np.int64], /) -> F32:
            asked.append(len(at))
            return windows[at]

    assert np.array_equal(embed(random_encoder(), Watched(), batch=4), embed(random_encoder(), windows, batch=4))
    assert asked == [4, 4, 1]


def test_no_windows_have_no_features(windows: F32) -> None:
    assert embed(random_encoder(), windows[:0]).shape == (0, 128)


def test_a_random_encoder_is_decided_by_its_seed_and_leaves_the_others_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    first, second, third = random_encoder(seed=1), random_encoder(seed=1), random_encoder(seed=2)
    assert torch.rand(1).equal(expected)
    for name, value in first.state_dict().items():
        assert value.equal(second.state_dict()[name])
        assert name.endswith("bias") or not value.equal(third.state_dict()[name])


def test_pretext_accuracy_of_a_network_that_always_says_no(windows: F32) -> None:
    net = new_network(PretextSettings()).eval()
    assert isinstance(net, PretextNet)
    for parameter in net.heads.parameters():
        torch.nn.init.constant_(parameter, -1e-3)
    found = pretext_accuracy(net, windows, 0, PretextSettings())
    assert found == dict.fromkeys(PRETEXT_TASKS, round(6 / 7, 4))


def test_pretext_accuracy_has_the_chosen_tasks_only(windows: F32) -> None:
    settings = PretextSettings(tasks=("negation", "noise"))
    net = new_network(settings).eval()
    found = pretext_accuracy(net, windows, 0, settings)
    assert list(found) == ["noise", "negation"]
    assert found == pretext_accuracy(net, windows, 0, settings)
