"""The gradient of convolution kernels, faster on a processor than torch's own and exact to the same rounding.

The convolutions here have few channels and long kernels, where the weight gradient of torch's library (oneDNN) runs at
a quarter to a half of the machine's rate while forward pass and data gradient are near it. Both ways below use that
feature maps in channels-last memory, (n, length, channels), are also maps of s times as many channels at 1/s of the
rate: s neighbouring outputs, "phases", become channels, so that a step of the sum does s times the work.

- ``wide``: oneDNN's weight gradient of the wide convolution, of which the diagonals are the gradient. For processors
  with AVX-512, where it reaches the rate of the forward pass.
- ``products``: matrix products over rows that do not overlap, with no copy of the input but one. For processors with
  AVX2, where oneDNN's weight gradient is slow for any shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own idiom

from ecg_live.model.encoder import ConvEncoder
from training.pretext.processor import processor_flags

GradientMethod = Literal["wide", "products", "torch"]
GradientPlan = Mapping[int, tuple[GradientMethod, int]]  # by the index of the convolution: method and phases
# Measured by CPU time, 28 windows a pass: AVX-512 (Zen 4) forward and backward x 1.26, 1.10, 1.13 for these three, and
# no gain for others; AVX2 (Zen 3) the weight gradient alone x 2.5, 1.7, 1.6, 1.9, 1.6.
WIDE_PLAN: GradientPlan = {1: ("wide", 4), 2: ("wide", 2), 3: ("wide", 2)}
PRODUCTS_PLAN: GradientPlan = dict.fromkeys(range(1, 6), ("products", 2))


def gradient_plan(flags: frozenset[str] | None = None) -> GradientPlan:
    """How the processor computes each convolution's weight gradient: by its instruction sets, never by a timing.

    The last bits depend on the method; so a run that continues after an interruption uses the one that it began with.
    """
    flags = processor_flags() if flags is None else flags
    if "avx512f" in flags:
        return WIDE_PLAN
    return PRODUCTS_PLAN if "avx2" in flags else {}


def use_fast_gradients(encoder: ConvEncoder, plan: GradientPlan) -> None:
    """Replace an encoder's convolutions by ones of the same weights and names whose gradient is computed as planned."""
    for i, (method, phases) in plan.items():
        encoder.convs[i] = FastGradientConv(cast("nn.Conv2d", encoder.convs[i]), method, phases)


class FastGradientConv(nn.Conv2d):
    """A convolution (1, k) without padding that shares another's weights; on graphics cards an ordinary one."""

    def __init__(self, conv: nn.Conv2d, method: GradientMethod, phases: int) -> None:
        super().__init__(conv.in_channels, conv.out_channels, (1, conv.kernel_size[1]), device="meta")
        self.weight, self.bias = conv.weight, conv.bias
        self._method: GradientMethod = method
        self._phases = phases

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (n, c, 1, m) of feature maps (n, c, 1, length)."""
        if x.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(x)
        weight, bias = self.weight, cast("Tensor", self.bias)
        if torch.is_autocast_enabled("cpu"):
            x, weight, bias = (each.to(torch.get_autocast_dtype("cpu")) for each in (x, weight, bias))
        found: Tensor = _Convolution.apply(x, weight, bias, self._method, self._phases)  # type: ignore[no-untyped-call]
        return found


class _Convolution(torch.autograd.Function):
    """Forward pass and data gradient are torch's."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, method: GradientMethod, phases: int) -> Tensor:
        """Convolve."""
        ctx.save_for_backward(x, weight)
        ctx.method, ctx.phases = method, phases
        return F.conv2d(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None, None]:
        """Gradients of input, weights and bias."""
        x, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        data = _gradients(x, weight, gradient, data=True)[0] if ctx.needs_input_grad[0] else None
        kernel = weight_gradient(x, gradient, weight, ctx.method, ctx.phases)
        return data, kernel, gradient.sum(dim=(0, 2, 3)), None, None


