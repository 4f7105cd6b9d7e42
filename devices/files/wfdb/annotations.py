"""WFDB annotations (``.atr``, ``.qrs``): what was noted beside a record. Layout: PhysioNet, annot(5), MIT format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from devices.files.units import text_of
from ecg_live.errors import ConfigError, FormatError

# Mnemonics of codes 0 to 41 (ecgcodes.h); beats, rhythm changes, waves and remarks.
_CODES = (
    "", "N", "L", "R", "a", "V", "F", "J", "A", "S", "E", "j", "/", "Q", "~", "", "|", "", "s", "T", "*", "D", '"',
    "=", "p", "B", "^", "t", "+", "u", "?", "!", "[", "]", "e", "n", "@", "x", "f", "(", ")", "r",
)  # fmt: skip
_LARGEST_CODE = 49
_SKIP, _NUM, _SUB, _CHAN, _AUX = 59, 60, 61, 62, 63
_NOTE, _RHYTHM = '"', "+"  # whose text says it all
_RESOLUTION = "## time resolution:"  # a note at the start, before counts a second
_DEFINITIONS = "## "  # other notes of this kind are not for people
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_LARGEST = 1 << 26  # bytes: a day of beats has 200,000


def read_annotations(path: Path, name: str, rate: float) -> list[tuple[float, str]]:
    """Time in s and text of each annotation, in order of time.

    Parameters
    ----------
    path : Path
        The record's header.
    name : str
        The annotator: the ending of the file beside it.
    rate : float
        Frames a second, in which times count unless the file says otherwise.

    Raises
    ------
    ConfigError
        There is no such file.
    FormatError
        It is damaged.
    """
    file = path.parent / f"{path.stem}.{name}"
    if not _NAME.fullmatch(name) or not file.is_file():
        beside = sorted(
            each.suffix[1:]
            for each in path.parent.glob("*.*")
            if each.stem == path.stem and each.suffix[1:] not in ("hea", "dat", "mat")
        )
        there = f"there are {', '.join(beside[:8])}" if beside else "there are none beside it"
        raise ConfigError(f"{path.name}: no annotations {name[:32]!r}; {there}", "leave --annotations out, or name one")
    if file.stat().st_size > _LARGEST:
        raise FormatError(f"{file.name}: more than {_LARGEST >> 20} MiB of annotations", "choose others")
    found: list[tuple[float, str]] = []
    for sample, code, aux in _entries(file.name, file.read_bytes()):
        if aux.startswith(_RESOLUTION):
            rate = _resolution(file.name, aux)
        elif not (code == _NOTE and aux.startswith(_DEFINITIONS)):
            found.append((sample / rate, aux if aux and code in (_NOTE, _RHYTHM) else f"{code} {aux}".strip()))
    return sorted(found, key=lambda each: each[0])


def _entries(name: str, data: bytes) -> Iterator[tuple[int, str, str]]:
    """Sample, mnemonic and text of each annotation."""
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2").tolist()
    at = sample = 0
    held: tuple[int, str] | None = None
    aux = ""
    while at < len(words) and words[at]:
        kind, value = words[at] >> 10, words[at] & 0x3FF
        at += 1
        if kind == _AUX:
            aux = text_of(data[2 * at : 2 * at + value]).strip("\0 \n")
            at += (value + 1) // 2
        elif kind == _SKIP:  # a step too long for ten bits: high word first
            if at + 2 > len(words):
                break
            step = words[at] << 16 | words[at + 1]
            sample += step - (1 << 32 if step >> 31 else 0)
            at += 2
        elif kind <= _LARGEST_CODE:
            sample += value
            if not kind:
                continue  # code 0 is none, it only moves the time
            if held is not None:
                yield *held, aux
            held, aux = (sample, _CODES[kind] if kind < len(_CODES) else f"type {kind}"), ""
        elif kind not in (_NUM, _SUB, _CHAN):
            raise FormatError(f"{name}: a word of kind {kind} at byte {2 * at - 2}", "these are no WFDB annotations")
    if held is not None:
        yield *held, aux
    if at >= len(words):
        raise FormatError(f"{name}: cut at byte {len(data)}, without its end", "copy the annotations again")


def _resolution(name: str, text: str) -> float:
    try:
        rate = float(text.removeprefix(_RESOLUTION).split("/")[0])
    except ValueError:
        rate = 0.0
    if not 0 < rate < 1e9:
        raise FormatError(f"{name}: found {text[:40]!r}, expected counts a second", "choose other annotations")
    return rate
