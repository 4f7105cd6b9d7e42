"""The faster weight gradient is torch's, to the rounding of single precision, for every layer and length."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from torch import Tensor, nn

from ecg_live.model.encoder import ConvEncoder
from ecg_live.model.encoder_layout import Padding
from training.pretext.weight_gradient import (
    PRODUCTS_PLAN,
    WIDE_PLAN,
    GradientMethod,
    GradientPlan,
    gradient_plan,
    use_fast_gradients,
    weight_gradient,
)

METHODS: tuple[GradientMethod, ...] = ("wide", "products")


def layer(c_in: int, c_out: int, k: int, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Input, output's gradient and kernel."""
    generator = torch.Generator().manual_seed(0)

    def made(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).to(memory_format=torch.channels_last)

    return made(3, c_in, 1, length), made(3, c_out, 1, length - k + 1), made(c_out, c_in, 1, k)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("phases", [1, 2, 4])
@pytest.mark.parametrize(("c_in", "c_out", "k"), [(32, 32, 32), (32, 64, 16), (64, 128, 8), (3, 5, 7)])
@pytest.mark.parametrize("length", [64, 101])
def test_it_is_as_close_to_double_precision_as_torchs(
    method: GradientMethod, phases: int, c_in: int, c_out: int, k: int, length: int
) -> None:
    x, gradient, weight = layer(c_in, c_out, k, length)
    exact = weight_gradient(x.double(), gradient.double(), weight.double(), "torch", 1)
    own = weight_gradient(x, gradient, weight, "torch", 1)
    found = weight_gradient(x, gradient, weight, method, phases)
    assert found.shape == weight.shape

    def error(each: Tensor) -> float:
        return float((each.double() - exact).norm() / exact.norm())

    assert error(found) < max(2 * error(own), 5e-7)


def step_gradients(
    padding: Padding, plan: GradientPlan, dtype: torch.dtype | None = None
) -> tuple[list[Tensor], Tensor]:
    """Every parameter's gradient, and the input's, of one pass through an encoder."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder, x = ConvEncoder(padding), torch.randn(2, 512).requires_grad_()
    use_fast_gradients(encoder, plan)
    with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
        encoder(x).float().square().sum().backward()
    return [cast("Tensor", p.grad) for p in encoder.parameters()], cast("Tensor", x.grad)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("plan", [WIDE_PLAN, PRODUCTS_PLAN], ids=["wide", "products"])
def test_an_encoder_learns_what_it_learnt_before(padding: Padding, plan: GradientPlan) -> None:
    expected, at_input = step_gradients(padding, {})
    found, also_at_input = step_gradients(padding, plan)
    for a, b in zip(found, expected, strict=True):
        assert float((a - b).norm() / b.norm()) < 2e-6
    assert float((also_at_input - at_input).norm() / at_input.norm()) < 2e-6


def test_bf16_gradients_point_where_those_of_single_precision_do() -> None:
    plain, wide = (step_gradients("valid", plan, torch.bfloat16)[0] for plan in ({}, WIDE_PLAN))
    single = step_gradients("valid", {})[0]
    for a, b, c in zip(wide, plain, single, strict=True):
        assert a.dtype == c.dtype == torch.float32
        ours, theirs = (float(torch.cosine_similarity(each.flatten(), c.flatten(), dim=0)) for each in (a, b))
        assert ours > 0.9
        assert ours > theirs - 0.01


def test_the_plan_follows_the_instruction_sets() -> None:
    assert gradient_plan(frozenset({"avx2", "avx512f"})) == WIDE_PLAN
    assert gradient_plan(frozenset({"avx2"})) == PRODUCTS_PLAN
    assert gradient_plan(frozenset()) == {}


def test_weights_keep_their_names_and_are_shared() -> None:
    encoder = ConvEncoder()
    names, kernel = list(encoder.state_dict()), cast("nn.Conv2d", encoder.convs[1]).weight
    use_fast_gradients(encoder, PRODUCTS_PLAN)
    assert list(encoder.state_dict()) == names
    assert cast("nn.Conv2d", encoder.convs[1]).weight is kernel
    with torch.inference_mode():
        x = torch.randn(1, 512)
        fresh = ConvEncoder()
        fresh.load_state_dict(encoder.state_dict())
        assert encoder(x).equal(fresh(x))
