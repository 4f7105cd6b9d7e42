"""Score one recording: the session of ``ecg-live run`` without pace, its predictions as rows of a table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

from devices.read_options import ReadOptions
from devices.uri import check_source, open_source
from ecg_live.errors import EcgLiveError
from ecg_live.events import State
from ecg_live.freed_memory import keep_freed_memory
from ecg_live.model.bundle import Bundle, load_bundle
from ecg_live.model.card import check_signal
from ecg_live.model.predictor import Predictor
from ecg_live.recorded.score.columns import window_columns, window_row
from ecg_live.recorded.score.parts import PartStore, recording_stamp
from ecg_live.results import HrvResult, Item, Prediction
from ecg_live.session import Session
from ecg_live.signal.pipeline import SignalPath
from ecg_live.signal.sliding_hrv import DEFAULT_SPAN_S
from ecg_live.tables import RowWriter, write_table

MAX_WARNINGS = 10  # of a recording, in its row


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What the numbers depend on beside the recording.

    Parameters
    ----------
    model : Path
        Bundle.
    sha256 : str
        Digest of the bundle's file.
    read : ReadOptions
        Channel, rate, unit and gain of all recordings.
    hop, baseline : float
        Seconds, as of ``run``.
    show_unproven : bool
        Heads answer that are not shown to beat chance.
    """

    model: Path
    sha256: str
    read: ReadOptions
    hop: float = 1.0
    baseline: float = 0.0
    show_unproven: bool = False

    def as_text(self) -> dict[str, str]:
        """All that the numbers depend on, by name; where the bundle lies does not count."""
        read = {name: value for name, value in asdict(self.read).items() if name != "speed"}
        own = {"model": self.sha256, "hop": self.hop, "baseline": self.baseline, "show_unproven": self.show_unproven}
        own["hrv"] = DEFAULT_SPAN_S
        return {name: str(value) for name, value in (own | read).items()}


@dataclass(frozen=True, slots=True)
class ScoreTask:
    """One recording to score, and where its rows go."""

    path: Path
    key: str
    options: ScoreOptions
    parts: PartStore


def score_recording(task: ScoreTask) -> dict[str, Any]:
    """Write the rows of a recording's windows to its part of the table, and return its row of the table of files.

    A recording that cannot be read, or not to its end, has its ``error``; what came before is in the table.

    Raises
    ------
    RecordingError
        The part cannot be written.
    """
    keep_freed_memory()  # in whichever process this is
    before = recording_stamp(task.path)
    found: dict[str, Any] = {"error": None, "windows": 0}
    bundle = _bundle(task.options.model, task.options.sha256)
    with write_table(task.parts.table(task.key), window_columns(bundle.head_infos)) as table:
        try:
            found |= _run_session(task, bundle, table)
        except EcgLiveError as error:
            found["error"] = str(error)
        if recording_stamp(task.path) != before:
            found["error"] = f"{task.path} changed while it was read (run it again once it is complete)"
    task.parts.finish(task.key, found)
    return found


@cache
def _bundle(path: Path, _sha256: str) -> Bundle:
    """A bundle is loaded once in a process."""
    return load_bundle(path)


def _run_session(task: ScoreTask, bundle: Bundle, table: RowWriter) -> dict[str, Any]:
    options = task.options
    source = open_source(str(task.path), replace(options.read, speed=inf), time.monotonic)
    check_source(source)
    check_signal(bundle.card, source.info.signal, task.path.name)
    path = SignalPath(source.info, options.hop)
    predictor = Predictor(bundle, options.hop, options.baseline, show_unproven=options.show_unproven)
    rows = _RowSink(table.write)
    session = Session(source, path, predictor, bundle.head_infos, [rows], time.monotonic, watched=False)
    session.run()
    summary = session.summary
    rates = rows.heart_rates
    return {
        "error": None if session.error is None else str(session.error),
        "warnings": "; ".join(rows.warnings) or None,
        "seconds": path.samples / source.info.rate,
        "rate": source.info.rate,
        "samples": path.samples if summary is None else summary.samples,
        "lost": 0 if summary is None else summary.lost,
        "paused": 0 if summary is None else summary.paused,
        "windows": rows.grades.total(),
        "abstained": 0 if summary is None else summary.abstained,
        **{grade: rows.grades[grade] for grade in ("good", "poor", "unusable")},
        "heart_rate": median(rates) if rates else None,
    }


class _RowSink:
    """Sink of a session: a row for each prediction, and what the row of the file counts."""

    name = "table"

    def __init__(self, write: Callable[[dict[str, Any]], None]) -> None:
        self._write = write
        self.grades: Counter[str] = Counter()
        self.heart_rates: list[float] = []
        self.warnings: list[str] = []
        self._variability: HrvResult | None = None  # the newest

    def write(self, item: Item) -> None:
        """Take an item."""
        if isinstance(item, Prediction):
            self.grades[item.quality.grade] += 1
            if item.heart_rate is not None:
                self.heart_rates.append(item.heart_rate)
            self._write(window_row(item, self._variability))
        elif isinstance(item, HrvResult):
            self._variability = item
        elif isinstance(item, State) and item.state == "warning" and len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(item.detail)

    def close(self) -> None:
        """Leave the table open: it belongs to the caller."""
