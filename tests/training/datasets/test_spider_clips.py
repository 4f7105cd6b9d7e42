"""Clips of spiders: places by time of the day, on files made here in the layout that public descriptions give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from ecg_live.errors import DatasetError
from ecg_live.events import Chunk
from tests.support.synthetic_signals import ecg
from training.datasets import open_dataset, open_unlabelled
from training.datasets.spider_clips import load

TRIGGERS = """CLIP-DEMO\t95950\t95955
CLIP-1\t100000\t100015
CLIP-2\t100015\t100040
BIOFEEDBACK-OXYGEN-TRAININGS\t100040\t100045
BIOFEEDBACK-REST\t100050\t100110
"""


def subject(folder: Path, name: str = "VP02", triggers: str = TRIGGERS, lost: tuple[float, float] = (0, 0)) -> None:
    """90 s from 9:59:50 on, in packets of 15 samples with one time each; a stretch may be lost."""
    place = folder / name
    place.mkdir(parents=True)
    lines = []
    for i, value in enumerate(ecg(90, 100)[:, 0].tolist()):
        second = i // 15 * 15 / 100
        if not lost[0] <= second < lost[1]:
            minute, rest = divmod(second + 50, 60)
            clock = f"95{9:d}{rest:06.3f}" if not minute else f"10{minute - 1:02.0f}{rest:06.3f}"
            lines.append(f"{value:.6f}\t{clock}\tRAW")
    (place / "BitalinoECG.txt").write_text("\n".join(lines) + "\n")
    if triggers:
        (place / "Triggers.txt").write_text(triggers)


def test_clips_and_the_rest_after_them_are_found_by_their_times(tmp_path: Path) -> None:
    subject(tmp_path)
    data = open_dataset("ecg-spider-clip", tmp_path)
    (session,) = data.sessions
    found = [(each.stimulus, each.labels["fear"], each.rest) for each in session.annotations]
    assert found == [("clip-1", "clip", False), ("clip-2", "clip", False), ("biofeedback-rest", "rest", True)]
    starts = [each.start for each in session.annotations]
    assert starts == pytest.approx([10.0, 25.0, 60.0], abs=0.15)  # a packet
    (part,) = session.parts
    recording = open_recording(part.path, part.opening)
    assert recording.info.rate == 100
    read = np.concatenate([item.samples for item in recording.chunks(1000) if isinstance(item, Chunk)])
    assert read[:, 0] == pytest.approx(ecg(90, 100)[:, 0], abs=1e-6)
    assert open_unlabelled(tmp_path).name == "ecg-spider-clip"


def test_what_was_lost_before_a_clip_moves_it(tmp_path: Path) -> None:
    subject(tmp_path / "ecg-spider-clip-1.0.0", lost=(3.0, 9.0))
    (session,) = load(tmp_path).sessions
    assert session.annotations[0].start == pytest.approx(10.0 - 6.0, abs=0.15)


def test_subjects_that_lack_something_are_named(tmp_path: Path) -> None:
    subject(tmp_path, "VP02")
    subject(tmp_path, "VP03", triggers="")
    subject(tmp_path, "VP05", triggers="CLIP-1\t100000\t100015\n")
    assert load(tmp_path).remarks == (
        "VP03: left out, as Triggers.txt is missing",
        "VP05: left out, without a clip or without a rest within its recording",
    )


@pytest.mark.parametrize(
    ("triggers", "match"),
    [
        ("CLIP-1\t100000\n", r"VP02/Triggers.txt, line 1: .*expected a name and two times"),
        ("CLIP-1\t10:00\t10:01\n", "expected a name and two times hhmmss"),
        ("\nCLIP-1\t100015\t100000\n", "line 2: it ends before it begins"),
        ("CLIP-1\t100000\t100015\nCLIP-2\t100010\t100020\n", "CLIP-2 begins before CLIP-1 ends"),
        ("CLIP-1\t100000\t100015\n", "no subject can be used: VP02: left out, without a clip or without a rest"),
    ],
)
def test_broken_triggers_are_refused_by_their_line(tmp_path: Path, triggers: str, match: str) -> None:
    subject(tmp_path, triggers=triggers)
    with pytest.raises(DatasetError, match=match):
        load(tmp_path)


def test_broken_times_are_refused_by_their_line(tmp_path: Path) -> None:
    subject(tmp_path)
    path = tmp_path / "VP02" / "BitalinoECG.txt"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:30], *lines]) + "\n")
    with pytest.raises(DatasetError, match=r"VP02/BitalinoECG.txt, line 31: 95950.000 is before the line above it"):
        load(tmp_path)
    path.write_text("0.1\tnoon\tRAW\n")
    with pytest.raises(DatasetError, match="its second column holds no times"):
        load(tmp_path)
    path.unlink()
    with pytest.raises(DatasetError, match=r"holds no VP02/BitalinoECG\.txt"):
        load(tmp_path)
