"""Read WFDB annotations (``.atr``, ``.qrs``) of a record. Layout: PhysioNet, annot(5), MIT format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from devices.files.units import decode_text
from ecg_live.errors import ConfigError, FormatError

# Mnemonics of codes 0 to 41 (ecgcodes.h); beats, rhythm changes, waves and remarks.
_MNEMONICS = (
    "", "N", "L", "R", "a", "V", "F", "J", "A", "S", "E", "j", "/", "Q", "~", "", "|", "", "s", "T", "*", "D", '"',
    "=", "p", "B", "^", "t", "+", "u", "?", "!", "[", "]", "e", "n", "@", "x", "f", "(", ")", "r",
)  # fmt: skip
_MAX_CODE = 49
_SKIP, _NUM, _SUB, _CHAN, _AUX = 59, 60, 61, 62, 63
_NOTE_MNEMONIC, _RHYTHM_MNEMONIC = '"', "+"  # the text alone is the marker
_RESOLUTION_PREFIX = "## time resolution:"  # first note, before the counts per second
_DEFINITION_PREFIX = "## "  # other notes with this prefix are not for readers
_ANNOTATOR_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,32}")
_MAX_ANNOTATION_BYTES = 1 << 26  # a day of beats has 200,000


def read_wfdb_annotations(path: Path, name: str, rate: float) -> list[tuple[float, str]]:
    """Return time in s and text of each annotation, in order of time.

    Parameters
    ----------
    path : Path
        The record's header.
    name : str
        The annotator: the ending of the annotation file.
    rate : float
        Frames per second, the time base unless the file states another.

    Raises
    ------
    ConfigError
        There is no such annotation file.
    FormatError
        It is damaged, or too large.
    """
    file = path.parent / f"{path.stem}.{name}"
    if not _ANNOTATOR_PATTERN.fullmatch(name) or not file.is_file():
        beside = sorted(
            each.suffix[1:]
            for each in path.parent.glob("*.*")
            if each.stem == path.stem and each.suffix[1:] not in ("hea", "dat", "mat")
        )
        there = f"there are {', '.join(beside[:8])}" if beside else "there are none beside it"
        raise ConfigError(f"{path.name}: no annotations {name[:32]!r}; {there}", "leave --annotations out, or name one")
    if file.stat().st_size > _MAX_ANNOTATION_BYTES:
        raise FormatError(f"{file.name}: more than {_MAX_ANNOTATION_BYTES >> 20} MiB of annotations", "choose others")
    found: list[tuple[float, str]] = []
    for sample, code, aux in _entries(file.name, file.read_bytes()):
        if aux.startswith(_RESOLUTION_PREFIX):
            rate = _parse_resolution(file.name, aux)
        elif not (code == _NOTE_MNEMONIC and aux.startswith(_DEFINITION_PREFIX)):
            found.append(
                (sample / rate, aux if aux and code in (_NOTE_MNEMONIC, _RHYTHM_MNEMONIC) else f"{code} {aux}".strip())
            )
    return sorted(found, key=lambda each: each[0])


def _entries(name: str, data: bytes) -> Iterator[tuple[int, str, str]]:
    """Parse sample, mnemonic and text of each annotation."""
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2").tolist()
    at = sample = 0
    held: tuple[int, str] | None = None
    aux = ""
    while at < len(words) and words[at]:
        kind, value = words[at] >> 10, words[at] & 0x3FF
        at += 1
        if kind == _AUX:
            aux = decode_text(data[2 * at : 2 * at + value]).strip("\0 \n")
            at += (value + 1) // 2
        elif kind == _SKIP:  # a step too long for ten bits: high word first
            if at + 2 > len(words):
                break
            step = words[at] << 16 | words[at + 1]
            sample += step - (1 << 32 if step >> 31 else 0)
            at += 2
        elif kind <= _MAX_CODE:
            sample += value
            if not kind:
                continue  # code 0 only advances the time
            if held is not None:
                yield *held, aux
            held, aux = (sample, _MNEMONICS[kind] if kind < len(_MNEMONICS) else f"type {kind}"), ""
        elif kind not in (_NUM, _SUB, _CHAN):
            raise FormatError(f"{name}: a word of kind {kind} at byte {2 * at - 2}", "these are no WFDB annotations")
    if held is not None:
        yield *held, aux
    if at >= len(words):
        raise FormatError(f"{name}: cut at byte {len(data)}, without its end", "copy the annotations again")


def _parse_resolution(name: str, text: str) -> float:
    try:
        rate = float(text.removeprefix(_RESOLUTION_PREFIX).split("/")[0])
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1e9:
        raise FormatError(f"{name}: found {text[:40]!r}, expected counts a second", "choose other annotations")
    return rate
