"""A corpus holds every usable window once, with where it came from; it can be stopped anywhere."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import training.data.window_store
from devices.read_options import ReadOptions
from ecg_live.errors import DatasetError
from ecg_live.signal import beats, quality, raw_quality
from ecg_live.signal.pipeline import PREPROCESSING
from tests.emulators.full_disk import FULL, full_disk
from tests.support.small_datasets import csv, dataset, flat, rest_load_session
from training.data.corpus import (
    BuildJob,
    BuildProgress,
    Corpus,
    annotation_of_window,
    build_corpus,
    corpus_key,
    recording_names,
    rest_elapsed,
)
from training.data.windowing import session_windows
from training.datasets.dataset import Annotation, Dataset, RecordingPart, SubjectSession
from training.parallel import local_engine
from training.settings import CorpusSettings

NORMAL = CorpusSettings()


def silent(_done: int, _total: int, _windows: int) -> None:
    """Nobody looks."""


def build(data: Dataset, folder: Path, settings: CorpusSettings = NORMAL, report: BuildProgress = silent) -> Corpus:
    return build_corpus(data, folder, settings, report=report, engine=local_engine(1))


def test_windows_labels_and_rest_are_those_of_the_sittings(tmp_path: Path) -> None:
    data = dataset(rest_load_session(tmp_path, "a"), rest_load_session(tmp_path, "b"))
    corpus = build(data, tmp_path / "work")
    assert corpus.windows.shape == (16, 2560)
    assert corpus.rows["session"].tolist() == [0] * 8 + [1] * 8
    assert corpus.rows["part"].tolist() == [0, 0, 0, 0, 1, 1, 1, 1] * 2
    assert corpus.rows["start"].tolist() == [0, 10, 20, 30] * 4
    assert corpus.rows["annotation"].tolist() == [0, 0, 0, 0, -1, 1, 1, 1] * 2
    assert corpus.rows["rest"].tolist() == [10, 20, 30, 40, *[np.inf] * 4] * 2
    own = [placed.window.data for placed in session_windows(data.sessions[0], 10.0, [])]
    assert np.array_equal(corpus.windows[:8], own)
    assert corpus.seconds == 160
    assert isinstance(corpus.windows, np.memmap)


def test_two_processes_make_the_same_corpus(tmp_path: Path) -> None:
    data = dataset(*[rest_load_session(tmp_path, name, 21) for name in "abc"])
    one = build(data, tmp_path / "one")
    two = build_corpus(data, tmp_path / "two", engine=local_engine(2))
    assert np.array_equal(one.windows, two.windows)
    assert one.rows.tobytes() == two.rows.tobytes()


def test_unusable_windows_are_left_out_and_counted_with_their_reasons(tmp_path: Path) -> None:
    parts = (RecordingPart(csv(tmp_path / "1.csv", 30)), RecordingPart(flat(tmp_path / "2.csv", 20)))
    corpus = build(dataset(SubjectSession("a", parts)), tmp_path / "work")
    assert len(corpus.windows) == 3
    assert corpus.unusable == 2
    assert corpus.dropped["flat line"] == 2


def test_subjects_without_a_usable_window_are_named(tmp_path: Path) -> None:
    lost = [SubjectSession(f"p{i}", (RecordingPart(flat(tmp_path / f"p{i}.csv", 20)),)) for i in range(12)]
    corpus = build(dataset(*lost, rest_load_session(tmp_path, "a")), tmp_path / "work")
    (remark,) = corpus.remarks
    assert remark == f"no usable window of {', '.join(f'p{i}' for i in range(10))} and 2 more: left out"


def test_a_file_that_cannot_be_opened_is_remarked_and_the_others_used(tmp_path: Path) -> None:
    (tmp_path / "no.csv").write_text("what is this")
    lost = SubjectSession("lost", (RecordingPart(tmp_path / "no.csv"),))
    corpus = build(dataset(lost, rest_load_session(tmp_path, "a")), tmp_path / "work")
    assert len(corpus.windows) == 8
    assert [remark.split(":")[0] for remark in corpus.remarks] == ["lost"]
    with pytest.raises(DatasetError, match=r"no usable window in made for tests: lost: left out"):
        build(dataset(lost), tmp_path / "work")


@pytest.mark.parametrize("spoil", ["windows.f32", "rows.bin", "sittings.jsonl", None])
def test_a_build_that_was_stopped_goes_on_where_it_was(tmp_path: Path, spoil: str | None) -> None:
    data = dataset(*[rest_load_session(tmp_path, name, 21) for name in "abcd"])
    whole = build(data, tmp_path / "whole")

    def stop(done: int, _total: int, _windows: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(data, tmp_path / "work", report=stop)
    if spoil:
        with (tmp_path / "work" / whole.key / spoil).open("ab") as file:
            file.write(b'{"half a line of any of the files')
    seen: list[int] = []
    again = build(data, tmp_path / "work", report=lambda done, _total, _windows: seen.append(done))
    assert seen == [2, 3, 4]
    assert np.array_equal(again.windows, whole.windows)
    assert again.rows.tobytes() == whole.rows.tobytes()
    assert not list((tmp_path / "work" / whole.key).glob("sitting-*"))


def test_a_cut_file_of_windows_is_made_good(tmp_path: Path) -> None:
    data = dataset(*[rest_load_session(tmp_path, name, 21) for name in "ab"])
    whole = build(data, tmp_path / "work")
    wanted = whole.windows.copy()
    path = tmp_path / "work" / whole.key / "windows.f32"
    os.truncate(path, path.stat().st_size - 100)
    assert np.array_equal(build(data, tmp_path / "work").windows, wanted)


def test_what_is_made_is_not_made_again(tmp_path: Path) -> None:
    data = dataset(rest_load_session(tmp_path, "a", 21))
    build(data, tmp_path / "work")
    seen: list[int] = []
    build(data, tmp_path / "work", report=lambda done, _total, _windows: seen.append(done))
    assert seen == [1]


def change_hop(data: Dataset) -> tuple[Dataset, CorpusSettings]:
    return data, replace(NORMAL, hop=5.0)


def change_scale(data: Dataset) -> tuple[Dataset, CorpusSettings]:
    return data, replace(NORMAL, scale="offline")


def change_label(data: Dataset) -> tuple[Dataset, CorpusSettings]:
    return data, replace(NORMAL, label="largest")


def change_spans(data: Dataset) -> tuple[Dataset, CorpusSettings]:
    return replace(data, sessions=(replace(data.sessions[0], annotations=()),)), NORMAL


def change_file(data: Dataset) -> tuple[Dataset, CorpusSettings]:
    csv(data.sessions[0].parts[0].path, 22)
    return data, NORMAL


@pytest.mark.parametrize("change", [change_hop, change_scale, change_label, change_spans, change_file])
def test_the_key_distinguishes_inputs_and_settings(
    tmp_path: Path, change: Callable[[Dataset], tuple[Dataset, CorpusSettings]]
) -> None:
    data = dataset(rest_load_session(tmp_path, "a", 21))
    before = corpus_key(data, NORMAL, NORMAL.hop)
    assert before == corpus_key(dataset(*data.sessions), NORMAL, NORMAL.hop)
    other, settings = change(data)
    assert corpus_key(other, settings, settings.hop) != before


def test_the_key_distinguishes_all_files_of_a_recording(tmp_path: Path) -> None:
    (tmp_path / "rec.hea").write_text("rec/1 1 250 10\nrec_1 10\n")
    (tmp_path / "rec_1.hea").write_text("rec_1 1 250 10\nsignal.dat 16 200 16 0 0 0 0 ECG\n")
    signal = tmp_path / "signal.dat"
    signal.write_bytes(bytes(20))
    for path in (tmp_path / "rec.hea", tmp_path / "rec"):
        data = dataset(SubjectSession("a", (RecordingPart(path),)))
        before = corpus_key(data, NORMAL, NORMAL.hop)
        signal.write_bytes(signal.read_bytes() + bytes(2))
        assert corpus_key(data, NORMAL, NORMAL.hop) != before


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    def part(*names: str) -> RecordingPart:
        return RecordingPart(tmp_path.joinpath(*names))

    data = dataset(
        SubjectSession("a", (part("a", "1", "ecg.csv"), part("a", "1", "b.csv"))),
        SubjectSession("a", (part("a", "2", "ecg.csv"),)),
        SubjectSession("b", (part("b", "1", "ecg.csv"), replace(part("b.mat"), opening=ReadOptions(part="3")))),
    )
    names = recording_names(data)
    assert names == {
        (0, 0): "1/ecg.csv", (0, 1): "b.csv", (1, 0): "2/ecg.csv", (2, 0): "ecg.csv", (2, 1): "b.mat#3",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("module", "name"),
    [(quality, "MIN_GOOD_BEAT_CORRELATION"), (beats, "MAX_RR_DEVIATION"), (raw_quality, "RAIL_SHARE")],
)
def test_another_quality_gate_is_another_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str
) -> None:
    data = dataset(rest_load_session(tmp_path, "a", 21))
    before = corpus_key(data, NORMAL, NORMAL.hop)
    monkeypatch.setattr(module, name, getattr(module, name) * 1.01)
    assert corpus_key(data, NORMAL, NORMAL.hop) != before


def test_windows_of_another_signal_path_are_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie in a folder of another name; one that was given this name is refused."""
    data = dataset(rest_load_session(tmp_path, "a", 21))
    monkeypatch.setattr(training.data.window_store, "PREPROCESSING", PREPROCESSING | {"highpass": "none"})
    other = build(data, tmp_path / "work")
    monkeypatch.undo()
    seen: list[int] = []
    ours = build(data, tmp_path / "work", report=lambda done, _total, _windows: seen.append(done))
    assert seen == [0, 1]
    assert ours.key != other.key
    shutil.rmtree(tmp_path / "work" / ours.key)
    (tmp_path / "work" / other.key).rename(tmp_path / "work" / ours.key)
    for spoil in (False, True):
        if spoil:
            (tmp_path / "work" / ours.key / "path.json").unlink()
        with pytest.raises(DatasetError, match="holds windows of another signal path") as caught:
            build(data, tmp_path / "work")
        assert "--work" in caught.value.remedy


