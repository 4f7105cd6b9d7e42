"""Heads as they are shipped: calibration, distance, missing beats, and the same figures as PyTorch's layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_live.events import F64
from ecg_live.model.calibrated_head import CalibratedHead, PersonalHead, multiply_rows
from ecg_live.model.features import FeatureKind, input_size
from tests.support.random_bundles import random_head


def drawn(rows: int, inputs: FeatureKind = "embedding") -> F64:
    return np.random.default_rng(1).standard_normal((rows, input_size(inputs)))


def test_probabilities_are_calibrated_by_the_temperature() -> None:
    head, x = random_head(3), drawn(5)
    sharp = head(x)
    soft = replace(head, temperature=np.array(4.0, np.float32))(x)
    assert sharp.sum(axis=1) == pytest.approx(1.0)
    powers = soft**4
    assert powers / powers.sum(axis=1, keepdims=True) == pytest.approx(sharp)
    assert np.array_equal(sharp.argmax(axis=1), soft.argmax(axis=1))


def test_distance_is_that_of_mahalanobis() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4000, 128)) @ (rng.standard_normal((128, 128)) / 11) + 3
    mean, sd = x.mean(axis=0), x.std(axis=0)
    whiten = np.linalg.cholesky(np.linalg.inv(np.cov(((x - mean) / sd).T)))
    head = replace(random_head(2), mean=mean, sd=sd, whiten=whiten)
    centred = x - mean
    expected = np.sqrt(((centred @ np.linalg.inv(np.cov(x.T))) * centred).sum(axis=1))
    assert head.distance(x) == pytest.approx(expected, rel=1e-6)
    head = replace(head, limit=np.array(np.quantile(head.distance(x), 0.995)))
    assert head.outside(x).mean() == pytest.approx(0.005, abs=1e-3)


def test_features_that_are_no_numbers_are_outside() -> None:
    head = random_head(2)
    assert not head.outside(np.zeros((1, 128)))
    for strange in (np.nan, np.inf, -np.inf):
        x = np.full((1, 128), strange)
        assert head.outside(x)
        assert head.probabilities_inside(x) is None


@pytest.mark.parametrize("inputs", ["embedding", "hrv", "both"])
def test_a_head_is_as_wide_as_its_inputs(inputs: FeatureKind) -> None:
    head, x = random_head(3, "personal", inputs, (16, 8), 0.2), drawn(5, inputs)
    assert head(x).shape == (5, 3)
    assert head.distance(x) == pytest.approx(np.linalg.norm(x, axis=1))
    assert isinstance(head, PersonalHead)
    assert head.spread.shape == (input_size(inputs),)
    assert [*head.net] == [f"net.{k}.{name}" for k in (0, 3, 6) for name in ("weight", "bias")]


def test_beats_that_are_missing_count_as_average_and_an_embedding_that_is_missing_does_not() -> None:
    head = random_head(2, inputs="both")
    head.mean.fill(3.0)
    x = drawn(4, "both") + 3
    average, missing = x.copy(), x.copy()
    average[:, -3:], missing[:, -3:] = 3.0, np.nan
    assert np.array_equal(head(missing), head(average))
    assert np.array_equal(head.distance(missing), head.distance(average))
    assert not head.outside(missing).any()
    assert np.isnan(missing[:, -3:]).all()
    missing[:, 7] = np.nan
    assert head.outside(missing).all()
    average[:, -1] = np.inf
    assert head.outside(average).all()


@pytest.mark.parametrize("hidden", [(), (512, 512)])
def test_a_row_is_the_same_to_the_bit_whoever_else_is_in_the_batch(hidden: tuple[int, ...]) -> None:
    head, x = random_head(4, inputs="both", hidden=hidden), drawn(7, "both")
    alone = np.concatenate([head(row[None]) for row in x])
    assert np.array_equal(head(x), alone)
    assert np.array_equal(head.distance(x), np.concatenate([head.distance(row[None]) for row in x]))
    assert head.probabilities_inside(x[3:4]) == alone[3].tolist()
    assert multiply_rows(x, x.T) == pytest.approx(x @ x.T)


@pytest.mark.parametrize(("hidden", "dropout"), [((), 0.0), ((512, 512), 0.0), ((512, 512, 512), 0.4)])
def test_the_figures_are_those_of_the_layers_that_learnt(hidden: tuple[int, ...], dropout: float) -> None:
    torch = pytest.importorskip("torch")
    from ecg_live.model.torch_weights import load_arrays
    from training.networks import EmotionHead

    head = random_head(3, "population", "embedding", hidden, dropout)
    head = replace(head, temperature=np.array(1.7, np.float32))
    net = EmotionHead(3, hidden, dropout).eval()
    load_arrays(net, {name.removeprefix("net."): value for name, value in head.net.items()})
    x = drawn(50).astype(np.float32)
    with torch.no_grad():
        expected = torch.softmax(net(torch.from_numpy(x)) / 1.7, dim=1).numpy()
    assert np.abs(head(x) - expected).max() < 1e-6


def test_arrays_make_the_same_head_again() -> None:
    head = random_head(3, "personal", "both", (16,))
    again = PersonalHead.from_arrays("both", head.arrays())
    assert {name: (v.shape, v.dtype) for name, v in again.arrays().items()} == PersonalHead.tensors(3, "both", (16,))
    assert np.array_equal(again(drawn(3, "both")), head(drawn(3, "both")))
    assert CalibratedHead.tensors(3, "both", (16,)).keys() == head.arrays().keys() - {"spread"}
