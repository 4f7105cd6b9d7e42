"""What holds of every encoder: shape, independence of the batch, rebuilding from its configuration, streaming."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ecg_live.constants import BLOCK_SAMPLES, EMBEDDING_SIZE, WINDOW_SAMPLES
from ecg_live.model.encoder import Encoder
from ecg_live.model.encoder_kinds import build_encoder

TOLERANCE = 1e-4  # share of the largest value: float32 sums in another order
SEGMENT_SAMPLES = WINDOW_SAMPLES + 5 * BLOCK_SAMPLES


class EncoderRecipe(NamedTuple):
    """Kind of an encoder, and the configuration that it is built from."""

    kind: str
    config: Mapping[str, Any]

    def build(self) -> Encoder:
        """Build it with weights that are the same each time."""
        torch.manual_seed(0)
        return build_encoder(self.kind, self.config)


def segment() -> Tensor:
    """Normalised noise (3840,) that is the same each time: 15 s."""
    return torch.randn(SEGMENT_SAMPLES, generator=torch.Generator().manual_seed(0))


def windows() -> Tensor:
    """Windows (6, 2560) of `segment`, a second apart."""
    return segment().unfold(0, WINDOW_SAMPLES, BLOCK_SAMPLES).contiguous()


@torch.no_grad()
def check_embeddings(encoder: Encoder) -> None:
    """Windows become finite float32 embeddings, the same each time."""
    found = encoder(windows())
    assert found.shape == (len(windows()), EMBEDDING_SIZE), f"embeddings of shape {tuple(found.shape)}"
    assert found.dtype == torch.float32, f"embeddings of {found.dtype}, expected torch.float32"
    assert found.isfinite().all(), "an embedding is NaN or infinite"
    assert torch.equal(found, encoder(windows())), "the same windows gave other embeddings"
    assert encoder(torch.zeros(1, WINDOW_SAMPLES)).isfinite().all(), "a flat window's embedding is NaN or infinite"


@torch.no_grad()
def check_batch(encoder: Encoder) -> None:
    """A window's embedding does not depend on the other windows of the batch."""
    alone = torch.cat([encoder(window[None]) for window in windows()])
    _assert_close(encoder(windows()), alone, "in a batch")


@torch.no_grad()
def check_rebuilt(recipe: EncoderRecipe) -> None:
    """Configuration and weights rebuild the encoder."""
    encoder = recipe.build()
    torch.manual_seed(1)
    other = build_encoder(recipe.kind, recipe.config)
    other.load_state_dict(encoder.state_dict())
    assert torch.equal(encoder(windows()), other(windows())), "the rebuilt encoder gives other embeddings"


@torch.no_grad()
def check_stream(encoder: Encoder) -> None:
    """A stream in steps of a second gives the embeddings of whole windows, and the same after a reset."""
    stream = encoder.stream()
    first = _streamed(encoder)
    _assert_close(first, encoder(windows()), "streamed")
    steps = torch.split(segment(), BLOCK_SAMPLES)
    runs = []
    for _ in range(2):
        stream.reset()
        runs.append(torch.cat([stream.push(step) for step in steps], dim=1))
    assert torch.equal(*runs), "the same samples gave other feature maps after a reset"


def _streamed(encoder: Encoder) -> Tensor:
    stream, maps = encoder.stream(), torch.empty(EMBEDDING_SIZE, 0)
    found = []
    edges = range(0, SEGMENT_SAMPLES + 1, BLOCK_SAMPLES)
    for start, stop in pairwise(edges):
        maps = torch.cat((maps, stream.push(segment()[start:stop])), dim=1)[:, -encoder.maps_per_window :]
        if stop >= WINDOW_SAMPLES:
            found.append(maps.amax(dim=1))
    return torch.stack(found)


def _assert_close(found: Tensor, expected: Tensor, how: str) -> None:
    largest = float((found - expected).abs().max())
    limit = TOLERANCE * float(expected.abs().max())
    assert largest <= limit, f"embeddings {how} differ by {largest:g}, at most {limit:g} is allowed"
