"""From the answers and ratings of a recorded session to the labels of its blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite

from ecg_live.errors import DatasetError
from ecg_live.events import AFFECT_DIMENSIONS, AFFECT_SCALE
from ecg_live.study.marker_texts import spans
from ecg_live.xdf.self_reports import SelfReportRow
from training.datasets.dataset import Annotation, LabelTrack, LabelValue, Rating
from training.datasets.joined_annotations import WINDOW_S
from training.datasets.session_annotations import Stretch, outside
from training.datasets.session_file import SessionFile

CONTINUOUS_REPORT = "continuous"  # in the place of a report's name, for a rating by hand during a block
UNBLOCKED_SPAN_S = 60.0  # before a question that belongs to no block, which its answer labels
MAX_HELD_S = 1.0  # that a sample of a continuous rating holds: they come at 20 Hz, and end with the button
MIN_REST_SHARE = 0.5  # of a block that lies within a resting baseline, to be rest


@dataclass(slots=True)
class _LabelledSpan:
    """A stretch of stream time, what happened in it, and its labels."""

    start: float
    stop: float
    name: str
    labels: dict[str, LabelValue] = field(default_factory=dict)
    rest: bool = False


class LabelNames:
    """Name of the label that each item of each self-report gives: the item's, or both names where two reports have it.

    Parameters
    ----------
    files : iterable of SessionFile
        All files of the data set.

    Raises
    ------
    DatasetError
        A label is on two scales.
    """

    def __init__(self, files: Iterable[SessionFile]) -> None:
        self._scales: dict[tuple[str, str], Rating] = {}
        self.kinds: dict[str, str] = {}
        for file in files:
            for row in file.answers:
                if row.scale is not None:
                    self._add(row.report, row.item, Rating(*row.scale), file)
                    self.kinds[row.report] = row.kind
            if len(file.rated):
                for item in AFFECT_DIMENSIONS:
                    self._add(CONTINUOUS_REPORT, item, Rating(*AFFECT_SCALE), file)
        self._counts = Counter(item for _, item in self._scales)

    def _add(self, report: str, item: str, scale: Rating, file: SessionFile) -> None:
        known = self._scales.setdefault((report, item), scale)
        if known != scale:
            ends = " and ".join(f"{each.low:g} to {each.high:g}" for each in (known, scale))
            raise DatasetError(
                f"{file.path.name}: {report}/{item} is on two scales, {ends}", "keep sessions with one scale together"
            )

    @property
    def continuous(self) -> bool:
        """Whether there is a continuous rating."""
        return any(report == CONTINUOUS_REPORT for report, _ in self._scales)

    @property
    def scales(self) -> dict[str, Rating]:
        """The scale of each label."""
        return {self.name(*each): scale for each, scale in self._scales.items()}

    def name(self, report: str, item: str) -> str:
        """The label of an item."""
        return item if self._counts[item] == 1 else f"{report}/{item}"


def label_session(
    recordings: Sequence[Sequence[SessionFile]],
    excluded: Sequence[Sequence[Stretch]],
    names: LabelNames,
    remarks: list[str],
) -> list[tuple[Annotation, ...]]:
    """Annotations of each recording of a session, in order of time and without overlap.

    An answer labels the block that it was asked after, or, outside of any block, the minute before the question;
    a continuous rating labels the block in which it was given. In a session that went on after a cut, the block may be
    in the recording before. What cannot be used goes to ``remarks``.

    Parameters
    ----------
    recordings : sequence of sequence of SessionFile
        The files of each recording, in the order in which they were made.
    excluded : sequence of sequence of Stretch
        What was excluded of each afterwards: no annotation touches it.
    names : LabelNames
    remarks : list of str
    """
    blocks: list[list[_LabelledSpan]] = []
    for files in recordings:
        earlier = [run for before in blocks for run in before]
        blocks.append(_blocks(files))
        for file in files:
            for row in file.answers:
                _add_answer(row, blocks[-1], earlier, names, f"{file.path.name}, {row.report}/{row.item}", remarks)
    for files, own in zip(recordings, blocks, strict=True):
        _add_ratings(files, own, names)
        _add_rests(files, own)
    return [
        tuple(_annotations(files, _separate(own, files[0].path.name, remarks), left_out))
        for files, own, left_out in zip(recordings, blocks, excluded, strict=True)
    ]


def _blocks(files: Sequence[SessionFile]) -> list[_LabelledSpan]:
    """Blocks that ran to their end, and one that the end of the recording cut."""
    end = files[-1].stop
    runs = spans(marker for file in files for marker in file.markers)
    return [
        _LabelledSpan(run.start, end if run.stop is None else run.stop, run.name)
        for run in runs
        if run.kind == "block" and not run.aborted
    ]


def _add_answer(
    row: SelfReportRow,
    blocks: list[_LabelledSpan],
    earlier: Sequence[_LabelledSpan],
    names: LabelNames,
    where: str,
    remarks: list[str],
) -> None:
    """Add an answer to the span that it is about, which may lie in an ``earlier`` recording of the session."""
    if row.value is None or row.scale is None:
        return
    if not row.scale[0] <= row.value <= row.scale[1]:
        ends = f"{row.scale[0]:g} to {row.scale[1]:g}"
        remarks.append(f"{where} is {row.value:g}, expected {ends}; left out")
        return
    run = _asked_about(row, blocks) or [each for each in earlier if each.name and each.name == row.block]
    if not run:
        remarks.append(f"{where}: no block {row.block} ran to its end before it in this session; left out")
        return
    label = names.name(row.report, row.item)
    if label in run[-1].labels:
        remarks.append(f"{where}: asked twice after one block; the newest answer counts")
    run[-1].labels[label] = row.value


def _asked_about(row: SelfReportRow, blocks: list[_LabelledSpan]) -> list[_LabelledSpan]:
    """Runs of an answer's block before it; the minute before a question that belongs to none, which is added."""
    asked = row.shown if isfinite(row.shown) else row.time
    if row.block:
        return [each for each in blocks if each.name == row.block and each.start <= asked]
    known = [each for each in blocks if not each.name and each.stop == asked]
    if not known:
        known = [_LabelledSpan(asked - UNBLOCKED_SPAN_S, asked, "")]
        blocks.append(known[0])
    return known


