"""Read DREAMER and AMIGOS from MATLAB files: each subject's trials in order, with their ratings.

Layouts as public readers of both data sets index them (Katsigiannis & Ramzan 2018; Miranda-Correa et al. 2018).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from devices.files import channels, timestamps
from devices.files.matlab.cells import as_cells, as_numbers, as_signal, struct_field, struct_fields
from devices.files.matlab.format5 import MatArray, MatValue, read_variables
from ecg_live.errors import FormatError
from ecg_live.events import F64, SignalKind

MAT_VARIABLES = ("DREAMER", "joined_data", "ECG_DATA", "labels_selfassessment", "data", "labels")
SKIPPED_FIELDS = ("EEG",)  # most of the DREAMER file
DREAMER_RATE_HZ = 256.0  # where the file does not state it
AMIGOS_RATE_HZ = 128.0  # of the preprocessed signals
DREAMER_SCORES = {"valence": "ScoreValence", "arousal": "ScoreArousal", "dominance": "ScoreDominance"}
AMIGOS_CHANNELS = ("ECG right", "ECG left")
AMIGOS_CHANNEL_REMARK = "which of its channels is ECG right and which is ECG left is unsure"  # of original files
AMIGOS_SCORES = ("arousal", "valence", "dominance", "liking", "familiarity")  # the first five of twelve columns
DEAP_RATE_HZ = 128.0  # of the preprocessed signals
DEAP_PULSE_ROW = 38  # of 40 channels: the plethysmograph
DEAP_CHANNELS = 40
DEAP_SCORES = ("valence", "arousal", "dominance", "liking")  # columns of its labels
TrialCell = tuple[str, int, MatValue, Mapping[str, float]]  # kind, number, cell and ratings of a trial
AMIGOS_ORIGINAL_RATE_HZ = 256.0  # the paper's
_UNITS_PER_SECOND = (1.0, 1e3, 32768.0)  # timestamps of a Shimmer may be in s, ms or ticks
_PLAUSIBLE_RATES_HZ = (100.0, 1024.0)  # the range in which only one of these units is plausible
_MAX_DURATION_MISMATCH_S = 0.5  # between timestamps and number of samples


class TrialSignal(NamedTuple):
    """One trial: ``samples`` (n, 2) as in the file, its ratings, timestamps (n,) where the file has them."""

    kind: str
    number: int
    samples: F64
    ratings: Mapping[str, float]
    times: F64 | None = None

    @property
    def name(self) -> str:
        """Such as "film 3"."""
        return f"{self.kind} {self.number}"


class SubjectTrials(NamedTuple):
    """All trials of a subject that have a signal, in order, and remarks on what was left out."""

    trials: tuple[TrialSignal, ...]
    remarks: tuple[str, ...]


class TrialFile(NamedTuple):
    """A file: its layout, rate in Hz, names of its channels, its subjects, remarks on all of it, and what it holds."""

    layout: str
    rate: float
    channels: tuple[str, ...]
    subjects: tuple[SubjectTrials, ...]
    remarks: tuple[str, ...] = ()
    signal: SignalKind = "ecg"


class _TrialColumns(NamedTuple):
    """Columns of a trial: possible numbers of them, the two of the ECG, and whether the first is time."""

    widths: tuple[int, ...]
    ecg: tuple[int, int]
    timed: bool = False


_DREAMER_COLUMNS = _TrialColumns((2,), (0, 1))
_AMIGOS_COLUMNS = _TrialColumns((17, 16), (14, 15))
_AMIGOS_ORIGINAL_COLUMNS = _TrialColumns((6,), (1, 2), timed=True)


def read_trial_file(path: Path) -> TrialFile:
    """Read a file of DREAMER or AMIGOS. All subjects of DREAMER are in memory at once, without their EEG.

    Raises
    ------
    FormatError
        It is damaged, or laid out in another way.
    """
    state = path.stat()
    return _read_unless_cached(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1)  # the subjects of DREAMER are opened one after the other
def _read_unless_cached(path: Path, _changed: int, _size: int) -> TrialFile:
    found = read_variables(path, MAT_VARIABLES, SKIPPED_FIELDS)
    if "DREAMER" in found:
        return _dreamer_file(found["DREAMER"], path.name)
    if isinstance(signals := found.get("data"), np.ndarray) and "joined_data" not in found:
        return _deap_file(signals, as_numbers(found.get("labels")), path.name)
    ratings = _amigos_ratings(found.get("labels_selfassessment"), path.name)
    if "joined_data" in found:
        videos = as_cells(found["joined_data"], f"{path.name}: joined_data")
        return TrialFile(
            "AMIGOS, preprocessed",
            AMIGOS_RATE_HZ,
            AMIGOS_CHANNELS,
            (_amigos_subject(videos, ratings, _AMIGOS_COLUMNS),),
        )
    if "ECG_DATA" not in found:
        raise FormatError(f"{path.name}: found {', '.join(found)}, expected joined_data as well", "download it again")
    videos = as_cells(found["ECG_DATA"], f"{path.name}: ECG_DATA")
    rate, subject = check_trial_rates(_amigos_subject(videos, ratings, _AMIGOS_ORIGINAL_COLUMNS))
    return TrialFile("AMIGOS, original", rate, AMIGOS_CHANNELS, (subject,), (AMIGOS_CHANNEL_REMARK,))


def _deap_file(signals: MatArray, ratings: F64, name: str) -> TrialFile:
    """DEAP, preprocessed: ``data`` (trials, 40, samples) and ``labels`` (trials, 4); pulse, no ECG."""
    if signals.ndim != 3 or signals.shape[1] != DEAP_CHANNELS:
        raise FormatError(
            f"{name}: data has the shape {signals.shape}, expected (trials, {DEAP_CHANNELS}, samples)",
            "give a preprocessed file of DEAP",
        )
    if len(ratings) != len(signals) * len(DEAP_SCORES):
        raise FormatError(
            f"{name}: labels has {len(ratings)} values, expected {len(DEAP_SCORES)} for each of {len(signals)} trials",
            "download it again",
        )
    trials = tuple(
        TrialSignal(
            "video",
            i,
            pulse.astype(np.float64)[:, None],
            {label: float(value) for label, value in zip(DEAP_SCORES, row, strict=True) if np.isfinite(value)},
        )
        for i, (pulse, row) in enumerate(
            zip(signals[:, DEAP_PULSE_ROW], ratings.reshape(len(signals), -1), strict=True), 1
        )
    )
    return TrialFile("DEAP, preprocessed", DEAP_RATE_HZ, ("Plet",), (SubjectTrials(trials, ()),), (), "ppg")


def _dreamer_file(variable: MatValue, name: str) -> TrialFile:
    subjects = as_cells(struct_field(variable, "Data", f"{name}: DREAMER"), f"{name}: Data")
    stated = as_numbers(struct_fields(variable, name).get("ECG_SamplingRate"))
    rate = float(stated[0]) if len(stated) == 1 else DREAMER_RATE_HZ
    found = tuple(_dreamer_subject(subject, f"{name}: subject {i}") for i, subject in enumerate(subjects, 1))
    return TrialFile("DREAMER", rate, ("ECG 1", "ECG 2"), found)


def _dreamer_subject(subject: MatValue, where: str) -> SubjectTrials:
    ecg = struct_field(subject, "ECG", where)
    baselines = as_cells(struct_field(ecg, "baseline", f"{where}: ECG"), f"{where}: baseline")
    films = as_cells(struct_field(ecg, "stimuli", f"{where}: ECG"), f"{where}: stimuli")
    wrong: list[tuple[str, str]] = []
    ratings: list[dict[str, float]] = [{} for _ in films]
    for label, column in DREAMER_SCORES.items():
        values = as_numbers(struct_field(subject, column, where))
        if len(values) != len(films):  # unknown which film lacks one
            wrong.append((column, f"{len(values)} values for {len(films)} films"))
            continue
        for given, value in zip(ratings, values, strict=True):
            given.update({label: float(value)} if np.isfinite(value) else {})
    before: list[TrialCell] = [("baseline", i, cell, {}) for i, cell in enumerate(baselines, 1)]
    shown: list[TrialCell] = [("film", i, *pair) for i, pair in enumerate(zip(films, ratings, strict=True), 1)]
    return _subject_trials(
        sorted(before + shown, key=lambda trial: trial[1]), _DREAMER_COLUMNS, wrong
    )  # a baseline before its film


def _amigos_ratings(variable: MatValue, name: str) -> list[dict[str, float]]:
    """Return the ratings of each video; empty for a cell without them."""
    rows = (
        [as_numbers(cell) for cell in as_cells(variable, f"{name}: labels_selfassessment")]
        if variable is not None
        else []
    )
    return [
        {label: float(value) for label, value in zip(AMIGOS_SCORES, row, strict=False) if np.isfinite(value)}
        if len(row) >= len(AMIGOS_SCORES)
        else {}
        for row in rows
    ]


def _amigos_subject(
    videos: Sequence[MatValue], ratings: Sequence[Mapping[str, float]], table: _TrialColumns
) -> SubjectTrials:
    wrong: list[tuple[str, str]] = []
    if len(ratings) != len(videos):
        if ratings:
            wrong.append(("labels_selfassessment", f"{len(ratings)} cells for {len(videos)} videos"))
        ratings = [{}] * len(videos)
    shown: list[TrialCell] = [("video", i, *pair) for i, pair in enumerate(zip(videos, ratings, strict=True), 1)]
    return _subject_trials(shown, table, wrong)


def _subject_trials(cells: Sequence[TrialCell], table: _TrialColumns, wrong: list[tuple[str, str]]) -> SubjectTrials:
    """Collect the ECG of all trials that have one."""
    trials: list[TrialSignal] = []
    for kind, number, cell, ratings in cells:
        columns = as_signal(cell, table.widths)
        if isinstance(columns, str):
            wrong.append((f"{kind} {number}", columns))
            continue
        ecg = columns[:, table.ecg].astype(np.float64)
        times = columns[:, 0].astype(np.float64) if table.timed else None
        if np.isfinite(ecg).any():
            trials.append(TrialSignal(kind, number, ecg, ratings, times))
        else:
            wrong.append((f"{kind} {number}", "no ECG but NaN"))
    return SubjectTrials(tuple(trials), group_faults(wrong))


def group_faults(wrong: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Join equal faults into one line each, such as "video 17, video 18: empty"."""
    faults = dict.fromkeys(fault for _, fault in wrong)
    return tuple(f"{', '.join(name for name, other in wrong if other == fault)}: {fault}" for fault in faults)


