"""Export to BIDS: the validator finds no error, our reader finds the samples, and nothing of others is touched."""

from __future__ import annotations

import gzip
import json
import math
import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, RecordingError
from ecg_live.events import AuxiliarySamples, AuxiliaryStream, Beats, Chunk, Gap, Marker, StreamInfo
from ecg_live.recorded.export import ExportResult, export
from ecg_live.recorded.export.bids import BidsNames
from ecg_live.resources import recordings_folder
from ecg_live.results import Item
from ecg_live.xdf.decode import TruncatedChunk, iter_chunks
from tests.support.bids_validator import bids_errors
from tests.support.decoding import decode
from tests.support.recorded_sessions import rolled, story
from tests.support.xdf_recordings import BEGAN, INFO, counted, eventful, record

PLAIN = ReadOptions()
REAL = recordings_folder() / "supine_1min.txt"
EDA = AuxiliaryStream("EDA left", "EDA", (("EDA", "uS"), ("SamplingFrequency", "")), 64.0)
RATINGS = AuxiliaryStream("ratings", "Rating", (("valence", ""),))


def to_bids(source: Path, out: Path, *, force: bool = False, task: str | None = "rest", **names: str) -> ExportResult:
    return export(source, "bids", out, PLAIN, force=force, names=BidsNames(task, **names))


