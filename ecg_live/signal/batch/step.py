"""One second of many paths at once, each to the bit what its own `SignalPath.push` gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ecg_live.constants import BLOCK_SAMPLES
from ecg_live.errors import EcgLiveError
from ecg_live.events import F64, Chunk
from ecg_live.results import Trace
from ecg_live.signal.batch import stages
from ecg_live.signal.batch.assessment import EnvelopeMemory, assess_windows
from ecg_live.signal.gaps import MAX_AMPLITUDE_MV
from ecg_live.signal.pipeline import PathOutput, SignalPath
from ecg_live.signal.segment import Segment


@dataclass(slots=True, eq=False)
class Step:
    """Contiguous chunks that complete the next second of a path at 256 Hz, and what the path makes of them.

    ``continued``: the first chunk is the rest of one whose beginning the path has. ``error`` is why the path failed at
    it, which is no other path's business.
    """

    path: SignalPath
    memory: EnvelopeMemory
    chunks: list[Chunk]
    continued: bool = False
    outputs: list[PathOutput] = field(default_factory=list)
    error: EcgLiveError | None = None

    @property
    def start(self) -> int:
        """Index of the first sample."""
        return self.chunks[0].start

    @property
    def stop(self) -> int:
        """Index after the last sample."""
        return self.chunks[-1].stop

    def samples(self) -> F64:
        """The ECG (n,)."""
        parts = [chunk.samples[:, self.path.channel] for chunk in self.chunks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def samples_to_next_second(path: SignalPath) -> int:
    """How many raw samples complete the next second of a path's segment, or the first one of a segment to come."""
    state = path.stages.resample.state
    seconds = state.n_out // BLOCK_SAMPLES + 1
    return path.stages.resample.inputs_for(seconds * BLOCK_SAMPLES) - state.n_in


def run_steps(steps: Sequence[Step]) -> None:
    """Run the steps of different paths, together where they are alike; all others as the path itself does."""
    groups: defaultdict[stages.Alignment, list[Step]] = defaultdict(list)
    for step in steps:
        if (alignment := _alignment(step)) is None:
            run_alone(step)
        else:
            groups[alignment].append(step)
    advanced = [step for group in groups.values() for step in _advance(group)]
    due = [(step, segment, path.next_cut(segment)) for step in advanced if (segment := (path := step.path).segment)]
    cuts = [(step, segment, cut) for step, segment, cut in due if cut is not None]
    windows = assess_windows([cut for _, _, cut in cuts], [step.memory for step, _, _ in cuts])
    for (step, _, _), window in zip(cuts, windows, strict=True):
        step.outputs.append(window)


def run_alone(step: Step) -> None:
    """Run a step as the path itself does."""
    try:
        for k, chunk in enumerate(step.chunks):
            for output in step.path.push(chunk, continued=step.continued and k == 0):
                step.outputs.append(output)
    except EcgLiveError as error:
        step.error = error


def _alignment(step: Step) -> stages.Alignment | None:
    """Equal for steps that are the same arithmetic; None for one that only the path itself can run.

    Such are the first second of a segment, one after a gap, and one whose windows do not end with it.
    """
    path, parts = step.path, step.path.stages
    samples = step.stop - step.start
    if (
        path.segment is None
        or parts.highpass.state is None
        or not parts.units.done
        or not parts.zscore.at_block_start
        or parts.resample.state.n_out % BLOCK_SAMPLES
        or path.hop % BLOCK_SAMPLES
        or not parts.gaps.continues_at(step.start)
        or samples != samples_to_next_second(path)
    ):
        return None
    blocks = stages.meter_alignment(parts.blocks, samples)
    return None if blocks is None else (samples, *blocks, *stages.resampler_alignment(parts.resample))


def _advance(group: list[Step]) -> list[Step]:
    """Advance aligned paths by a second; return those that were, without those with invalid samples."""
    x = np.stack([step.samples() for step in group])
    valid = np.abs(x).max(axis=1) <= MAX_AMPLITUDE_MV  # false for NaN
    if not valid.all():
        for step, fine in zip(group, valid, strict=True):
            if not fine:
                run_alone(step)
        group, x = [step for step, fine in zip(group, valid, strict=True) if fine], x[valid]
    if not group:
        return group
    parts = [step.path.stages for step in group]
    stages.assess_blocks([each.blocks for each in parts], x)
    resampled = stages.resample([each.resample for each in parts], x)
    filtered = stages.highpass_filter([each.highpass for each in parts], resampled)
    scaled = stages.scale_blocks([each.zscore for each in parts], filtered)
    traces = filtered.astype(np.float32)
    for k, step in enumerate(group):
        segment = step.path.segment
        assert segment is not None  # noqa: S101 - as `_alignment` found it
        _take_chunks(step, segment)
        for ring, row in zip(parts[k].rings, (resampled[k], filtered[k], scaled[k]), strict=True):
            ring.append(row)
        step.outputs.append(_trace(segment, parts[k].rings[1].stop - BLOCK_SAMPLES, traces[k].copy()))
        step.outputs += step.path.countdowns(segment)
    return group


def _take_chunks(step: Step, segment: Segment) -> None:
    """Note when the chunks of a step came, and that they are valid."""
    for chunk in step.chunks[step.continued :]:
        if len(chunk.samples):
            segment.chunk_times.append((chunk.start - segment.start, chunk.time))
    last = step.chunks[-1]
    channel = step.path.channel
    step.path.stages.gaps.take_valid(
        Chunk(last.samples[-1:, channel, None], step.stop - 1, last.time), step.stop - step.start
    )


def _trace(segment: Segment, first: int, samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Trace:
    """The high-passed second (256,) from an index of the 256 Hz grid on."""
    time = segment.session_clock(segment.raw_position(first))
    return Trace(samples, segment.raw_time(first), segment.number, time)
