"""Streams beside the ECG as CSV tables: each sample with its time from the first ECG sample."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from devices.read_options import ReadOptions
from ecg_live.events import AuxiliarySamples, AuxiliaryStream, Chunk, Marker
from ecg_live.recorded.auxiliary_samples import auxiliary_streams, read_auxiliary
from ecg_live.recorded.export import export
from ecg_live.recorded.session_file import read_contents
from ecg_live.results import Item
from ecg_live.xdf.decode import ChunkLocation, iter_chunks
from ecg_live.xdf.encode import SAMPLES_TAG
from tests.support.xdf_recordings import BEGAN, INFO, RATE, counted, record

PLAIN = ReadOptions()
EDA = AuxiliaryStream("EDA left", "EDA", (("EDA", "uS"), ("temperature", "celsius")), 32.0)
NOTES = AuxiliaryStream("notes", "Notes", (("who", ""), ("", "")), text=True)


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def recording(path: Path, items: Iterable[Item], *streams: AuxiliaryStream) -> Path:
    record(path, items, replace(INFO, auxiliary=streams))
    return path


def test_all_samples_with_all_digits_and_their_times(tmp_path: Path) -> None:
    index = np.arange(64.0)
    values = np.stack((index / 3, np.where(index == 5, np.nan, index)), axis=1)
    stamps = BEGAN - 0.25 + index / 32
    items: list[Item] = [AuxiliarySamples(EDA, stamps[k : k + 8], values[k : k + 8]) for k in range(0, 64, 8)]
    items += [AuxiliarySamples(NOTES, BEGAN + np.array([0.5, 0.75]), (("A", "Grüße"), ("=B", "")))]
    source = recording(tmp_path / "a.xdf", [*items[:1], *counted(0, 1000), *items[1:]], EDA, NOTES)
    names = [path.name for path in export(source, "csv", None, PLAIN).files]
    assert names == ["a_ecg.csv", "a_markers.csv", "a_gaps.csv", "a_EDA_left.csv", "a_notes.csv"]
    header, *found = table(tmp_path / "a_EDA_left.csv")
    assert header == ["time [s]", "EDA [uS]", "temperature [celsius]"]
    assert [float(row[0]) for row in found] == pytest.approx(-0.25 + index / 32, abs=2e-6)
    assert [float(row[1]) for row in found] == values[:, 0].tolist()
    assert found[5][2] == ""
    assert table(tmp_path / "a_notes.csv") == [
        ["time [s]", "who", "channel 2"], ["0.500000", "A", "Grüße"], ["0.750000", "'=B", ""],
    ]  # fmt: skip


def test_times_follow_the_ecgs_own_clock_where_it_drifts(tmp_path: Path) -> None:
    """The device's 256 Hz are 256.256 Hz of the session clock."""
    items: list[Item] = []
    for second in range(60):
        samples = np.zeros((256, 1))
        items.append(Chunk(samples, 256 * second, BEGAN + second * 0.999))
        items.append(AuxiliarySamples(EDA, np.array([BEGAN + second * 0.999 + 0.5]), np.array([[1.0, 2.0]])))
    recording(tmp_path / "a.xdf", items, EDA)
    export(tmp_path / "a.xdf", "csv", None, PLAIN)
    times = [float(row[0]) for row in table(tmp_path / "a_EDA_left.csv")[1:]]
    assert times == pytest.approx(np.arange(60) + 0.5, abs=0.0011)  # from the chunk before; 59 ms in all


def test_times_count_from_the_file_where_it_begins_in_mid_session(tmp_path: Path) -> None:
    sample = AuxiliarySamples(EDA, np.array([BEGAN + 3000 / RATE]), np.array([[1.0, 2.0]]))
    recording(tmp_path / "a.xdf", [*counted(2560, 5120), sample], EDA)
    export(tmp_path / "a.xdf", "csv", None, PLAIN)
    assert table(tmp_path / "a_EDA_left.csv")[1][0] == f"{(3000 - 2560) / RATE:.6f}"


def test_names_that_are_alike_or_hostile_have_a_table_each(tmp_path: Path) -> None:
    streams = [AuxiliaryStream(name, "x", (("=1", "[;]"),)) for name in ("ECG", "../a b", "a/b", "\n", "x" * 300)]
    items = [AuxiliarySamples(each, np.array([BEGAN]), np.array([[1.0]])) for each in streams]
    source = recording(tmp_path / "a.xdf", [*counted(0, 512), *items], *streams)
    files = export(source, "csv", None, PLAIN).files[3:]
    assert [path.name for path in files] == [
        "a_ECG_2.csv", "a_a_b.csv", "a_a_b_2.csv", "a_stream.csv", f"a_{'x' * 40}.csv",
    ]  # fmt: skip
    assert {path.parent for path in files} == {tmp_path}
    assert [table(path)[1] for path in files] == [["0.000000", "1.0"]] * 5
    assert table(files[0])[0][1].startswith("'=1")


def test_damage_ends_the_tables_and_is_named_once(tmp_path: Path) -> None:
    chunks = [AuxiliarySamples(EDA, BEGAN + np.arange(8) / 32 + k / 4, np.zeros((8, 2))) for k in range(40)]
    before = Marker(BEGAN + 9.9, "x", 9.9)  # all of the ECG is written before it
    items: list[Item] = [*counted(0, 2560), before, *chunks]
    source = recording(tmp_path / "a.xdf", items, EDA)
    data, chunks_there = source.read_bytes(), [each for _, each in iter_chunks(source)]
    samples = [each for each in chunks_there if isinstance(each, ChunkLocation) and each.tag == SAMPLES_TAG]
    place = samples[-20].begin  # behind the ECG, in the middle of the stream beside it
    source.write_bytes(data[:place] + b"\x4d" + data[place + 1 :])
    contents = read_contents(source)
    assert contents is not None
    blocks = list(read_auxiliary(contents, auxiliary_streams(contents)))
    assert len(blocks) <= 40
    assert export(source, "csv", None, PLAIN).files[0].stat().st_size > 1000