def check_trial_rates(subject: SubjectTrials) -> tuple[float, SubjectTrials]:
    """Return the rate (Hz) that most trials' timestamps show, and the subject without trials of another rate."""
    rates = [_trial_rate(trial.times) for trial in subject.trials]
    known = Counter(shown[0] for shown in rates if shown is not None)
    if not known:
        unsure = f"the time stamps show no rate: {AMIGOS_ORIGINAL_RATE_HZ:g} Hz is assumed"
        return AMIGOS_ORIGINAL_RATE_HZ, subject._replace(remarks=(*subject.remarks, unsure))
    rate = known.most_common(1)[0][0]
    wrong = (
        []
        if rate == AMIGOS_ORIGINAL_RATE_HZ
        else [("the rate", f"{rate:g} Hz by the time stamps, expected {AMIGOS_ORIGINAL_RATE_HZ:g} Hz")]
    )
    kept: list[TrialSignal] = []
    for trial, shown in zip(subject.trials, rates, strict=True):
        if shown is not None and shown[0] != rate:
            wrong.append((trial.name, f"left out: recorded with {shown[0]:g} Hz, the others with {rate:g} Hz"))
            continue
        kept.append(trial)
        if shown is not None and trial.times is not None:
            spare = float(trial.times[-1] - trial.times[0]) / shown[1] - (len(trial.times) - 1) / rate
            if abs(spare) > _MAX_DURATION_MISMATCH_S:
                wrong.append((trial.name, f"time stamps and number of samples differ by {spare:.1f} s"))
    return rate, SubjectTrials(tuple(kept), subject.remarks + group_faults(wrong))


def _trial_rate(times: F64 | None) -> tuple[float, float] | None:
    """Return the rate (Hz) that timestamps show, and the units per second that make it plausible; None if none do."""
    interval = None if times is None else timestamps.fit_interval(times)
    if interval is None:
        return None
    rates = [(channels.snap_to_nominal(second / interval), second) for second in _UNITS_PER_SECOND]
    return next((shown for shown in rates if _PLAUSIBLE_RATES_HZ[0] <= shown[0] <= _PLAUSIBLE_RATES_HZ[1]), None)
