"""A recording as EDF+: contiguous, so that gaps are filled, and annotated. Layout: Kemp & Olivan 2003."""

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
from ecg_live.recorded.open_signal import Signal
from ecg_live.recorded.output_file import written
from ecg_live.recorded.session_file import Contents

EQUIPMENT = "ecg-live"  # in the header, as what recorded it
DIGITAL = -32768, 32767  # 16 bits
LONGEST_TEXT = 200  # characters of an annotation: every record has room for the longest
LONGEST_GAP = 3600.0  # s that are filled
SHARE = 1.001  # of the samples' own range that the physical range spans
UNPLAIN = re.compile(r"[\x00-\x1f\x7f-\x9f]+")  # what separates annotations, and other control characters
DENOMINATOR = 20  # s of a record at most, for rates that are no whole number
YEARS = range(1985, 2085)  # that a start date can have


class Exported(NamedTuple):
    """A file, the step of its numbers in mV, and how many samples were filled in."""

    path: Path
    step: float
    filled: int


class _Filled(NamedTuple):
    samples: F64  # (n, channels), without a hole
    notes: list[edfio.EdfAnnotation]
    filled: int


def write_edf(signal: Signal, contents: Contents | None, path: Path, source: Path, *, force: bool) -> Exported:
    """Write all channels in mV, on a range that clips nothing; markers and gaps are annotations.

    A gap is filled with the last sample before it: a flat line, which everybody sees, and which is no step for filters.

    Raises
    ------
    RecordingError
        The file cannot be written, or holds what EDF cannot.
    """
    whole = _fill(signal, path)
    samples, duration = _record(signal.rate)
    rest = -len(whole.samples) % samples
    if rest:
        begin = len(whole.samples) / signal.rate
        note = f"end of the recording, filled up with {rest} samples"
        whole.notes.append(edfio.EdfAnnotation(begin, rest / signal.rate, note))
    padded = np.concatenate((whole.samples, np.repeat(whole.samples[-1:], rest, axis=0)))
    made = [_signal(name, column, samples / duration) for name, column in zip(signal.channels, padded.T, strict=True)]
    began = _began(contents)
    edf = edfio.Edf(
        [each for each, _ in made],
        patient=edfio.Patient(code=patient_code(contents.own.get("participant", "") if contents else "")),
        recording=edfio.Recording(startdate=began.date() if began else None, equipment_code=EQUIPMENT),
        starttime=began.time().replace(microsecond=0) if began else None,
        data_record_duration=duration,
        annotations=whole.notes,
    )
    with written(path, source, force=force) as part:
        edf.write(part)
    return Exported(path, max(step for _, step in made), whole.filled)


def _fill(signal: Signal, path: Path) -> _Filled:
    """Samples on the line of their counter, and what is to be told of it."""
    parts: list[F64] = []
    notes: list[edfio.EdfAnnotation] = []
    stop = 0
    last = np.zeros(len(signal.channels))
    for piece in signal.pieces():
        if isinstance(piece, Chunk):
            samples = _known(piece.samples, last)
            notes += _unknown(piece, signal.rate)
            parts.append(samples)
            stop, last = piece.stop, samples[-1]
        elif isinstance(piece, Gap):
            if piece.lost / signal.rate > LONGEST_GAP:
                hours = piece.lost / signal.rate / 3600
                raise FormatError(f"{path.name}: a gap of {hours:.1f} h; EDF has no holes", "export to CSV")
            parts.append(np.repeat(last[None], piece.lost, axis=0))
            notes.append(_note(piece.start, piece.lost, signal.rate, piece.cause))
        elif isinstance(piece, Marker):
            text = UNPLAIN.sub(" ", piece.text).strip()[:LONGEST_TEXT]
            notes.append(edfio.EdfAnnotation(piece.time, None, text or "marker"))
    if not stop:
        raise FormatError(f"{path.name}: there is no sample to export", "choose another file")
    filled = round(sum((each.duration or 0.0) * signal.rate for each in notes))
    return _Filled(np.concatenate(parts), notes, filled)


def _known(samples: F64, last: F64) -> F64:
    """What is no number becomes the last one before it."""
    known = np.isfinite(samples)
    if known.all():
        return samples
    stacked = np.concatenate((last[None], samples))
    at = np.maximum.accumulate(np.where(np.isfinite(stacked), np.arange(len(stacked))[:, None], 0), axis=0)
    return np.asarray(np.take_along_axis(stacked, at, axis=0)[1:])


def _unknown(chunk: Chunk, rate: float) -> Iterator[edfio.EdfAnnotation]:
    """Annotations of the stretches in which a channel has no number."""
    missing = ~np.isfinite(chunk.samples).all(axis=1)
    for begin, end in mask_runs(missing).tolist():
        yield _note(chunk.start + begin, end - begin, rate, "no number")


def _note(start: int, count: int, rate: float, cause: str) -> edfio.EdfAnnotation:
    why = UNPLAIN.sub(" ", cause)[:LONGEST_TEXT]
    return edfio.EdfAnnotation(start / rate, count / rate, f"gap: {count} samples lost ({why}), filled with the last")


def _record(rate: float) -> tuple[int, float]:
    """Samples and seconds of a data record."""
    exact = Fraction(rate).limit_denominator(DENOMINATOR)
    if exact and abs(float(exact) / rate - 1) < 1e-9:
        return exact.numerator, float(exact.denominator)
    samples = max(1, round(rate))
    return samples, round(samples / rate, 6)  # its field has 8 characters


def _signal(name: str, column: F64, rate: float) -> tuple[edfio.EdfSignal, float]:
    low, high = _limits(column)
    step = (high - low) / (DIGITAL[1] - DIGITAL[0])
    signal = edfio.EdfSignal(
        column, rate, label=_plain(name, 16, " "), physical_dimension="mV", physical_range=(low, high),
        digital_range=DIGITAL, prefiltering=f"none; step {step * 1000:.4g} uV",
    )  # fmt: skip
    return signal, step


def _limits(column: F64) -> tuple[float, float]:
    """A range that holds all samples, in the 8 characters that its fields have."""
    low, high = float(column.min()), float(column.max())
    middle, half = (low + high) / 2, max((high - low) / 2 * SHARE, 0.001)
    return _eight(middle - half, up=False), _eight(middle + half, up=True)


def _eight(value: float, *, up: bool) -> float:
    """Rounded outwards to what 8 characters hold."""
    room = 8 - len(f"-{abs(value):.0f}")
    digits = max(0, min(4, room - 1))
    if room < 0:
        raise FormatError(f"found {value:g} mV; the ranges of EDF have 8 characters", "export to CSV")
    factor = 10.0**digits
    return (math.ceil(value * factor) if up else math.floor(value * factor)) / factor


def _began(contents: Contents | None) -> dt.datetime | None:
    """When the recording began, as its header says, where EDF can say that."""
    try:
        began = dt.datetime.fromisoformat(contents.head["datetime"] if contents else "")
    except (KeyError, ValueError):
        return None
    return began if began.year in YEARS else None


def patient_code(participant: str) -> str:
    """A participant in the words of EDF, which cannot tell all from each other."""
    return _plain(participant, 40)


def _plain(text: str, most: int, blank: str = "_") -> str:
    """Printable ASCII, blanks replaced; X where there is nothing."""
    kept = text.encode("ascii", "replace").decode().replace(" ", blank)
    return "".join(each if " " <= each <= "~" else "_" for each in kept)[:most].strip() or "X"
