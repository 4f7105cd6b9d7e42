"""The six signal transformations that the pretext task recognises, vectorised over windows.

Each takes windows (n, length) and their random draws, and returns windows of the same shape. Values are those of the
authors' code (Sarkar & Etemad 2020, section 4.2). No transformation leaves an artefact that gives it away: no padding,
no constant run, no repeated sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from training.paper import PRETEXT_TASKS
from training.settings import TransformStrength


@dataclass(frozen=True, slots=True)
class TransformDraws:
    """The random draws for n windows, one row each.

    ``noise`` (n, length) is standard normal; ``order`` (n, pieces) and ``ranks`` (n, warp_pieces) are permutations of
    pieces; ``place`` (n, 1) is uniform in [0, 1).
    """

    noise: Tensor
    order: Tensor
    ranks: Tensor
    place: Tensor

    def __getitem__(self, rows: slice) -> TransformDraws:
        """Draws of some windows."""
        return TransformDraws(self.noise[rows], self.order[rows], self.ranks[rows], self.place[rows])


def draw_transforms(n: int, length: int, generator: Generator, strength: TransformStrength) -> TransformDraws:
    """Random draws for n windows, on the generator's device; the same for any choice of tasks."""
    device = generator.device

    def uniform(width: int) -> Tensor:
        return torch.rand(n, width, generator=generator, device=device)

    return TransformDraws(
        noise=torch.randn(n, length, generator=generator, device=device),
        order=uniform(strength.pieces).argsort(dim=1),
        ranks=uniform(strength.warp_pieces).argsort(dim=1),
        place=uniform(1),
    )


def original(x: Tensor, _draws: TransformDraws, _strength: TransformStrength) -> Tensor:
    """Leave the windows as they are."""
    return x


def noise(x: Tensor, draws: TransformDraws, strength: TransformStrength) -> Tensor:
    """Add white Gaussian noise at a signal-to-noise ratio taken window by window."""
    power = x.square().mean(dim=1, keepdim=True) / 10 ** (strength.snr / 10)
    return x + power.sqrt() * draws.noise


def scaling(x: Tensor, _draws: TransformDraws, strength: TransformStrength) -> Tensor:
    """Multiply by a constant."""
    return x * strength.scale


def negation(x: Tensor, _draws: TransformDraws, _strength: TransformStrength) -> Tensor:
    """Turn upside down."""
    return -x


def inversion(x: Tensor, _draws: TransformDraws, _strength: TransformStrength) -> Tensor:
    """Reverse in time."""
    return x.flip(1)


def permutation(x: Tensor, draws: TransformDraws, strength: TransformStrength) -> Tensor:
    """Cut into equal pieces (the first ones a sample longer where it does not divide) and shuffle them."""
    n, length = x.shape
    sizes = torch.tensor(_piece_sizes(length, strength.pieces), device=x.device)
    starts = sizes.cumsum(0) - sizes
    order = draws.order
    ends = sizes[order].cumsum(dim=1)
    at = torch.arange(length, device=x.device).expand(n, -1).contiguous()
    piece = torch.searchsorted(ends, at, right=True)
    within = at - (ends - sizes[order]).gather(1, piece)
    return x.gather(1, starts[order].gather(1, piece) + within)


def time_warp(x: Tensor, draws: TransformDraws, strength: TransformStrength) -> Tensor:
    """Stretch a random half of the pieces (rounded up), squeeze the others, crop to the length at a random place."""
    length = x.shape[1]
    sizes = torch.tensor(_piece_sizes(length, strength.warp_pieces), device=x.device, dtype=x.dtype)
    stretched = draws.ranks < (strength.warp_pieces + 1) // 2
    pace = torch.where(stretched, 1 / strength.stretch, strength.stretch)  # source samples per output sample
    ends = (sizes / pace).cumsum(dim=1)  # of the pieces, in output samples
    room = (ends[:, -1:] - length - strength.stretch).clamp(min=0)  # the last sample still has a right neighbour
    t = draws.place * room + torch.arange(length, device=x.device)
    piece = torch.searchsorted(ends, t, right=True)
    begun = (ends - sizes / pace).gather(1, piece)
    source = (sizes.cumsum(0) - sizes)[piece] + (t - begun) * pace.gather(1, piece)
    left = source.floor().clamp(0, length - 2)
    share = source - left
    at = left.long()
    return x.gather(1, at) * (1 - share) + x.gather(1, at + 1) * share


TRANSFORMS: Sequence[Callable[[Tensor, TransformDraws, TransformStrength], Tensor]] = (
    original,
    noise,
    scaling,
    negation,
    inversion,
    permutation,
    time_warp,
)


def augment(
    x: Tensor, draws: TransformDraws, strength: TransformStrength | None = None, tasks: Sequence[str] = PRETEXT_TASKS
) -> tuple[Tensor, Tensor]:
    """The original and the chosen tasks' transformations of windows, in the order of `PRETEXT_TASKS`.

    Parameters
    ----------
    x : Tensor (n, length)
        Windows.
    draws : TransformDraws
        Their random draws.
    strength : TransformStrength, optional
        How hard the tasks are; the authors' without it.
    tasks : sequence of str
        The m - 1 chosen ones, without the original, or m with it.

    Returns
    -------
    Tensor (m n, length), Tensor (m n,)
        Windows, and the index of each one's task.
    """
    chosen = [i for i, name in enumerate(PRETEXT_TASKS) if i == 0 or name in tasks]
    augmented = [TRANSFORMS[i](x, draws, strength or TransformStrength()) for i in chosen]
    return torch.cat(augmented), torch.tensor(chosen, device=x.device).repeat_interleave(len(x))


def _piece_sizes(length: int, pieces: int) -> list[int]:
    """Sizes of the pieces that a length divides into; the first ones take the remainder."""
    return [length // pieces + (i < length % pieces) for i in range(pieces)]
