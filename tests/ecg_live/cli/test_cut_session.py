"""After a cut, a study's session answers as if it had not been cut: what was recorded is heard again."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.cli.cut_session import CutSession
from ecg_live.events import F64, Chunk
from ecg_live.model.adaptive import RunningMean
from ecg_live.model.bundle import load_bundle
from ecg_live.recorded.wearer_state import WearerState
from ecg_live.resources import model_path
from tests.support.command_line import ECG, ecg_live, of, write_csv

RATE, DOWN_S = 250, 7
STUDY = """\
name = "Lab"
source = "a.csv"

[[blocks]]
name = "settle"
seconds = 3.3

[[blocks]]
name = "rest"
seconds = 30
baseline = true

[[blocks]]
name = "task"
until = "key"
"""


class Told(NamedTuple):
    """What a session told: its predictions' heads by the beginning of their windows (s), and what it said."""

    heads: dict[float, dict[str, Any]]
    states: list[str]
    said: str


def samples_of(path: Path, step: int = 1) -> F64:
    """The first channel, every so many samples."""
    recording = open_recording(path, ReadOptions())
    found = [item.samples[:, 0] for item in recording.chunks(1000) if isinstance(item, Chunk)]
    recording.close()
    return np.concatenate(found)[::step]


def run(folder: Path, source: str, *options: object) -> Told:
    done = ecg_live(
        "run", folder / source, "--study", folder / "study.toml", "--participant", "P01", "--headless", "--json",
        "--speed", "max", *options, environ={"ECG_LIVE_DATA": str(folder / "data")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    heads = {line["start"]: line["heads"] for line in of(lines, "prediction")}
    return Told(heads, [line["detail"] for line in of(lines, "state") if line["state"] == "baseline"], done.stderr)


def cut(path: Path, share: float) -> F64:
    """Cut a recording as a power failure would; what is left of the ECG."""
    os.truncate(path, int(path.stat().st_size * share))
    os.utime(path, (time.time() - 60,) * 2)
    return samples_of(path)


@pytest.mark.parametrize("which", ["personal", "adaptive"])
def test_answers_after_a_cut_are_those_of_an_uninterrupted_session(tmp_path: Path, which: str) -> None:
    study = STUDY if which == "personal" else STUDY.replace("baseline = true\n", "")
    (tmp_path / "study.toml").write_text(study)
    heart = samples_of(ECG, 4)
    write_csv(tmp_path / "a.csv", np.concatenate([heart, heart[: 15 * RATE]]))  # recorded in chunks of 32 s
    write_csv(tmp_path / "b.csv", heart[5 * RATE : 30 * RATE])
    run(tmp_path, "a.csv")
    left = cut(tmp_path / "Lab_P01_S1.xdf", 0.9)
    assert 35 * RATE < len(left) < 75 * RATE
    after = run(tmp_path, "b.csv", "--resume")

    missing = np.full(DOWN_S * RATE, np.nan)
    write_csv(tmp_path / "c.csv", np.concatenate([left, missing, heart[5 * RATE : 30 * RATE]]))
    whole = run(tmp_path, "c.csv", "--session", "S2")
    begin = (len(left) + len(missing)) / RATE
    expected = {round(start - begin, 6): heads for start, heads in whole.heads.items() if start >= begin}
    assert list(after.heads) == list(expected) == [float(k) for k in range(16)]
    for start, heads in after.heads.items():
        found, wanted = heads["mental_load"], expected[start]["mental_load"]
        assert (found["set"], found["label"]) == (which, wanted["label"])
        assert found["probs"] == pytest.approx(wanted["probs"], abs=2e-6)
    rested = which == "personal"
    assert ("the resting baseline of block rest holds: 3 windows" in after.said) == rested
    assert ("baseline of 3 windows" in after.said) == rested  # kept in the profile, as ever
    assert after.states == ["personal baseline of this session before it was cut: 3 windows"] * rested


def test_what_tells_nothing_of_the_wearer_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = WearerState(RunningMean.unknown(), None, None, ("ECG", 250.0))
    foreign = write_csv(tmp_path / "a.csv", samples_of(ECG, 4)[:100])
    bundle = load_bundle(model_path(None))
    assert CutSession((foreign,), {}, "rest").learn_again(bundle, before, None) is before
    said = capsys.readouterr().err
    assert f"a.csv tells nothing of the wearer: {foreign}: ecg-live did not record it" in said
    assert "the resting baseline of block rest cannot be made again from the recording" in said