def test_a_full_disk_is_one_error_and_what_was_made_stays(tmp_path: Path) -> None:
    data = dataset(*[rest_load_session(tmp_path, name, 21) for name in "abcd"])
    with full_disk(100_000), pytest.raises(DatasetError, match=FULL):
        build(data, tmp_path / "work")
    seen: list[int] = []
    corpus = build(data, tmp_path / "work", report=lambda done, _total, _windows: seen.append(done))
    assert seen[0] == 2
    assert len(corpus.windows) == 16


SPANS = (
    Annotation(0, 0.0, 30.0, {"task": "rest"}, rest=True),
    Annotation(0, 35.0, 60.0, {"task": "load"}),
    Annotation(0, 60.0, 90.0, rest=True),
)


@pytest.mark.parametrize(
    ("begin", "inside", "largest", "rest"),
    [(20.0, 0, 0, 30.0), (20.5, -1, 0, np.inf), (26.0, -1, 1, np.inf), (50.0, 1, 1, np.inf), (60.0, -1, -1, 40.0)],
)
def test_which_span_labels_a_window(begin: float, inside: int, largest: int, rest: float) -> None:
    job = BuildJob(0, SubjectSession("a", (), SPANS), [0.0, 1.0, -1.0])
    assert annotation_of_window(job, 0, begin, begin + 10, "inside") == inside
    assert annotation_of_window(job, 0, begin, begin + 10, "largest") == largest
    assert annotation_of_window(job, 1, begin, begin + 10, "largest") == -1
    assert rest_elapsed(job.session, 0, begin, begin + 10) == rest


def test_the_log_of_sittings_is_never_emptied_even_where_the_disk_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dataset(*[rest_load_session(tmp_path, name, 21) for name in "ab"])
    folder = tmp_path / "work" / build(data, tmp_path / "work").key
    os.truncate(folder / "rows.bin", (folder / "rows.bin").stat().st_size - 1)  # so that the log must lose a line
    before = (folder / "sittings.jsonl").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match="No space left"):
        build(data, tmp_path / "work")
    assert (folder / "sittings.jsonl").read_bytes() == before


def test_a_garbled_line_of_the_log_is_made_again(tmp_path: Path) -> None:
    data = dataset(rest_load_session(tmp_path, "a", 21))
    made = build(data, tmp_path / "work")
    wanted = made.windows.copy()
    (tmp_path / "work" / made.key / "sittings.jsonl").write_text('{"total": 2}\n')
    assert np.array_equal(build(data, tmp_path / "work").windows, wanted)
