"""Write a recording as contiguous EDF+: gaps are filled and annotated. Layout: Kemp & Olivan 2003."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import edfio
import numpy as np

from ecg_live.errors import FormatError
from ecg_live.events import F64, Chunk, Gap, Marker
from ecg_live.mask_runs import mask_runs
from ecg_live.recorded.annotated_file import event_text
from ecg_live.recorded.export.self_report_tables import self_report_spans
from ecg_live.recorded.open_signal import RecordedSignal
from ecg_live.recorded.output_file import atomic_output
from ecg_live.recorded.rr_intervals import RrSeries
from ecg_live.recorded.session_file import SessionContents

EQUIPMENT_CODE = "ecg-live"  # in the header, as what recorded it
DIGITAL_RANGE = -32768, 32767  # 16 bits
MAX_ANNOTATION_CHARACTERS = 200  # every record has room for the longest annotation
MAX_FILLED_GAP_S = 3600.0
PHYSICAL_RANGE_FACTOR = 1.001  # physical range over the range of the samples
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")  # what separates annotations, and other control characters
MAX_DATA_RECORD_S = 20  # for rates that are not integers
START_YEARS = range(1985, 2085)  # the start date has two digits for the year


class EdfExport(NamedTuple):
    """Written file, resolution (mV per digit), and number of filled samples."""

    path: Path
    step: float
    filled: int


class _FilledSignal(NamedTuple):
    """Samples (n, channels) without gaps, annotations, and number of filled samples."""

    samples: F64
    annotations: list[edfio.EdfAnnotation]
    filled: int


def write_edf(
    signal: RecordedSignal,
    contents: SessionContents | None,
    intervals: RrSeries,
    path: Path,
    source: Path,
    *,
    force: bool,
) -> EdfExport:
    """Write all channels in mV, on a range that clips nothing.

    Annotations are markers, self-reports, gaps, and RR intervals that are not normal.

    A gap is filled with the last sample before it: a flat line, which is easy to see and not a step for filters.

    Parameters
    ----------
    signal : RecordedSignal
    contents : SessionContents, optional
        Headers of a session's recording.
    intervals : RrSeries
        RR intervals; those that are not normal are annotated. All would hide the markers.
    path : Path
        The EDF file.
    source : Path
        The recording, which is never replaced.
    force : bool
        Replace an existing file.

    Raises
    ------
    RecordingError
        The file cannot be written, or the recording holds what EDF cannot.
    """
    filled = _fill_gaps(signal, path)
    filled.annotations.extend(_self_report_annotations(contents))
    filled.annotations.extend(_added_annotations(signal))
    filled.annotations.extend(_rr_annotations(intervals))
    samples, duration = _data_record(signal.rate)
    padding = -len(filled.samples) % samples
    if padding:
        begin = len(filled.samples) / signal.rate
        note = f"end of the recording, filled up with {padding} samples"
        filled.annotations.append(edfio.EdfAnnotation(begin, padding / signal.rate, note))
    padded = np.concatenate((filled.samples, np.repeat(filled.samples[-1:], padding, axis=0)))
    signals = [
        _edf_signal(name, column, samples / duration) for name, column in zip(signal.channels, padded.T, strict=True)
    ]
    began = _start_time(contents)
    edf = edfio.Edf(
        [each for each, _ in signals],
        patient=edfio.Patient(code=patient_code(contents.header_texts.get("participant", "") if contents else "")),
        recording=edfio.Recording(startdate=began.date() if began else None, equipment_code=EQUIPMENT_CODE),
        starttime=began.time().replace(microsecond=0) if began else None,
        data_record_duration=duration,
        annotations=filled.annotations,
    )
    with atomic_output(path, source, force=force) as part:
        edf.write(part)
    return EdfExport(path, max(step for _, step in signals), filled.filled)


def _fill_gaps(signal: RecordedSignal, path: Path) -> _FilledSignal:
    """Fill gaps and invalid samples, and collect their annotations and the markers."""
    blocks: list[F64] = []
    annotations: list[edfio.EdfAnnotation] = []
    stop = 0
    last = np.zeros(len(signal.channels))
    for item in signal.items():
        if isinstance(item, Chunk):
            samples = _forward_fill(item.samples, last)
            annotations += _invalid_annotations(item, signal.rate)
            blocks.append(samples)
            stop, last = item.stop, samples[-1]
        elif isinstance(item, Gap):
            if item.lost / signal.rate > MAX_FILLED_GAP_S:
                hours = item.lost / signal.rate / 3600
                raise FormatError(f"{path.name}: a gap of {hours:.1f} h is too long to fill", "export to CSV")
            blocks.append(np.repeat(last[None], item.lost, axis=0))
            annotations.append(_gap_annotation(item.start, item.lost, signal.rate, item.cause))
        elif isinstance(item, Marker):
            text = CONTROL_CHARACTERS.sub(" ", item.text).strip()[:MAX_ANNOTATION_CHARACTERS]
            annotations.append(edfio.EdfAnnotation(item.time, None, text or "marker"))
    if not stop:
        raise FormatError(f"{path.name}: there is no sample to export", "choose another file")
    filled = round(sum((each.duration or 0.0) * signal.rate for each in annotations))
    return _FilledSignal(np.concatenate(blocks), annotations, filled)


def _self_report_annotations(contents: SessionContents | None) -> Iterator[edfio.EdfAnnotation]:
    """Answers from when they were asked for; those before the first sample begin with it."""
    for span in self_report_spans(contents):
        text = CONTROL_CHARACTERS.sub(" ", span.text)[:MAX_ANNOTATION_CHARACTERS]
        onset = max(0.0, span.onset)
        yield edfio.EdfAnnotation(onset, max(0.0, span.onset + span.duration - onset), text)


def _added_annotations(signal: RecordedSignal) -> Iterator[edfio.EdfAnnotation]:
    """What was annotated after the session."""
    for each in signal.annotated.standing():
        text = CONTROL_CHARACTERS.sub(" ", event_text(each))[:MAX_ANNOTATION_CHARACTERS]
        onset = max(0.0, each.onset)
        if each.stop >= 0:
            yield edfio.EdfAnnotation(onset, each.stop - onset if each.duration else None, text)


def _forward_fill(samples: F64, last: F64) -> F64:
    """Replace NaN and infinite samples (n, channels) by the finite one before; ``last`` (channels,) starts."""
    known = np.isfinite(samples)
    if known.all():
        return samples
    stacked = np.concatenate((last[None], samples))
    at = np.maximum.accumulate(np.where(np.isfinite(stacked), np.arange(len(stacked))[:, None], 0), axis=0)
    return np.asarray(np.take_along_axis(stacked, at, axis=0)[1:])


def _invalid_annotations(chunk: Chunk, rate: float) -> Iterator[edfio.EdfAnnotation]:
    """Annotations of the runs in which a channel has invalid samples."""
    missing = ~np.isfinite(chunk.samples).all(axis=1)
    for begin, end in mask_runs(missing).tolist():
        yield _gap_annotation(chunk.start + begin, end - begin, rate, "invalid samples")


def _gap_annotation(start: int, count: int, rate: float, cause: str) -> edfio.EdfAnnotation:
    why = CONTROL_CHARACTERS.sub(" ", cause)[:MAX_ANNOTATION_CHARACTERS]
    return edfio.EdfAnnotation(start / rate, count / rate, f"gap: {count} samples lost ({why}), filled with the last")


def _rr_annotations(intervals: RrSeries) -> Iterator[edfio.EdfAnnotation]:
    """Annotations over the RR intervals that are not normal."""
    for stop, rr, flag, _ in intervals.rows():
        if flag != "normal":
            begin = max(0.0, stop - rr)  # it may begin in the file before this one
            yield edfio.EdfAnnotation(begin, stop - begin, f"RR interval {rr:.3f} s: {flag}")


def _data_record(rate: float) -> tuple[int, float]:
    """Number of samples and duration (s) of a data record."""
    exact = Fraction(rate).limit_denominator(MAX_DATA_RECORD_S)
    if exact and abs(float(exact) / rate - 1) < 1e-9:
        return exact.numerator, float(exact.denominator)
    samples = max(1, round(rate))
    return samples, round(samples / rate, 6)  # its field has 8 characters


def _edf_signal(name: str, column: F64, rate: float) -> tuple[edfio.EdfSignal, float]:
    low, high = _physical_range(column)
    step = (high - low) / (DIGITAL_RANGE[1] - DIGITAL_RANGE[0])
    signal = edfio.EdfSignal(
        column, rate, label=_printable_ascii(name, 16, " "), physical_dimension="mV", physical_range=(low, high),
        digital_range=DIGITAL_RANGE, prefiltering=f"none; step {step * 1000:.4g} uV",
    )  # fmt: skip
    return signal, step


def _physical_range(column: F64) -> tuple[float, float]:
    """Range (mV) that holds all samples, in the 8 characters of its fields."""
    low, high = float(column.min()), float(column.max())
    middle, half = (low + high) / 2, max((high - low) / 2 * PHYSICAL_RANGE_FACTOR, 0.001)
    return _round_outwards(middle - half, up=False), _round_outwards(middle + half, up=True)


def _round_outwards(value: float, *, up: bool) -> float:
    """Round away from the samples to what 8 characters hold."""
    room = 8 - len(f"-{abs(value):.0f}")
    digits = max(0, min(4, room - 1))
    if room < 0:
        raise FormatError(f"found {value:g} mV; the ranges of EDF have 8 characters", "export to CSV")
    factor = 10.0**digits
    return (math.ceil(value * factor) if up else math.floor(value * factor)) / factor


def _start_time(contents: SessionContents | None) -> dt.datetime | None:
    """Start date and time of the file header; None if it is missing or EDF cannot express it."""
    try:
        began = dt.datetime.fromisoformat(contents.file_header["datetime"] if contents else "")
    except (KeyError, ValueError):
        return None
    return began if began.year in START_YEARS else None


def patient_code(participant: str) -> str:
    """The participant's id in EDF's characters; different ids may give the same code."""
    return _printable_ascii(participant, 40)


def _printable_ascii(text: str, most: int, blank: str = "_") -> str:
    """Printable ASCII of at most ``most`` characters, blanks replaced; X for an empty text."""
    kept = text.encode("ascii", "replace").decode().replace(" ", blank)
    return "".join(each if " " <= each <= "~" else "_" for each in kept)[:most].strip() or "X"