def _add_ratings(files: Sequence[SessionFile], blocks: list[_LabelledSpan], names: LabelNames) -> None:
    """Add the continuous rating to the blocks in which it was given; without blocks, to all of its time."""
    times = [time for file in files for time in file.rated.tolist()]
    values = [value for file in files for value in file.ratings.tolist()]
    if times and not any(each.name for each in blocks):
        blocks.append(_LabelledSpan(times[0], times[-1] + MAX_HELD_S, CONTINUOUS_REPORT))
    for block in blocks:
        inside = [k for k, time in enumerate(times) if block.start <= time < block.stop and block.name]
        if inside:
            for column, item in enumerate(AFFECT_DIMENSIONS):
                own = [(times[k], values[k][column]) for k in inside]
                block.labels[names.name(CONTINUOUS_REPORT, item)] = _track(own, block.stop)


def _track(samples: Sequence[tuple[float, float]], stop: float) -> LabelTrack:
    """A rating that holds from sample to sample, and not while the button was up."""
    steps: list[tuple[float, float | None]] = []
    following = [time for time, _ in samples[1:]] + [stop]
    for (time, value), after in zip(samples, following, strict=True):
        steps.append((time, value))
        if after - time > MAX_HELD_S:
            steps.append((time + MAX_HELD_S, None))
    return LabelTrack(tuple(time for time, _ in steps), tuple(value for _, value in steps), stop)


def _add_rests(files: Sequence[SessionFile], blocks: list[_LabelledSpan]) -> None:
    """Blocks within a resting baseline are rest; one outside of any block is a stretch of its own."""
    for start, stop in (rest for file in files for rest in file.rests):
        within = [each for each in blocks if each.name and _shared(each, start, stop) > 0]
        for block in within:
            if _shared(block, start, stop) >= MIN_REST_SHARE * (block.stop - block.start):
                block.rest = True
        if not within:
            blocks.append(_LabelledSpan(start, stop, "", rest=True))


def _shared(block: _LabelledSpan, start: float, stop: float) -> float:
    return min(block.stop, stop) - max(block.start, start)


def _separate(blocks: list[_LabelledSpan], where: str, remarks: list[str]) -> list[_LabelledSpan]:
    """Spans with a label or rest, without overlap: what lies outside of blocks gives way to what does not."""
    kept: list[_LabelledSpan] = []
    for each in sorted(blocks, key=lambda span: (not span.name, span.start)):
        over = [other.stop for other in kept if other.start < each.stop and other.stop > each.start]
        start = max([each.start, *over])
        if (each.name or each.stop - start >= WINDOW_S) and (each.labels or each.rest):
            each.start = start
            kept.append(each)
        elif each.labels:
            remarks.append(f"{where}: {max(0.0, each.stop - start):.0f} s before a question are too few for a window")
    return sorted(kept, key=lambda span: span.start)


def _annotations(
    files: Sequence[SessionFile], labelled: Sequence[_LabelledSpan], excluded: Sequence[Stretch]
) -> Iterable[Annotation]:
    """The pieces of each span that lie in each file and were not excluded, in seconds of that file."""
    for part, file in enumerate(files):
        for each in labelled:
            begin, end = max(each.start, file.start), min(each.stop, file.stop)
            for start, stop in outside(begin, end, excluded) if end > begin else ():
                labels = {name: _moved(value, file.start) for name, value in each.labels.items()}
                stimulus = "" if each.name == CONTINUOUS_REPORT else each.name
                yield Annotation(part, start - file.start, stop - file.start, labels, each.rest, stimulus)


def _moved(value: LabelValue, start: float) -> LabelValue:
    if not isinstance(value, LabelTrack):
        return value
    return LabelTrack(tuple(time - start for time in value.times), value.values, value.stop - start)


def block_orders(recordings: Iterable[tuple[Annotation, ...]]) -> dict[tuple[str, ...], int]:
    """How many recordings had their labelled blocks in which order."""
    return Counter(
        tuple(dict.fromkeys(each.stimulus for each in listed if each.labels and each.stimulus)) for listed in recordings
    )