def content(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def tables(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*_physio.tsv.gz"))


def rows(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]


def every_byte(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """3000 samples that are their own index, 100 lost, 900 more; a marker; P01, S1."""
    record(tmp_path / "a.xdf", eventful())
    return tmp_path / "a.xdf"


def test_a_session_with_a_gap_and_a_marker(session: Path, tmp_path: Path) -> None:
    done = to_bids(session, tmp_path / "study")
    stem = "sub-P01_ses-S1_task-rest"
    assert [path.name for path in done.files] == [
        f"{stem}_recording-ecg_physio.tsv.gz", f"{stem}_recording-ecg_physio.json",
        f"{stem}_events.tsv", f"{stem}_events.json",
    ]  # fmt: skip
    assert {path.parent for path in done.files} == {tmp_path / "study" / "sub-P01" / "ses-S1" / "beh"}
    assert bids_errors(tmp_path / "study") == []
    sidecar = content(done.files[1])
    assert (sidecar["SamplingFrequency"], sidecar["StartTime"], sidecar["Columns"]) == (256, 0, ["ecg"])
    assert sidecar["ecg"]["Units"] == "mV"
    lines = gzip.decompress(done.files[0].read_bytes()).decode().splitlines()
    assert lines == [*(f"{k}.0" for k in range(3000)), *["n/a"] * 100, *(f"{k}.0" for k in range(3100, 4000))]
    assert rows(done.files[2]) == [["onset", "duration", "trial_type"], ["11.25", "n/a", "Grüße, <b>"]]
    assert rows(tmp_path / "study" / "participants.tsv") == [["participant_id", "pseudonym"], ["sub-P01", "P01"]]
    description = content(tmp_path / "study" / "dataset_description.json")
    assert (description["Name"], description["GeneratedBy"][0]["Name"]) == ("study", "ecg-live")


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_our_reader_finds_the_same_samples_gaps_and_markers(session: Path, tmp_path: Path, size: int) -> None:
    there, got = decode(session), decode(to_bids(session, tmp_path / "study").files[0], size=size)
    assert got.samples.tolist() == there.samples.tolist()
    assert got.counter == there.counter
    assert got.gaps == there.gaps == [(3000, 100)]
    assert (got.info.rate, [(m.time, m.text) for m in got.markers]) == (256, [(11.25, "Grüße, <b>")])


def test_samples_that_are_no_number_are_no_gap(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(600, 1))
    x[[5, 50, 51, 52, 599]] = np.nan
    record(tmp_path / "a.xdf", [Chunk(x[:300], 0, BEGAN), Chunk(x[300:], 310, BEGAN + 310 / 256)])
    got = decode(to_bids(tmp_path / "a.xdf", tmp_path / "study").files[0])
    np.testing.assert_array_equal(got.samples, x[:, 0])
    assert got.gaps == [(300, 10)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-1e4, 1e4) | st.just(math.nan), min_size=2, max_size=40))
def test_any_number_survives_exactly(tmp_path: Path, values: list[float]) -> None:
    (tmp_path / "a.xdf").unlink(missing_ok=True)
    record(tmp_path / "a.xdf", [Chunk(np.array([*values, 0.5])[:, None], 0, BEGAN)])
    got = decode(to_bids(tmp_path / "a.xdf", tmp_path / "study", force=True).files[0])
    np.testing.assert_array_equal(got.samples, [*values, 0.5])
    assert got.gaps == []


def test_several_leads_are_columns_and_the_device_is_named(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(600, 2))
    info = StreamInfo(512.0, ("LL-RA", "LA-RA"), None, "Shimmer3 EXG", "two", ecg=1)
    record(tmp_path / "a.xdf", [Chunk(x, 0, BEGAN)], info)
    table, sidecar = to_bids(tmp_path / "a.xdf", tmp_path / "study").files
    for column, name in enumerate(("ll_ra", "la_ra")):
        np.testing.assert_array_equal(decode(table, ReadOptions(name)).samples, x[:, column])
    told = content(sidecar)
    assert (told["Manufacturer"], told["ManufacturersModelName"]) == ("Shimmer", "Shimmer3 EXG")
    assert told["la_ra"] == {"Description": "LA-RA", "Units": "mV"}
    assert bids_errors(tmp_path / "study") == []


def test_three_sessions_of_two_participants_in_one_data_set(tmp_path: Path) -> None:
    record(tmp_path / "a.xdf", eventful())
    study = tmp_path / "study"
    to_bids(tmp_path / "a.xdf", study)
    first = every_byte(study)
    to_bids(tmp_path / "a.xdf", study, session="S2")
    to_bids(REAL, study, task="supine", participant="P-02")
    assert bids_errors(study) == []
    assert rows(study / "participants.tsv")[1:] == [["sub-P01", "P01"], ["sub-P02", "P-02"]]
    assert rows(study / "sub-P01" / "sub-P01_sessions.tsv")[1:] == [["ses-S1", "S1"], ["ses-S2", "S2"]]
    grown = {"participants.tsv", str(Path("sub-P01", "sub-P01_sessions.tsv"))}
    now = every_byte(study)
    assert {name: data for name, data in first.items() if now[name] != data}.keys() == grown
    assert all(now[name].startswith(first[name]) for name in grown)
    assert len(tables(study)) == 4  # of the real one its RR intervals, too
    np.testing.assert_array_equal(decode(tables(study)[2]).samples, decode(REAL).samples)


def test_files_of_one_recording_are_runs(tmp_path: Path) -> None:
    for path in rolled(tmp_path / "a.xdf", story()):
        to_bids(path, tmp_path / "study")
    assert [path.name.split("_")[3] for path in tables(tmp_path / "study")] == ["run-1", "run-2", "run-3"]
    assert bids_errors(tmp_path / "study") == []


def test_streams_beside_the_ecg_lie_on_its_time(tmp_path: Path) -> None:
    index = np.arange(320.0)
    values = np.stack((index, -index), axis=1)
    stamps = BEGAN + 0.5 + np.where(index < 160, index, index + 32) / EDA.rate
    items: list[Item] = [*counted(0, 1536)]
    for k in range(0, 320, 8):
        chunk = AuxiliarySamples(EDA, stamps[k : k + 8], values[k : k + 8])
        items.insert(1 + k // 4, chunk)
    items.append(AuxiliarySamples(RATINGS, BEGAN + np.array([1.0, 2.5]), np.array([[3.0], [4.0]])))
    record(tmp_path / "a.xdf", items, replace(INFO, auxiliary=(EDA, RATINGS)))
    done = to_bids(tmp_path / "a.xdf", tmp_path / "study")
    assert bids_errors(tmp_path / "study") == []
    (path,) = [path for path in tables(tmp_path / "study") if "recording-EDAleft_" in path.name]
    sidecar = content(path.with_name(path.name.replace(".tsv.gz", ".json")))
    assert sidecar["StartTime"] == pytest.approx(0.5, abs=1e-6)
    assert (sidecar["SamplingFrequency"], sidecar["Columns"]) == (64, ["eda", "samplingfrequency"])
    assert sidecar["Gaps"] == [[160, 32, "missing in the recording"]]
    got = decode(path, ReadOptions(channel="1", unit="mV"))
    assert (got.samples.tolist(), got.gaps) == (index.tolist(), [(160, 32)])
    assert done.remarks == ["stream 'ratings' has no regular rate, and is not exported to BIDS; --to csv exports it"]


def test_a_stream_whose_clock_runs_fast_has_the_rate_that_its_times_show(tmp_path: Path) -> None:
    rate = 64.4
    stamps = BEGAN + np.arange(640) / rate
    chunks = [AuxiliarySamples(EDA, stamps[k : k + 8], np.zeros((8, 2))) for k in range(0, 640, 8)]
    record(tmp_path / "a.xdf", [*counted(0, 2560), *chunks], replace(INFO, auxiliary=(EDA,)))
    done = to_bids(tmp_path / "a.xdf", tmp_path / "study")
    assert content(done.files[-1])["SamplingFrequency"] == pytest.approx(rate, rel=1e-6)


HOSTILE = "=cmd|' /C calc'!A0\x14\x15\x00\r\n,\t\"<script>{}" + "x" * 5000


def test_hostile_names_and_texts_break_no_file(tmp_path: Path) -> None:
    stream = AuxiliaryStream(f"../../{HOSTILE}", "é", (("Columns", "\t"), ("\n", ""), ("COLUMNS", "")), 32.0)
    twin = AuxiliaryStream("ECG", "", (("", ""),), 32.0)
    info = StreamInfo(256.0, ('E,C;G\t"#[uV]\n\x01é' * 20, "SamplingFrequency", "é"), None, HOSTILE, HOSTILE,
                      auxiliary=(stream, twin))  # fmt: skip
    stamps, x = BEGAN + np.arange(64) / 32, np.zeros((1024, 3))
    record(
        tmp_path / "a.xdf",
        [
            Chunk(x, 0, BEGAN), Marker(BEGAN + 1, HOSTILE, 1.0), Marker(BEGAN + 2, "\t", 2.0), Gap(1024, 6, HOSTILE),
            AuxiliarySamples(stream, stamps, np.zeros((64, 3))), AuxiliarySamples(twin, stamps, np.zeros((64, 1))),
            Chunk(x, 1030, BEGAN + 1030 / 256),
        ],
        info,
    )  # fmt: skip
    to_bids(tmp_path / "a.xdf", tmp_path / "study", participant="../Jürgen\t'=1", session="\n../x")
    assert bids_errors(tmp_path / "study") == []
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["study"]
    (folder,) = (tmp_path / "study").glob("sub-*")
    assert folder.name == "sub-Jrgen1"
    (events,) = folder.rglob("*_events.tsv")
    assert [len(row) for row in rows(events)] == [3, 3, 3]
    assert rows(events)[1][2].startswith("'=cmd")
    assert rows(events)[2][2] == "n/a"
    (ecg,) = folder.rglob("*_recording-ecg_physio.tsv.gz")
    got = decode(ecg, ReadOptions(channel="1"))
    assert (len(got.samples), got.gaps) == (2048, [(1024, 6)])
    assert len(tables(folder)) == 3


def test_the_longest_names_fit_a_file_name(tmp_path: Path) -> None:
    stream = AuxiliaryStream("n" * 300, "EDA", (("c" * 300, "uS"),), 64.0)
    items: list[Item] = [*counted(0, 512), AuxiliarySamples(stream, BEGAN + np.arange(8) / 64, np.zeros((8, 1)))]
    record(tmp_path / "a.xdf", items, replace(INFO, auxiliary=(stream,)))
    done = to_bids(tmp_path / "a.xdf", tmp_path / "study", task="t" * 50, participant="p" * 300, session="s" * 300)
    assert len(done.files) == 4
    assert bids_errors(tmp_path / "study") == []


def test_nothing_is_replaced_unless_forced(session: Path, tmp_path: Path) -> None:
    to_bids(session, tmp_path / "study")
    (tmp_path / "study" / "README.md").write_text("our own words", encoding="utf-8")
    before = every_byte(tmp_path / "study")
    with pytest.raises(RecordingError, match=r"is there already.*--force"):
        to_bids(session, tmp_path / "study")
    record(tmp_path / "b.xdf", counted(0, 500))
    with pytest.raises(RecordingError, match="is there already"):
        to_bids(tmp_path / "b.xdf", tmp_path / "study")
    assert every_byte(tmp_path / "study") == before
    to_bids(tmp_path / "b.xdf", tmp_path / "study", force=True)
    after = every_byte(tmp_path / "study")
    assert not [name for name in after if "events" in name]  # those of the recording that was replaced
    assert {name for name in after if after[name] != before[name]} == {name for name in after if "physio" in name}
    assert decode(tables(tmp_path / "study")[0]).samples.tolist() == list(range(500))
    assert bids_errors(tmp_path / "study") == []


def test_files_of_other_programs_are_neither_replaced_nor_removed(session: Path, tmp_path: Path) -> None:
    stem = to_bids(session, tmp_path / "study").files[0].name.removesuffix("_recording-ecg_physio.tsv.gz")
    folder = tmp_path / "study" / "sub-P01" / "ses-S1" / "beh"
    for ending in ("tsv.gz", "json"):
        (folder / f"{stem}_recording-belt_physio.{ending}").write_bytes(b'{"Manufacturer": "Theirs"}')
    before = every_byte(folder)
    to_bids(session, tmp_path / "study", force=True)
    assert every_byte(folder) == before
    (folder / f"{stem}_events.json").write_text('{"trial_type": {"Description": "of the scanner"}}')
    before = every_byte(folder)
    with pytest.raises(RecordingError, match=r"_events\.tsv is of another program"):
        to_bids(session, tmp_path / "study", force=True)
    record(tmp_path / "b.xdf", counted(0, 500))  # without markers
    to_bids(tmp_path / "b.xdf", tmp_path / "study", force=True)
    assert {name: data for name, data in every_byte(folder).items() if "-ecg_" not in name} == {
        name: data for name, data in before.items() if "-ecg_" not in name
    }


def test_exports_at_the_same_time_each_leave_their_row(tmp_path: Path) -> None:
    def one(k: int) -> None:
        record(tmp_path / f"{k}.xdf", counted(0, 500))
        to_bids(tmp_path / f"{k}.xdf", tmp_path / "study", participant=f"P{k}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(8)))
    found = sorted(row[0] for row in rows(tmp_path / "study" / "participants.tsv")[1:])
    assert found == [f"sub-P{k}" for k in range(8)]
    assert [path.name for path in (tmp_path / "study").glob(".*")] == []  # no lock is left
    assert bids_errors(tmp_path / "study") == []


@pytest.mark.skipif(os.name != "posix", reason="no modes")
def test_a_lock_that_cannot_be_opened_is_named(session: Path, tmp_path: Path) -> None:
    """Such as that of another user's export, which was killed."""
    lock = tmp_path / "study" / ".ecg-live.lock"
    lock.mkdir(parents=True)
    with pytest.raises(
        RecordingError, match=r"\.ecg-live\.lock cannot be written to.*remove it if no export"
    ) as refused:
        to_bids(session, tmp_path / "study")
    assert str(lock) in refused.value.message


def test_a_table_that_others_read_stays_readable(session: Path, tmp_path: Path) -> None:
    to_bids(session, tmp_path / "study")
    (tmp_path / "study" / "participants.tsv").chmod(0o664)
    to_bids(session, tmp_path / "study", participant="P02")
    assert stat.S_IMODE((tmp_path / "study" / "participants.tsv").stat().st_mode) == 0o664


def test_a_data_set_of_others_gets_files_and_a_row(session: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    about = '{"Name": "Theirs", "BIDSVersion": "1.8.0"}'
    (study / "dataset_description.json").write_text(about)
    (study / "README").write_text("theirs" * 50)
    (study / "participants.tsv").write_text("participant_id\tage\tsex\nsub-07\t30\tM")
    to_bids(session, study)
    assert (study / "dataset_description.json").read_text() == about
    assert rows(study / "participants.tsv")[1:] == [["sub-07", "30", "M"], ["sub-P01", "n/a", "n/a"]]
    assert not list(study.glob("README.*"))
    to_bids(session, study, participant="07")  # whom they know
    assert len(rows(study / "participants.tsv")) == 3
    with pytest.raises(ConfigError, match=r"'0-7' becomes 'sub-07' in BIDS, which is that of '07'"):
        to_bids(session, study, participant="0-7")
    assert bids_errors(study) == []


@pytest.mark.parametrize("other", ["P-01", "p01", "P 0 1"])
def test_two_pseudonyms_of_one_label_are_refused(session: Path, tmp_path: Path, other: str) -> None:
    to_bids(session, tmp_path / "study")
    before = every_byte(tmp_path / "study")
    with pytest.raises(ConfigError, match=r"'P01' in .*participants\.tsv.*--participant"):
        to_bids(session, tmp_path / "study", participant=other, session="S9")
    with pytest.raises(ConfigError, match=r"'S1' in .*_sessions\.tsv.*--session"):
        to_bids(session, tmp_path / "study", task="other", session="S-1")
    assert every_byte(tmp_path / "study") == before


def test_a_folder_that_is_something_else_is_refused(session: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    (study / ".DS_Store").touch()
    for name, text, said in (
        ("thesis.txt", "", "no dataset_description"),
        ("dataset_description.json", "{", "is no JSON"),
        ("dataset_description.json", '{"name": 1}', "BIDSVersion"),
        ("dataset_description.json", '{"BIDSVersion": "1.9.0", "DatasetType": "derivative"}', "'derivative'"),
    ):
        (study / name).write_text(text)
        with pytest.raises(RecordingError, match=said) as caught:
            to_bids(session, study)
        assert "--out" in str(caught.value)
    with pytest.raises(RecordingError, match="is a file"):
        to_bids(session, session)
    assert [path.name for path in study.iterdir() if path.is_dir()] == []


def test_what_names_are_missing_or_wrong_is_one_line_and_leaves_nothing(session: Path, tmp_path: Path) -> None:
    for source, names, said in (
        (session, BidsNames(), "--task rest"),
        (session, None, "--task rest"),
        (session, BidsNames("two back"), "--task twoback"),
        (session, BidsNames("../x"), "letters and digits"),
        (session, BidsNames("x" * 51), "up to 50"),
        (session, BidsNames("rest", datatype="anat"), "beh or func"),
        (session, BidsNames("rest", participant="Ü"), "no letter or digit"),
        (REAL, BidsNames("rest"), "--participant ID"),
    ):
        with pytest.raises(ConfigError, match=said):
            export(source, "bids", tmp_path / "study", PLAIN, names=names)
    with pytest.raises(ConfigError, match="are for --to bids"):
        export(session, "csv", None, PLAIN, names=BidsNames("rest"))
    strap = replace(INFO, rate=0.0, channels=())
    record(tmp_path / "strap.xdf", [Beats(BEGAN, 60.0, (1.0,))], strap)
    with pytest.raises(RecordingError, match="without ECG"):
        to_bids(tmp_path / "strap.xdf", tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_a_gap_of_days_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    x = np.zeros((256, 1))
    record(tmp_path / "a.xdf", [Chunk(x, 0, BEGAN), Chunk(x, 256 * 200_000, BEGAN + 200_000)])
    with pytest.raises(RecordingError, match="CSV"):
        to_bids(tmp_path / "a.xdf", tmp_path / "study")
    assert not (tmp_path / "study").exists()


@pytest.mark.skipif(os.name != "posix", reason="no modes")
def test_a_data_set_is_its_users_alone(session: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        to_bids(session, tmp_path / "new" / "study")
    finally:
        os.umask(before)
    found = list((tmp_path / "new").rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()} == {0o700}


def test_beside_functional_mri(session: Path, tmp_path: Path) -> None:
    done = to_bids(session, tmp_path / "study", datatype="func")
    assert done.files[0].parent.name == "func"
    assert bids_errors(tmp_path / "study") == []


def test_what_lies_before_damage_is_exported_and_the_damage_named(session: Path, tmp_path: Path) -> None:
    data = bytearray(session.read_bytes())
    places = [
        chunk.begin for _, chunk in iter_chunks(session) if not isinstance(chunk, TruncatedChunk) and chunk.tag == 3
    ]
    data[places[-3]] = 77  # no length has so many bytes
    session.write_bytes(data)
    done = to_bids(session, tmp_path / "study")
    assert "77" in str(done.error)
    got = decode(done.files[0])
    assert got.samples.tolist() == got.counter
    assert len(got.samples) > 3000
    assert bids_errors(tmp_path / "study") == []


FULL_DISK = """
mount -t tmpfs -o size=256k none "$1" || exit 77
head -c 200k /dev/zero > "$1/ballast"
"${@:2}"; code=$?
ls -a "$1"
exit $code
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare to mount a small disk")
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = [sys.executable, "-m", "ecg_live", "export", str(REAL), "--to", "bids", "--task", "rest",
               "--participant", "P1", "--out", str(disk / "study")]  # fmt: skip
    private = [shutil.which("unshare") or "", "--map-root-user", "--mount", "bash", "-c", FULL_DISK, "bash"]
    done = subprocess.run(
        [*private, str(disk), *command],
        capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"nothing may be mounted here: {done.stderr.strip()}")
    assert done.returncode == 4
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.split() == [".", "..", "ballast"]
