"""CSV files for tests."""

from pathlib import Path

from devices.read_options import ReadOptions

AT_100 = ReadOptions(rate=100)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path
