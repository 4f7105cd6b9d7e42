"""Which files are of one recording: NAME.xdf, and NAME_2.xdf and so on that continue it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ecg_live.recorded.session_file import read_file_header

_PART_NUMBER = re.compile(r"\d{1,9}")
_PART_SUFFIX = re.compile(r"_\d+$")


def part_number(text: str) -> int:
    """Return the number of a file in its recording, as its header states it; 1 if it is missing."""
    return int(text) if _PART_NUMBER.fullmatch(text) else 1


def first_file(path: Path) -> Path:
    """The first file of the recording that a file continues; itself if it continues none, or the first is not there."""
    header = read_file_header(path)
    if header.get("part", "1") == "1":
        return path
    first = path.with_stem(_PART_SUFFIX.sub("", path.stem))
    found = read_file_header(first) if first.is_file() else {}
    return first if found.get("recording") and found["recording"] == header.get("recording") else path


def later_files(first: Path) -> list[Path]:
    """Return the files (NAME_2.xdf and so on) that continue NAME.xdf; none if that is a continuation itself."""
    header = read_file_header(first)
    if not header.get("recording") or part_number(header.get("part", "")) != 1:
        return []
    return list(_numbered_files(first, first.stem, header["recording"]))


def following_file(path: Path) -> Path | None:
    """The file that a file of a recording goes on in; None if there is none beside it."""
    header = read_file_header(path)
    if not header.get("recording"):
        return None
    own = part_number(header.get("part", ""))
    stem = path.stem if own == 1 else _PART_SUFFIX.sub("", path.stem)
    numbers = {
        part_number(read_file_header(each).get("part", "")): each
        for each in _numbered_files(path, stem, header["recording"])
    }
    later = [number for number in numbers if number > own]
    return numbers[min(later)] if later else None


def _numbered_files(path: Path, stem: str, recording: str) -> Iterator[Path]:
    """Files beside a path whose names are a stem with a number, and that are of a recording."""
    name = re.compile(rf"{re.escape(stem)}_\d+{re.escape(path.suffix)}")
    for each in path.parent.iterdir():
        if name.fullmatch(each.name) and each.is_file() and read_file_header(each).get("recording") == recording:
            yield each
