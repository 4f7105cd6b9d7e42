"""The stages of many paths at once, for steps of a second: resampling, filter, scale, quality of raw seconds."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES
from ecg_live.events import F32, F64
from ecg_live.signal import highpass, raw_quality, zscore
from ecg_live.signal.compiled_filter import filter_sections
from ecg_live.signal.order_statistics import interpolated_rows, row_medians
from ecg_live.signal.raw_quality import PIECES_PER_BLOCK, RawBlock, RawQualityMeter, piece_medians
from ecg_live.signal.resample import Resampler

Alignment = tuple[int, ...]  # equal for paths whose next step is the same arithmetic


def resampler_alignment(stage: Resampler) -> Alignment:
    """How a resampler's next outputs lie to the inputs that it holds."""
    newest, phase = divmod(stage.state.n_out * stage.down + stage.half, stage.up)
    return stage.up, stage.down, phase, newest - stage.state.origin, len(stage.state.x)


def resample(stages: Sequence[Resampler], x: F64) -> F64:
    """The next 256 outputs (b, 256) of aligned resamplers, which take (b, n) samples; as `Resampler.push`."""
    one = stages[0]
    first = np.array([stage.state.first[0] for stage in stages])
    held = np.stack([stage.state.x[:, 0] for stage in stages])
    inputs = np.ascontiguousarray(np.concatenate((held, x - first[:, None]), axis=1).T)  # (time, b)
    newest, phase = np.divmod(
        np.arange(one.state.n_out, one.state.n_out + BLOCK_SAMPLES, dtype=np.int64) * one.down + one.half, one.up
    )
    places, length = one.phases.shape
    taps, at = one.phases[phase * places // one.up], newest + (1 - length - one.state.origin)
    y = inputs[at] * taps[:, :1]
    product = np.empty_like(y)
    for k in range(1, length):  # one product after the other, in the order of time
        np.multiply(inputs[at + k], taps[:, k, None], out=product)
        y += product
    _advance(stages, inputs, x.shape[1])
    return np.asarray(np.ascontiguousarray(y.T) + first[:, None])


def _advance(stages: Sequence[Resampler], inputs: F64, taken: int) -> None:
    """Note 256 outputs, and keep of the inputs (time, b) what the next one needs."""
    one = stages[0]
    newest = ((one.state.n_out + BLOCK_SAMPLES) * one.down + one.half) // one.up
    drop = max(0, newest + 1 - one.phases.shape[1] - one.state.origin)
    kept = inputs[drop:].T.copy()
    for stage, row in zip(stages, kept, strict=True):
        state = stage.state
        state.x, state.origin = row[:, None].copy(), state.origin + drop
        state.n_in, state.n_out = state.n_in + taken, state.n_out + BLOCK_SAMPLES


def highpass_filter(stages: Sequence[highpass.HighPass], x: F64) -> F64:
    """Filtered samples (b, n) of filters that have begun; as `HighPass.push`."""
    state = np.concatenate([stage.state for stage in stages if stage.state is not None])
    y, after = filter_sections(highpass.SECTIONS, x, state)
    for k, stage in enumerate(stages):
        stage.state = after[k : k + 1].copy()
    return y


def scale_blocks(stages: Sequence[zscore.StreamingZScore], x: F64) -> F32:
    """Normalised whole blocks (b, 256); as `StreamingZScore.push` at a block's start."""
    mean, var = _clipped_mean_var(x)
    used = [stage.using for stage in stages]
    shift = np.array([mean[k] if known is None else known.mean for k, known in enumerate(used)])
    spread = [max(sqrt(var[k] if known is None else known.var), zscore.MIN_SD_MV) for k, known in enumerate(used)]
    for stage, m, v in zip(stages, mean.tolist(), var.tolist(), strict=True):
        stage.learn_block(m, v)
    return np.asarray((x - shift[:, None]) / np.array(spread)[:, None], dtype=np.float32)


def _clipped_mean_var(x: F64) -> tuple[F64, F64]:
    """Mean and variance (b,) of blocks (b, n) after clipping; as `zscore.clipped_mean_var`."""
    low, high = interpolated_rows(np.sort(x, axis=1), zscore.CLIP_PERCENTILES)
    clipped = np.minimum(np.maximum(x, low[:, None]), high[:, None])
    mean = np.add.reduce(clipped, axis=1) / x.shape[1]
    deviation = clipped - mean[:, None]
    return mean, np.add.reduce(deviation * deviation, axis=1) / x.shape[1]


def meter_alignment(meter: RawQualityMeter, samples: int) -> Alignment | None:
    """How the seconds of a meter lie to its next samples; None unless exactly one ends within them."""
    held, missing = len(meter.held), meter.missing
    return (held, missing) if missing <= samples < meter.missing_after(1) else None


def assess_blocks(meters: Sequence[RawQualityMeter], x: F64) -> None:
    """Take raw samples (b, n) of aligned meters, in which one second ends; as `RawQualityMeter.push`."""
    missing = meters[0].missing
    block = np.concatenate((np.stack([meter.held for meter in meters]), x[:, :missing]), axis=1)
    low, high = block.min(axis=1), block.max(axis=1)
    medians = _piece_medians(block)
    limits = [meter.rails(*each) for meter, *each in zip(meters, low.tolist(), high.tolist(), strict=True)]
    bottom, top, most = np.array(limits).T
    shares = np.mean((block <= bottom[:, None]) | (block >= top[:, None]), axis=1)
    span = high - low
    railed = (span > raw_quality.MAX_FLAT_SPAN_MV) & (shares > most)
    rest = x[:, missing:]
    for k, meter in enumerate(meters):
        meter.hold(x[k, :missing])
        meter.end_block(RawBlock(float(span[k]), bool(railed[k]), tuple(medians[k])))
        meter.hold(rest[k].copy())


def _piece_medians(x: F64) -> list[list[float]]:
    """Medians of the quarters of each second (b, n); as `raw_quality.piece_medians`."""
    rows, length = x.shape
    if length % PIECES_PER_BLOCK:
        return [piece_medians(row) for row in x]
    found: list[list[float]] = row_medians(x.reshape(rows * PIECES_PER_BLOCK, -1)).reshape(rows, -1).tolist()
    return found
