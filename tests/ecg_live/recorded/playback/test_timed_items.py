"""A recorded session comes back as it was: the same items, in the same order, at their times."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from ecg_live.annotations.change import MarkerKey
from ecg_live.errors import ConfigError, FormatError
from ecg_live.events import Beats, Gap, Marker, State
from ecg_live.recorded.annotated import open_annotations
from ecg_live.recorded.playback.opened import open_session
from ecg_live.recorded.playback.other_model import TODAY_PREFIX, add_todays_answers
from ecg_live.recorded.playback.timed_items import TimedItem, replace_markers
from ecg_live.recorded.playback.trace import RecordedTrace
from ecg_live.resources import DEFAULT_MODEL
from ecg_live.results import Prediction
from tests.support.command_line import ECG, ecg_live, of
from tests.support.recorded_sessions import SECOND, STRAP, rolled, story, strap_story
from tests.support.xdf_recordings import record

T = TypeVar("T")


def items_of(items: Sequence[TimedItem], kind: type[T]) -> list[T]:
    return [each.item for each in items if isinstance(each.item, kind)]


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A recorded session of the bundled recording, and the lines that it wrote while it ran."""
    path = tmp_path_factory.mktemp("demo") / "s.xdf"
    options = ("--headless", "--json", "--speed", "max", "--baseline", "30", "--record", path, "--participant", "P01")
    done = ecg_live("run", ECG, *options, environ={"ECG_LIVE_DATA": str(path.parent / "data")})
    assert done.returncode == 0
    return path, lines_of(done.stdout)


