"""What is fuzzed: bytes go in, and whatever they are, either all is well or there is an `EcgLiveError`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import EcgLiveError
from ecg_live.model.bundle import load_bundle
from ecg_live.recorded.report import write_report
from ecg_live.recorded.verify import verify
from ecg_live.resources import DEFAULT_MODEL
from tests.fuzz.seeds import MAKERS, seed
from tests.support.xdf_recordings import eventful, record

Target = Callable[[bytes], object]
WFDB = {"wfdb": "rec.hea", "segments": "rec.hea", "dat": "rec.dat", "atr": "rec.atr"}  # which file is damaged
ENOUGH = 200_000  # samples: a damaged header may promise a day of constant signal, which would only take time


def opening_of(name: str) -> ReadOptions:
    """How a seed is opened: so that it is read to its end, which a rate or unit that it does not have would prevent."""
    return ReadOptions(channel="1", annotations="atr" if name == "atr" else None)


def reader(name: str, folder: Path) -> Target:
    """Read a file of a format to its end, or so far that it cannot become interesting any more."""
    path = folder / WFDB.get(name, f"{name}.fuzz")
    opened = path.with_suffix(".hea") if name in WFDB else path
    opening = opening_of(name)

    def read(data: bytes) -> None:
        path.write_bytes(data)
        taken = 0
        for item in open_recording(opened, opening).chunks(1000):
            taken += len(getattr(item, "samples", ()))
            if taken > ENOUGH:
                return

    return read


def bundle(folder: Path) -> Target:
    """Load a bundle."""
    path = folder / "fuzz.safetensors"

    def load(data: bytes) -> None:
        path.write_bytes(data)
        load_bundle(path)

    return load


def verified(folder: Path) -> Target:
    """Verify a recording, and say what was found."""
    path = folder / "verify.fuzz"

    def check(data: bytes) -> None:
        path.write_bytes(data)
        report = verify(path)
        json.dumps(report.as_json())
        list(report.lines())

    return check


def reported(folder: Path) -> Target:
    """Make a page about a recording."""
    path = folder / "report.fuzz"

    def report(data: bytes) -> None:
        path.write_bytes(data)
        write_report([path], folder / "report.html", force=True)

    return report


def target(name: str, folder: Path) -> tuple[bytes, Target]:
    """Give what a name stands for: a seed and what eats it. What eats it lets no `EcgLiveError` out."""
    if name == "bundle":
        begin, eat = DEFAULT_MODEL.read_bytes(), bundle(folder)
    elif name in {"recording", "verify", "report"}:
        record(folder / "seed.xdf", eventful())
        begin = (folder / "seed.xdf").read_bytes()
        eat = {"verify": verified, "report": reported}.get(name, partial(reader, name))(folder)
    else:
        begin, eat = seed(name, folder), reader(name, folder)

    def tolerant(data: bytes) -> None:
        with suppress(EcgLiveError):
            eat(data)

    return begin, tolerant


NAMES = (*MAKERS, "bundle", "recording", "verify", "report")


def folder() -> Path:
    """Give a new folder in memory where there is such a thing: fuzzers write much."""
    memory = Path("/dev/shm")  # noqa: S108 - only a place for a temporary folder
    return Path(tempfile.mkdtemp(prefix="fuzz", dir=memory if memory.is_dir() else None))
