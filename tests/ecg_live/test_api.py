"""The Python interface gives what the command line gives, and loads nothing before it is used."""

from __future__ import annotations

import ast
import contextlib
import csv
import doctest
import io
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ecg_live
import ecg_live.api
from ecg_live.cli.live import live
from ecg_live.constants import EMBEDDING_SIZE
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.events import F64
from ecg_live.model.bundle import save_bundle
from ecg_live.model.features import HRV_SIZE
from ecg_live.sinks.jsonl import round_floats
from tests.support.random_bundles import random_bundle
from tests.support.synthetic_signals import ecg

RATE = 256.0
PROBE = "import sys; {}; print(sorted({{'numpy', 'torch', 'PyQt6', 'scipy', 'typer'}} & set(sys.modules)))"


def table(path: Path, samples: F64, first: str = "ECG (mV)") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([first])
        writer.writerows([["NaN" if math.isnan(value) else repr(value)] for value in samples.tolist()])
    return path


@pytest.fixture(scope="module")
def holed() -> F64:
    """45 s of ECG with a gap of 30 ms and one of 2 s."""
    x = ecg(45.0, RATE)[:, 0].copy()
    x[3000:3007] = np.nan
    x[5000:5512] = np.nan
    return x


@pytest.fixture(scope="module")
def file(holed: F64, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("api") / "holed.csv", holed)


def run(path: Path, **options: object) -> list[dict[str, Any]]:
    """Lines of ``ecg-live run --json --speed max``."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert live(str(path), {"json": True, "headless": True, "speed": "max", **options}) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


def flat(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Prediction lines as the records of the interface."""
    records = []
    for line in lines:
        for name, head in line["heads"].items() if line["type"] == "prediction" else ():
            record = {key: line[key] for key in ("start", "stop", "quality", "heart_rate", "rmssd")}
            record |= {"reasons": ", ".join(line["reasons"]), "head": name}
            record |= {key: head[key] for key in ("set", "label", "abstain")}
            classes = {"mental_load": ("rest", "load")}.get(name, ("neutral", "stress", "amusement", "meditation"))
            records.append(record | {f"p_{label}": (head["probs"] or {}).get(label) for label in classes})
    return records


@pytest.mark.parametrize("which", ["bundled", "several heads"])
def test_predictions_are_those_of_a_session(which: str, file: Path, tmp_path: Path) -> None:
    bundle = None
    if which != "bundled":
        bundle = tmp_path / "random.safetensors"
        save_bundle(random_bundle(), bundle)
    lines = run(file, rate="256", **({"model": str(bundle)} if bundle else {}))
    records = ecg_live.load_model(bundle).predict(ecg_live.read(file, rate=RATE))
    assert len(records) > 15
    assert any(record["label"] is not None for record in records)
    assert [round_floats(record) for record in records] == flat(lines)


def test_predictions_with_a_baseline_are_those_of_a_session() -> None:
    lines = run(ecg_live.demo_recording(), baseline="60", hop="5")
    recording = ecg_live.read(ecg_live.demo_recording())
    records = ecg_live.load_model().predict(recording, hop=5.0, baseline=60.0)
    assert {record["set"] for record in records} == {"adaptive", "personal"}
    assert [round_floats(record) for record in records] == flat(lines)


def test_samples_and_their_recording_give_the_same(file: Path, holed: F64) -> None:
    recording = ecg_live.read(file, rate=RATE)
    np.testing.assert_array_equal(recording.samples, holed)
    ours, theirs = ecg_live.windows(recording, hop=5.0), ecg_live.windows(holed, RATE, 5.0)
    assert [(one.start, one.quality, one.heart_rate) for one in ours] == [
        (one.start, one.quality, one.heart_rate) for one in theirs
    ]
    assert all(np.array_equal(one.data, two.data) for one, two in zip(ours, theirs, strict=True))


def test_windows_do_not_span_the_long_gap(holed: F64) -> None:
    found = ecg_live.windows(holed, RATE, hop=1.0)
    assert not any(one.start < 5512 / RATE and one.stop > 5000 / RATE + 1e-9 for one in found)
    assert any(one.bridged > 0 for one in found)


@pytest.fixture
def stamped(tmp_path: Path) -> Path:
    """30 s at 100 Hz, of which a second is missing."""
    path = tmp_path / "stamped.csv"
    at = [k / 100 for k in range(3000) if not 1000 <= k < 1100]
    path.write_text("time (s),ECG (mV)\n" + "\n".join(f"{t:.2f},{math.sin(t):.6f}" for t in at), encoding="utf-8")
    return path