def test_the_lines_are_those_of_the_session_not_computed_again(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    path, before = demo
    done = ecg_live("open", path, "--headless", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    for line in of(before, "prediction"):
        for head in line["heads"].values():
            head.pop("seconds_left", None)  # is not recorded
    assert lines_of(done.stdout) == before


def test_todays_model_answers_beside_the_recorded_heads(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    opened = open_session(demo[0])
    with_model = add_todays_answers(opened.recorded, opened.session, DEFAULT_MODEL)
    assert [head.name for head in with_model.heads] == ["mental_load", TODAY_PREFIX + "mental_load"]
    pairs = [each.heads for each in items_of(with_model.items, Prediction)]
    assert len(pairs) == 51
    for heads in pairs:  # the same model, from the same samples and baseline
        recorded, today = heads.values()
        assert (recorded.label, recorded.abstain, recorded.set) == (today.label, today.abstain, today.set)
        if recorded.probs is not None and today.probs is not None:
            assert recorded.probs["load"] == pytest.approx(today.probs["load"], abs=1e-5)


def test_events_gaps_and_markers_have_their_causes_and_times(tmp_path: Path) -> None:
    record(tmp_path / "s.xdf", story())
    opened = open_session(tmp_path / "s.xdf")
    recorded = opened.recorded
    (gap,) = items_of(recorded.items, Gap)
    assert (gap.start, gap.lost, gap.cause) == (20 * SECOND, 2 * SECOND, "radio lost")
    assert [(each.raw, each.text) for each in items_of(recorded.items, Marker)] == [
        (15.5, "rest"), (35.5, "load <b>"), (50.5, "end")
    ]  # fmt: skip
    states = [(each.state, each.seconds_left) for each in items_of(recorded.items, State)]
    assert ("warming_up", 9.0) in states
    assert ("baseline", 20.0) in states
    assert [each.at for each in recorded.items] == sorted(each.at for each in recorded.items)
    answers = [each.heads["load"] for each in items_of(recorded.items, Prediction)]
    assert [answer.abstain for answer in answers if answer.probs is None] == ["unusable signal: flat line"] * 5
    assert (recorded.summary.samples, recorded.summary.lost, recorded.summary.abstained) == (58 * SECOND, 512, 5)
    assert opened.warnings == ()


def test_the_trace_is_that_of_the_live_path_with_its_gap(tmp_path: Path) -> None:
    record(tmp_path / "s.xdf", story())
    session = open_session(tmp_path / "s.xdf").session
    trace = RecordedTrace(session.files, session.duration)
    trace.start()
    trace.wait()
    assert (trace.loaded, len(trace.samples)) == (60 * 256, 60 * 256)
    missing = np.flatnonzero(np.isnan(trace.samples))
    assert (missing[0], missing[-1], len(missing)) == (20 * 256, 22 * 256 - 1, 512)
    assert np.abs(trace.samples[10 * 256 : 20 * 256]).max() < 0.3  # a ramp of 0.256 mV/s, high-passed


def test_edited_markers_are_played_and_a_new_one_is_annotated(tmp_path: Path) -> None:
    record(tmp_path / "s.xdf", story())
    open_annotations(tmp_path / "s.xdf").move(MarkerKey.of(35.5, "load <b>"), 37.0)
    opened = open_session(tmp_path / "s.xdf", "lee")
    assert opened.editor is not None
    opened.editor.add("marker", 40.0, text="sound")
    items = replace_markers(opened.recorded.items, opened.editor.markers())
    assert [(each.raw, each.text) for each in items_of(items, Marker)] == [
        (15.5, "rest"), (37.0, "load <b>"), (40.0, "sound"), (50.5, "end")
    ]  # fmt: skip
    (note,) = open_annotations(tmp_path / "s.xdf").read().standing()
    assert (note.kind, note.onset, note.text, note.author) == ("marker", 40.0, "sound", "lee")


def test_all_files_of_a_recording_are_one_session(tmp_path: Path) -> None:
    parts = rolled(tmp_path / "s.xdf", story())
    recorded = open_session(parts[1]).recorded
    assert len(items_of(recorded.items, Prediction)) == 40
    assert recorded.info.duration == 60


def test_a_strap_without_ecg_is_played_too(tmp_path: Path) -> None:
    record(tmp_path / "s.xdf", strap_story(), info=STRAP)
    opened = open_session(tmp_path / "s.xdf")
    assert len(items_of(opened.recorded.items, Beats)) == 30
    assert opened.recorded.info.channels == ()
    with pytest.raises(ConfigError, match="no ECG that a model could judge"):
        add_todays_answers(opened.recorded, opened.session, DEFAULT_MODEL)


def test_damage_costs_what_is_damaged_and_is_reported(tmp_path: Path, demo: tuple[Path, list[dict[str, Any]]]) -> None:
    content = bytearray(demo[0].read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    (tmp_path / "s.xdf").write_bytes(content)
    done = ecg_live("open", tmp_path / "s.xdf", "--headless")
    assert done.returncode == 4
    assert "are not as they were written" in done.stderr
    assert "windows" in done.stdout
    (tmp_path / "cut.xdf").write_bytes(demo[0].read_bytes()[: middle * 3 // 2])
    done = ecg_live("open", tmp_path / "cut.xdf", "--headless")
    assert done.returncode == 0
    assert "cut" in done.stderr


def test_a_file_of_another_program_is_offered_to_run(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="holds no predictions to play back") as refused:
        open_session(ECG)
    assert refused.value.remedy.startswith("watch it with a model: ecg-live run ")
    done = ecg_live("open", tmp_path, "--with-model")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--with-model is for one session" in done.stderr


def test_annotations_of_another_recording_are_left_out_with_a_warning(tmp_path: Path) -> None:
    record(tmp_path / "s.xdf", story())
    record(tmp_path / "t.xdf", story())
    open_annotations(tmp_path / "s.xdf").add("marker", 1.0, text="x")
    (tmp_path / "s.annotations.jsonl").rename(tmp_path / "t.annotations.jsonl")
    opened = open_session(tmp_path / "t.xdf")
    assert opened.editor is None
    assert "belongs to another recording" in opened.warnings[0]
