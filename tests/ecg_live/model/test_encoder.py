"""The encoder: its size, its padding, and the same values whether it is streamed or not."""

from __future__ import annotations

import warnings
from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.constants import BLOCK_SAMPLES, WINDOW_SAMPLES
from ecg_live.model.encoder import ConvEncoder, ConvEncoderStream
from ecg_live.model.encoder_layout import CONV_LAYERS, Padding


def weights(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def windows(n: int, length: int = WINDOW_SAMPLES) -> Tensor:
    return torch.randn(n, length, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def encoder() -> ConvEncoder:
    torch.manual_seed(1)
    return ConvEncoder("valid").eval()


@pytest.fixture(scope="module")
def exact(encoder: ConvEncoder) -> ConvEncoder:
    """The same in double precision, where no rounding hides a mistake."""
    return deepcopy(encoder).double()


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_the_papers_number_of_weights(padding: Padding) -> None:
    assert weights(ConvEncoder(padding)) == 329_152


@pytest.mark.parametrize(("padding", "outputs"), [("same", 635), ("valid", 591)])
@torch.no_grad()
def test_the_papers_lengths(padding: Padding, outputs: int) -> None:
    encoder = ConvEncoder(padding)
    assert encoder.maps(windows(2)).shape == (2, 128, 1, outputs)
    assert encoder(windows(2)).shape == (2, 128)


@torch.no_grad()
def by_hand(encoder: ConvEncoder, x: Tensor) -> Tensor:
    """The table of the paper with Conv1d and torch's own SAME."""
    y = x[:, None]
    for i, conv in enumerate(encoder.convs):
        with warnings.catch_warnings(action="ignore"):  # torch copies the input of an even kernel, and says so
            y = F.conv1d(y, conv.weight[:, :, 0], conv.bias, padding=encoder.padding)  # type: ignore[index, arg-type]  # ModuleList forgets the class
        y = F.leaky_relu(y, 0.2)
        if i in {1, 3}:
            y = F.max_pool1d(y, 8, 2)
    return y


@pytest.mark.parametrize("padding", ["same", "valid"])
@torch.no_grad()
def test_as_torchs_own_padding(padding: Padding) -> None:
    encoder = ConvEncoder(padding)
    maps, expected = encoder.maps(windows(2))[:, :, 0], by_hand(encoder, windows(2))
    assert maps.shape == expected.shape
    assert (maps - expected).abs().max() < 1e-5 * expected.abs().max()
    assert (encoder(windows(2)) - expected.amax(dim=2)).abs().max() < 1e-5 * expected.abs().max()


@pytest.mark.parametrize("layer", range(6))
@torch.no_grad()
def test_same_pads_one_less_on_the_left(layer: int) -> None:
    k = CONV_LAYERS[layer][2]
    x = torch.zeros(1, 1, 100)
    x[0, 0, 50] = 1
    weight = torch.arange(1.0, k + 1)[None, None]
    padded = F.conv1d(F.pad(x, (k // 2 - 1, k // 2)), weight)
    with warnings.catch_warnings(action="ignore"):  # as above
        assert torch.equal(padded, F.conv1d(x, weight, padding="same"))


@torch.no_grad()
def test_receptive_field_of_200_and_stride_of_4(encoder: ConvEncoder) -> None:
    assert encoder.maps(windows(1, 199 + 1)).shape[-1] == 1
    assert encoder.maps(windows(1, 203)).shape[-1] == 1
    assert encoder.maps(windows(1, 204)).shape[-1] == 2


@torch.no_grad()
def test_a_stream_gives_the_maps_of_the_whole(exact: ConvEncoder) -> None:
    x = windows(1, 20 * BLOCK_SAMPLES).double()
    stream = ConvEncoderStream(exact)
    parts = torch.cat([stream.push(step) for step in torch.split(x[0], BLOCK_SAMPLES)], dim=1)
    whole = by_hand(exact, x)[0]
    assert parts.shape == whole.shape
    assert (parts - whole).abs().max() < 1e-12 * whole.abs().max()


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.sampled_from((0, 1, 5, 31, 200, 256, 700)), max_size=12))
@torch.no_grad()
def test_whatever_the_steps_nothing_is_lost(exact: ConvEncoder, sizes: list[int]) -> None:
    x = windows(1, 3 * BLOCK_SAMPLES + sum(sizes)).double()
    stream = ConvEncoderStream(exact)
    parts = torch.cat([stream.push(step) for step in torch.split(x[0], [*sizes, 3 * BLOCK_SAMPLES])], dim=1)
    whole = by_hand(exact, x)[0]
    assert parts.shape == whole.shape
    assert (parts - whole).abs().max() < 1e-12 * whole.abs().max()


@torch.no_grad()
def test_the_same_steps_give_the_same_bits_after_a_reset(encoder: ConvEncoder) -> None:
    stream = ConvEncoderStream(encoder)
    stream.push(windows(1, 777)[0] * 9)
    stream.reset()
    steps = torch.split(windows(1)[0], BLOCK_SAMPLES)
    first = torch.cat([stream.push(step) for step in steps], dim=1)
    stream.reset()
    assert torch.equal(first, torch.cat([stream.push(step) for step in steps], dim=1))


def test_padding_cannot_be_streamed() -> None:
    with pytest.raises(ValueError, match="valid"):
        ConvEncoderStream(ConvEncoder("same"))