def test_gaps_of_the_counter_are_nan(stamped: Path) -> None:
    recording = ecg_live.read(stamped)
    assert [(gap.start, gap.lost) for gap in recording.gaps] == [(1000, 100)]
    assert np.flatnonzero(np.isnan(recording.samples)).tolist() == list(range(1000, 1100))
    assert recording.duration == 30.0


def test_features_stand_under_their_names(holed: F64) -> None:
    x = ecg_live.features(holed, RATE, 5.0)
    found = ecg_live.windows(holed, RATE, 5.0)
    assert len(ecg_live.FEATURE_NAMES) == EMBEDDING_SIZE + HRV_SIZE == x.shape[1]
    assert (x.dtype.name, len(x)) == ("float64", len(found))
    rate = x[:, ecg_live.FEATURE_NAMES.index("heart_rate")]
    expected = [math.nan if one.heart_rate is None else one.heart_rate for one in found]
    assert rate == pytest.approx(expected, rel=0.1, nan_ok=True)
    assert np.isfinite(rate).any()
    assert ecg_live.features(holed[:100], RATE).shape == (0, len(ecg_live.FEATURE_NAMES))


def test_a_remark_is_a_warning_and_stays(tmp_path: Path) -> None:
    path = table(tmp_path / "raw.csv", ecg(12.0, RATE)[:, 0] * 1000, first="ECG")
    with pytest.warns(UserWarning, match="states no unit"):
        recording = ecg_live.read(path, rate=RATE)
    assert "states no unit" in recording.remarks[0]


def test_a_damaged_file_raises_or_gives_what_stands_before(tmp_path: Path) -> None:
    path = table(tmp_path / "broken.csv", np.arange(500.0))
    path.write_text(path.read_text(encoding="utf-8").replace("\n300.0\n", "\nwhat\n"), encoding="utf-8")
    with pytest.raises(FormatError, match="line 302"):
        ecg_live.read(path, rate=RATE)
    recording = ecg_live.read(path, rate=RATE, partial=True)
    assert recording.samples.tolist() == list(range(300))
    assert "line 302" in str(recording.error)


def test_what_does_not_fit_into_memory_is_refused(stamped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecg_live.api, "MAX_SAMPLES", 1050)
    with pytest.raises(RecordingError, match="at least 1100 samples long; 1050 fit into memory"):
        ecg_live.read(stamped)


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        (np.zeros((100, 2)), RATE, r"shape \(100, 2\)"),
        (np.zeros(100), None, "no rate"),
        (np.zeros(100), 0.0, "rate of 0 Hz"),
        (np.zeros(100), math.nan, "rate of nan Hz"),
    ],
)
def test_what_cannot_be_a_signal_is_refused(samples: F64, rate: float | None, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ecg_live.windows(samples, rate)


def test_a_recordings_rate_is_its_own(file: Path) -> None:
    recording = ecg_live.read(file, rate=RATE)
    with pytest.raises(ConfigError, match="rate 100 Hz of a recording with 256 Hz"):
        ecg_live.windows(recording, 100.0)
    with pytest.raises(ConfigError, match="baseline of -1 s"):
        ecg_live.load_model().predict(recording, baseline=-1.0)


def test_examples_of_the_docstrings() -> None:
    failed, attempted = doctest.testmod(ecg_live.api)
    assert (failed, attempted > 10) == (0, True)


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("import ecg_live", []),
        ("import ecg_live; ecg_live.__version__; dir(ecg_live)", []),
        ("from ecg_live import read", ["numpy", "scipy"]),
    ],
)
def test_nothing_is_loaded_before_it_is_used(code: str, loaded: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE.format(code)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(loaded)


def test_help_loads_no_library() -> None:
    code = "import contextlib, io; from ecg_live.cli.app import app\nwith contextlib.redirect_stdout(io.StringIO()):\n"
    code += "    app(['--help'], standalone_mode=False)\nprint(sorted({'numpy', 'torch', 'PyQt6'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", "import sys; " + code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_name_is_there_and_others_are_not() -> None:
    assert all(hasattr(ecg_live, name) for name in ecg_live.__all__)
    assert set(ecg_live.__all__) <= set(dir(ecg_live))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ecg_live.nothing  # type: ignore[attr-defined]  # noqa: B018 - not there


def test_the_stub_that_type_checkers_read_has_the_same_names() -> None:
    stub = ast.parse(Path(ecg_live.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imported = {alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported | {"__version__"} == set(ecg_live.__all__)
