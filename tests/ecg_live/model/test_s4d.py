"""The state-space encoder is what its equations say, causal, and an encoder like any other in a bundle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="encoders are PyTorch modules")

from ecg_live import windows  # noqa: E402 - after the check
from ecg_live.contracts.embedding import EncoderRecipe, check_batch, check_embeddings, check_rebuilt  # noqa: E402
from ecg_live.errors import BundleError  # noqa: E402
from ecg_live.model.bundle import Bundle, load_bundle, save_bundle  # noqa: E402
from ecg_live.model.encoder_kinds import build_encoder  # noqa: E402
from ecg_live.model.engine.embedders import WindowEmbedder  # noqa: E402
from ecg_live.model.predictor import Predictor  # noqa: E402
from ecg_live.model.s4d import DiagonalStateSpace, S4DEncoder  # noqa: E402
from ecg_live.model.torch_weights import module_arrays  # noqa: E402
from tests.support.random_bundles import random_bundle  # noqa: E402
from tests.support.synthetic_signals import ecg  # noqa: E402

RECIPE = EncoderRecipe("s4d", {"blocks": 2})


@pytest.fixture(autouse=True)
def no_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def layer(channels: int = 3, pairs: int = 4) -> DiagonalStateSpace:
    torch.manual_seed(0)
    return DiagonalStateSpace(channels, pairs)


def test_the_convolution_is_the_recurrence() -> None:
    """Step by step, in double precision: x' = exp(dt A) x + (exp(dt A) - 1) / A u, y = 2 Re(C x) + D u."""
    states, length = layer(), 50
    u = torch.randn(2, 3, length)
    a = torch.complex(-states.log_decay.double().exp(), states.frequency.double())
    forget = (a * states.log_step.double().exp()[:, None]).exp()
    c = torch.view_as_complex(states.output.double())
    x, expected = torch.zeros(2, 3, 4, dtype=torch.complex128), []
    for step in range(length):
        now = u[..., step].double()
        x = forget * x + (forget - 1) / a * now[..., None]
        expected.append(2 * (c * x).sum(dim=2).real + states.direct.double() * now)
    torch.testing.assert_close(states(u).double(), torch.stack(expected, dim=2), atol=1e-5, rtol=1e-5)


def test_what_comes_later_changes_nothing_before() -> None:
    torch.manual_seed(0)
    encoder = S4DEncoder(blocks=2).eval()
    x = torch.randn(1, 512)
    y = x.clone()
    y[:, 256:] += 1
    before, after = (encoder.context(encoder.local(each)) for each in (x, y))
    torch.testing.assert_close(before[..., :31], after[..., :31], atol=1e-5, rtol=0)  # the last one ends at sample 256
    assert not torch.allclose(before[..., 31:], after[..., 31:], atol=1e-3)


def test_it_has_about_as_many_weights_as_the_convolutional_one() -> None:
    assert sum(p.numel() for p in S4DEncoder().parameters()) == 301_952


def test_new_weights_are_used_at_once() -> None:
    one, other, u = layer().eval(), DiagonalStateSpace(3, 4).eval(), torch.randn(1, 3, 32)
    assert not one(u).equal(other(u))
    one.load_state_dict(other.state_dict())
    assert one(u).equal(other(u))


def test_it_keeps_the_contract_of_encoders() -> None:
    check_embeddings(RECIPE.build())
    check_batch(RECIPE.build())
    check_rebuilt(RECIPE)


def test_a_bundle_holds_it_and_runs_it_window_by_window(tmp_path: Path) -> None:
    whole, encoder = random_bundle(), RECIPE.build()
    card = replace(whole.card, encoder={"kind": RECIPE.kind, "config": dict(RECIPE.config)})
    save_bundle(Bundle(card, module_arrays(encoder), whole.heads), tmp_path / "state.safetensors")
    predictor = Predictor(load_bundle(tmp_path / "state.safetensors"), show_unproven=True)
    assert isinstance(predictor.engine, WindowEmbedder)
    window = windows(ecg(11.0, 256)[:, 0], 256.0, hop=1.0)[0]
    assert predictor.predict(window)["mental_load"].probs is not None
    assert np.array_equal(predictor.features, encoder(torch.from_numpy(window.data)[None])[0].numpy())


@pytest.mark.parametrize("config", [{"blocks": 0}, {"blocks": "2"}, {"width": 3}])
def test_a_configuration_that_cannot_be_is_one_line(config: dict[str, object]) -> None:
    with pytest.raises(BundleError, match="not blocks from 1 to 64"):
        build_encoder("s4d", config)