def weight_gradient(x: Tensor, gradient: Tensor, weight: Tensor, method: GradientMethod, phases: int) -> Tensor:
    """The gradient of a kernel (c_out, c_in, 1, k).

    Parameters
    ----------
    x : Tensor (n, c_in, 1, length)
        Input of the convolution.
    gradient : Tensor (n, c_out, 1, length - k + 1)
        Of its output.
    weight : Tensor (c_out, c_in, 1, k)
        The kernel.
    method : str
        ``wide``, ``products``, or ``torch`` for its own.
    phases : int
        Outputs that are taken as channels.
    """
    if method == "torch":
        return _gradients(x, weight, gradient, data=False)[1]
    by_phase = _wide(x, gradient, weight, phases) if method == "wide" else _products(x, gradient, weight, phases)
    taps = weight.shape[-1]
    total = torch.stack([by_phase[p, :, p : p + taps] for p in range(phases)]).sum(dim=0)  # bf16 sums in float32
    return total.permute(0, 2, 1)[:, :, None]


def _wide(x: Tensor, gradient: Tensor, weight: Tensor, phases: int) -> Tensor:
    """Gradients (phases, c_out, taps, c_in) of each phase's kernel, by a convolution with more channels."""
    (c_out, c_in, _, k), n = weight.shape, len(x)
    blocks = -(-gradient.shape[-1] // phases)
    wide_taps = -(-(k - 1) // phases) + 1
    wide_x = _rows(x, (blocks + wide_taps - 1) * phases).reshape(n, 1, -1, phases * c_in).permute(0, 3, 1, 2)
    wide_gradient = _rows(gradient, blocks * phases).reshape(n, 1, blocks, phases * c_out).permute(0, 3, 1, 2)
    kernel = x.new_empty(phases * c_out, phases * c_in, 1, wide_taps).to(memory_format=torch.channels_last)
    found = _gradients(wide_x, kernel, wide_gradient, data=False)[1]
    # Tap t of phase p is block t // phases, phase t % phases of the input.
    apart = found.reshape(phases, c_out, phases, c_in, wide_taps).permute(0, 1, 4, 2, 3)
    return apart.reshape(phases, c_out, wide_taps * phases, c_in)


def _products(x: Tensor, gradient: Tensor, weight: Tensor, phases: int) -> Tensor:
    """The same by matrix products over rows of the input that span all taps of all phases."""
    (c_out, c_in, _, k), n = weight.shape, len(x)
    span = k + phases - 1  # input samples that one row of outputs meets
    rounds = -(-span // phases)  # a row every `phases` outputs overlaps its neighbours: take each in a round of its own
    step = rounds * phases
    length = -(-x.shape[-1] // step) * step
    rows = n * length // step
    flat = x.new_zeros(n * length + span, c_in)
    flat[: n * length].view(n, length, c_in)[:, : x.shape[-1]] = _samples(x)
    outputs = _rows(gradient, length).reshape(rows, step * c_out)
    total = x.new_zeros(phases * c_out, span * c_in)
    for i in range(rounds):
        own = outputs[:, i * phases * c_out : (i + 1) * phases * c_out]
        met = flat.as_strided((rows, span * c_in), (step * c_in, 1), i * phases * c_in)
        total.addmm_(own.t(), met)
    return total.view(phases, c_out, span, c_in)


def _samples(maps: Tensor) -> Tensor:
    """Feature maps (n, c, 1, length) as (n, length, c): no copy in channels-last memory."""
    return maps.permute(0, 2, 3, 1)[:, 0]


def _rows(maps: Tensor, length: int) -> Tensor:
    """Feature maps as (n, length, c), cut or padded with zeros."""
    samples = _samples(maps)
    return F.pad(samples, (0, 0, 0, length - samples.shape[1])).contiguous()


def _gradients(x: Tensor, weight: Tensor, gradient: Tensor, *, data: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Torch's own gradient of the input, or else of the weights."""
    mask = [data, not data, False]
    found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, mask
    )
    return found
