"""From what the user names to a source, and a decoder by what a file holds."""

import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from devices import open_recording, open_source
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, EcgLiveError, FormatError, RecordingError
from ecg_live.events import Chunk
from tests.support.decoding import decode
from tests.support.files import edf_files, mat_files, opensignals_text_files, shimmer_text_files, xdf_files

AT_100 = ReadOptions(rate=100)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "ecg.csv"
    path.write_text("ECG\n1\n2\n3\n")
    return path


def test_a_path_with_and_without_its_scheme(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(table.parent))
    for uri in (str(table), f"file:{table}", f"file://{table}", f"FILE:{table}", "~/ecg.csv", "file:~/ecg.csv"):
        with open_source(uri, AT_100) as source:
            assert source.info.rate == 100


def test_a_file_that_states_no_signal_is_what_the_user_says(table: Path) -> None:
    assert open_source(str(table), AT_100).info.signal == "ecg"
    with open_source(str(table), replace(AT_100, signal="ppg", speed=math.inf)) as source:
        assert (source.info.signal, source.info.rate) == ("ppg", 100)
        assert sum(len(item.samples) for item in source if isinstance(item, Chunk)) == 3


def test_a_signal_that_is_stated_already_is_not_stated_otherwise(tmp_path: Path) -> None:
    savemat(tmp_path / "s01.mat", {"data": np.ones((1, 40, 8064)), "labels": np.full((1, 4), 5.0)})  # DEAP's
    with pytest.raises(ConfigError, match=r"s01\.mat: holds pulse \(PPG\), and --signal is ecg"):
        open_source(str(tmp_path / "s01.mat"), ReadOptions(signal="ecg"))
    with pytest.raises(ConfigError, match="--signal beside polar:H10: it is for files; a device states its own"):
        open_source("polar:H10", ReadOptions(signal="ppg"))


def test_an_existing_file_goes_before_a_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("lsl:1.csv", "12:30:00.csv", "odd:name.csv"):
        Path(name).write_text("1\n2\n")
        assert open_source(name, AT_100).info.rate == 100


@pytest.mark.parametrize("uri", ["ble:1", "http://example.org/a.edf", "files:a.csv"])
def test_unknown_schemes(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown scheme.*file:, lsl:, shimmer:, bitalino:, polar:, hr:"):
        open_source(uri, ReadOptions())


@pytest.mark.parametrize(
    "uri", ["C:\\data\\ecg.csv", "c:ecg.csv", "nowhere/lsl:a.csv", "missing.edf", "file:missing", "~nobody9/x"]
)
def test_no_such_file(uri: str) -> None:
    with pytest.raises(RecordingError, match="no such file") as caught:
        open_source(uri, ReadOptions())
    assert (caught.value.exit_code, bool(caught.value.remedy)) == (4, True)


def test_folders_and_nothing(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is a folder"):
        open_source(str(tmp_path), ReadOptions())
    with pytest.raises(ConfigError, match="empty"):
        open_source("  ", ReadOptions())


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", Path("/dev/null")):
        with pytest.raises(RecordingError, match=r"no regular file.*save it to a file"):
            open_source(str(path), AT_100)


@pytest.mark.parametrize("uri", ["a" * 5000, "file:" + "a" * 5000, "x:" + "a" * 5000, "a\0b", "/", "."])
def test_paths_that_cannot_be(uri: str) -> None:
    with pytest.raises(EcgLiveError) as caught:
        open_source(uri, AT_100)
    assert caught.value.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(table: Path) -> None:
    table.chmod(0)
    with pytest.raises(RecordingError, match="cannot be read"):
        open_source(str(table), AT_100)


@pytest.mark.parametrize("suffix", ["csv", "txt", "h5", "edf", "bdf", "xdf", "hea", "dat", "mat", ""])
def test_an_empty_file_of_any_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"")
    with pytest.raises(FormatError) as caught:
        open_recording(path, AT_100)
    assert caught.value.remedy


def test_content_goes_before_the_name(tmp_path: Path) -> None:
    text = opensignals_text_files.write(tmp_path / "a.edf", opensignals_text_files.counted(range(10)))
    assert len(decode(text).samples) == 10
    assert len(decode(edf_files.write(tmp_path / "b.txt", edf_files.counts())).samples) == 2000
    shimmer = shimmer_text_files.write(tmp_path / "c.xdf", shimmer_text_files.at(512, 300))
    assert decode(shimmer).info.rate == 512


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 3000))
def test_nothing_depends_on_the_size_of_chunks(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    folder = tmp_path_factory.mktemp("any_size")
    numbers = [n % 65536 for n in range(65000, 67000) if n % 700 > 3]
    rate = 130
    parts = [
        xdf_files.samples(
            1, "float32", [[at + i] for i in range(50)], [(at + i + (at > 300) * 99) / rate for i in range(50)]
        )
        for at in range(0, 1000, 50)
    ]
    for path in (
        opensignals_text_files.write(folder / "a.txt", opensignals_text_files.counted(numbers), last="1"),
        shimmer_text_files.write(folder / "b.csv", shimmer_text_files.at(512, 2000, (3, 1), (900, 50), (1000, 2))),
        xdf_files.write(folder / "c.xdf", xdf_files.header(1, "P", "ECG", "float32", rate), *parts),
    ):
        one, other = decode(path, size=10**6), decode(path, size=size)
        np.testing.assert_array_equal(one.samples, other.samples)
        assert one.gaps
        assert (one.counter, one.gaps, one.warnings) == (other.counter, other.gaps, other.warnings)


def test_a_part_of_a_file_that_holds_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trial = np.full((600, 2), 2060.0)
    scores = {f"Score{name}": [3.0] for name in ("Valence", "Arousal", "Dominance")}
    people = [mat_files.dreamer_subject([trial + 50 * i], [], scores) for i in range(3)]
    path = mat_files.write_dreamer(tmp_path / "d.mat", people)
    for uri in ("d.mat#3", f"file:{path}#3", f"{path}#3"):
        with open_source(uri, ReadOptions(speed=math.inf)) as source:
            assert source.info.name == "d.mat#3"
    Path("d.mat#3").write_text("ECG\n1\n2\n3\n")
    assert open_source("d.mat#3", AT_100).info.rate == 100
    with pytest.raises(ConfigError, match="no part '4'"):
        open_source("d.mat#4", ReadOptions())


def test_parts_where_there_are_none(table: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds one recording, there is no part '2'.*leave the part out"):
        open_source(f"{table}#2", AT_100)
    with pytest.raises(RecordingError, match=r"nowhere\.csv#2: no such file"):
        open_source("nowhere.csv#2", AT_100)
