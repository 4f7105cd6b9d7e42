"""A lab's own sessions as a data set: answers label the blocks that they are about, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from math import nan
from pathlib import Path

import numpy as np
import pytest

from ecg_live.annotations.change import MarkerKey
from ecg_live.errors import DatasetError
from ecg_live.events import Chunk, SelfReportAnswer
from ecg_live.recorded.annotated import open_annotations
from ecg_live.sinks.xdf_parts import RollLimits
from ecg_live.study.marker_texts import block_text, undo_text
from tests.support.own_sessions import OwnSession, sam, two_blocks, write_all
from tests.support.scripted_source import HandClock
from tests.support.xdf_recordings import BEGAN, TEXTS, record, recorder, until
from training.data.window_labels import WindowLabels
from training.datasets import open_dataset
from training.datasets.dataset import Dataset, LabelTrack, Rating
from training.datasets.sessions import CONTINUOUS_CAVEAT, ONE_ORDER_CAVEAT


def opened(folder: Path) -> Dataset:
    return open_dataset("sessions", folder)


def spans(data: Dataset, session: int = 0) -> list[tuple[float, float, dict[str, object], bool, str]]:
    return [
        (round(each.start, 3), round(each.stop, 3), dict(each.labels), each.rest, each.stimulus)
        for each in data.sessions[session].annotations
    ]


def test_an_answer_labels_the_block_that_it_was_asked_after(tmp_path: Path) -> None:
    session = two_blocks(0)
    session.baseline(5, 35)
    data = opened(write_all(tmp_path, [session, two_blocks(1)]))
    assert spans(data) == [
        (0.0, 40.0, {"valence": 3.0, "arousal": 3.0}, True, "calm"),
        (44.0, 84.0, {"valence": 7.0, "arousal": 7.0}, False, "tense"),
    ]
    assert spans(data, 1)[0][3] is False
    assert data.labels == {"valence": Rating(1, 9), "arousal": Rating(1, 9)}
    assert data.subjects == ("P01", "P02")
    assert (len(data.sources), {len(each) for each in data.sources}) == (2, {12})
    assert "mood (sam)" in data.title
    assert ONE_ORDER_CAVEAT in data.caveats
    assert CONTINUOUS_CAVEAT not in data.caveats


def test_times_are_those_of_the_file_where_the_recording_began_late(tmp_path: Path) -> None:
    session = replace(two_blocks(0), first=20, seconds=70)
    session.write(tmp_path / "a.xdf")
    assert [each[:2] for each in spans(opened(tmp_path))] == [(0.0, 20.0), (24.0, 64.0)]


def test_blocks_that_were_repeated_broken_off_or_taken_back(tmp_path: Path) -> None:
    session = OwnSession(120)
    session.block("mistake", 0, 15)
    for text in ("start", "stop"):
        session.note(16, undo_text(f"block/mistake/{text}"))
    session.block("task", 20, 35)
    session.note(35.1, block_text("task", "abort"))
    session.block("task", 40, 60)
    session.block("task", 70, 90)
    session.answer(sam(60, "task", 2.0, 3.0))
    session.answer(sam(90, "task", 8.0, 9.0, asking=2))
    session.answer(sam(15.5, "mistake", 5.0, 5.0, asking=3))
    session.write(tmp_path / "a.xdf")
    data = opened(tmp_path)
    assert [(each[0], each[1], each[2]["valence"]) for each in spans(data)] == [(40.0, 60.0, 2.0), (70.0, 90.0, 8.0)]
    assert sum("no block mistake ran to its end" in remark for remark in data.remarks) == 2


def test_an_answer_outside_of_any_block_labels_the_minute_before(tmp_path: Path) -> None:
    session = OwnSession(100)
    session.block("task", 0, 20)
    for shown, value in ((70.0, 4.0), (72.5, 5.0), (95.0, 6.0)):
        session.answer(sam(shown, "", value, None))
    session.write(tmp_path / "a.xdf")
    data = opened(tmp_path)
    assert [each[:3] for each in spans(data)] == [(10.0, 70.0, {"valence": 4.0}), (70.0, 95.0, {"valence": 6.0})]
    assert any("too few for a window" in remark for remark in data.remarks)


def test_two_reports_with_one_item_make_two_labels(tmp_path: Path) -> None:
    session = two_blocks(0)
    grid = SelfReportAnswer(
        "where", "grid", BEGAN + 43, BEGAN + 43.5, (("valence", -0.5),), "", (-1.0, 1.0), "", "calm", 1, 43.0, 43.5
    )  # fmt: skip
    session.answer(grid)
    session.rate(np.arange(50, 80, 0.05), 0.25, -0.25)
    session.write(tmp_path / "a.xdf")
    data = opened(tmp_path)
    assert set(data.labels) == {
        "mood/valence", "mood/arousal", "where/valence", "continuous/valence", "continuous/arousal"
    }  # fmt: skip
    calm, tense = spans(data)
    assert calm[2] == {"mood/valence": 3.0, "mood/arousal": 3.0, "where/valence": -0.5}
    assert isinstance(tense[2]["continuous/valence"], LabelTrack)
    assert CONTINUOUS_CAVEAT in data.caveats


def test_a_continuous_rating_is_averaged_in_each_window_and_ends_with_the_button(tmp_path: Path) -> None:
    session = OwnSession(60)
    session.block("film", 5, 55)
    session.rate(np.arange(10, 20, 0.05), 1.0, 0.0)
    session.rate(np.arange(20, 30, 0.05), 0.0, 0.5)
    session.write(tmp_path / "a.xdf")
    labels = WindowLabels("valence", opened(tmp_path), "none")
    at = [labels.number_at(0, 0, start) for start in (10.0, 15.0, 20.0, 35.0)]
    assert at == pytest.approx([1.0, 0.5, 0.0, nan], nan_ok=True, abs=0.01)


def test_ratings_without_blocks_label_the_time_in_which_they_were_given(tmp_path: Path) -> None:
    session = OwnSession(60)
    session.rate(np.arange(10, 40, 0.05), -0.5, 0.5)
    session.write(tmp_path / "a.xdf")
    ((start, stop, labels, _, stimulus),) = spans(opened(tmp_path))
    assert [start, stop] == pytest.approx([10.0, 40.95], abs=0.01)
    assert stimulus == ""
    assert set(labels) == {"valence", "arousal"}


def test_a_baseline_outside_of_any_block_is_rest_of_its_own(tmp_path: Path) -> None:
    session = replace(two_blocks(0), seconds=130)
    session.baseline(95, 120)
    session.write(tmp_path / "a.xdf")
    assert spans(opened(tmp_path))[2] == (95.0, 120.0, {}, True, "")


def test_a_block_that_goes_on_in_the_next_file_is_labelled_in_both(tmp_path: Path) -> None:
    clock = HandClock()
    sink = recorder(tmp_path / "a.xdf", clock, roll=RollLimits(30.0), interval=0.001)
    for item in two_blocks(0).items():
        sink.write(item)
        if isinstance(item, Chunk):
            clock.wait(1.0)
            until(lambda: not sink.status.late)
    sink.close()
    data = opened(tmp_path)
    assert len(data.sessions) == 1
    assert len(data.sessions[0].parts) >= 3
    calm = [each for each in data.sessions[0].annotations if each.stimulus == "calm"]
    assert [each.part for each in calm] == [0, 1]
    assert sum(each.stop - each.start for each in calm) == pytest.approx(40.0, abs=1e-6)
    assert {each.labels["valence"] for each in calm} == {3.0}


def test_an_answer_that_was_given_after_a_cut_labels_its_block_in_the_recording_before(tmp_path: Path) -> None:
    cut = OwnSession(50)
    cut.block("task", 5, 45)
    cut.write(tmp_path / "a.xdf")
    went_on = OwnSession(50, 1)
    went_on.answer(sam(2, "task", 8.0, 2.0))
    went_on.block("talk", 6, 46)
    went_on.answer(sam(46, "talk", 3.0, 4.0))
    went_on.write(tmp_path / "b.xdf")
    data = opened(tmp_path)
    by_name = {session.parts[0].path.name: k for k, session in enumerate(data.sessions)}
    assert spans(data, by_name["a.xdf"]) == [(5.0, 45.0, {"valence": 8.0, "arousal": 2.0}, False, "task")]
    assert spans(data, by_name["b.xdf"]) == [(6.0, 46.0, {"valence": 3.0, "arousal": 4.0}, False, "talk")]
    assert data.remarks == ()


def test_what_was_excluded_or_edited_afterwards_counts(tmp_path: Path) -> None:
    path = replace(two_blocks(0), first=20, seconds=70).write(tmp_path / "a.xdf")  # its first sample is at 20 s
    log = open_annotations(path, "me")
    log.add("excluded", 8.0, 4.0, "cough")
    log.move(MarkerKey(24.0, "block/tense/start"), 30.0)
    data = opened(tmp_path)
    assert [(each[0], each[1], each[4]) for each in spans(data)] == [
        (0.0, 8.0, "calm"), (12.0, 20.0, "calm"), (30.0, 64.0, "tense"),
    ]  # fmt: skip
    assert data.remarks == ("a.xdf: 4 s were excluded afterwards, and are left out",)
    assert len(data.sources) == 2  # of the recording, and of what was annotated
    log.path.write_bytes(b"broken\n")
    with pytest.raises(DatasetError, match=r"a\.xdf: left out: "):
        opened(tmp_path)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    write_all(tmp_path, [two_blocks(0)])
    shutil.copy(tmp_path / "P01.xdf", tmp_path / "copy.xdf")
    record(tmp_path / "nobody.xdf", two_blocks(1).items(), texts={**TEXTS, "participant": ""})
    (tmp_path / "other.xdf").write_bytes(b"no XDF")
    (tmp_path / "torn.xdf").write_bytes((tmp_path / "P01.xdf").read_bytes()[:4] + b"\xff" * 64)
    OwnSession(30).write(tmp_path / "silent.xdf")
    data = opened(tmp_path)
    assert len(data.sessions) == 1
    for expected in (
        "copy.xdf: left out: a copy of a file before",
        "nobody.xdf: left out: its header names no participant",
        "other.xdf: left out: no ECG recorded by ecg-live",
        "torn.xdf: left out: ",
        "silent.xdf: left out, without an answer",
    ):
        assert any(remark.startswith(expected) for remark in data.remarks), (expected, data.remarks)


def test_an_answer_off_its_scale_is_left_out_with_a_line(tmp_path: Path) -> None:
    session = OwnSession(50)
    session.block("task", 0, 40)
    session.answer(sam(40, "task", 12.0, 5.0))
    session.write(tmp_path / "a.xdf")
    data = opened(tmp_path)
    assert spans(data)[0][2] == {"arousal": 5.0}
    assert data.remarks == ("a.xdf, mood/valence is 12, expected 1 to 9; left out",)


def nothing(_: Path) -> None:
    """Leave the folder empty."""


def only_text(folder: Path) -> None:
    session = OwnSession(30)
    session.answer(SelfReportAnswer("remarks", "text", BEGAN + 5, BEGAN + 6, text="fine", raw_shown=5.0, raw=6.0))
    session.write(folder / "a.xdf")


def two_scales(folder: Path) -> None:
    two_blocks(0).write(folder / "a.xdf")
    session = two_blocks(1)
    session.answer(replace(sam(60, "calm", 2.0, 2.0), scale=(1.0, 5.0)))
    session.write(folder / "b.xdf")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (nothing, "holds no recorded session"),
        (only_text, "none of 1 sessions has a self-report with a number"),
        (two_scales, "mood/valence is on two scales, 1 to 9 and 1 to 5"),
    ],
)
def test_what_gives_no_label_is_refused_in_one_line(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    make(tmp_path)
    with pytest.raises(DatasetError) as caught:
        opened(tmp_path)
    assert message in caught.value.message
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
