"""Anybody's XDF file that was cut or damaged is closed with all its streams, and what is missing is reported."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf

from devices.read_options import ReadOptions
from devices.uri import open_source
from ecg_live.errors import FormatError
from ecg_live.events import Chunk
from ecg_live.recorded.export import export
from ecg_live.recorded.verify import verify
from tests.support.files import xdf_files as plain
from tests.support.xdf_recordings import counted, ecg, record

OPTIONS = ReadOptions()
BOUNDARY = plain.chunk(5, bytes.fromhex("43A546DCCBF5410FB30ED5467383CBE4"))


def labrecorder_file(path: Path) -> Path:
    """Four streams as LabRecorder mixes them, without footers: ECG, 16-bit gaze, texts, and an empty one."""
    eyes = [
        plain.samples(2, "int16", [[i, -i] for i in range(at, at + 30)], [100 + i / 60 for i in range(at, at + 30)])
        for at in range(0, 450, 30)
    ]
    chunks = plain.ecg()
    mixed: list[bytes] = []
    for k, part in enumerate(chunks):
        mixed += [part, *eyes[k : k + 1], plain.note(3, f"trial {k}", 100.0 + k)]
        mixed += [plain.offset(2, 100.0 + k, 0.5), BOUNDARY]
    return plain.write(
        path,
        plain.header(1, "Polar", "ECG", "float32", 130),
        plain.header(2, "Eyes", "Gaze", "int16", 60, ("x", "y")),
        plain.header(3, "Task", "Markers", "string", 0),
        plain.header(4, "Nothing", "EEG", "double64", 100),
        *mixed,
    )


def loaded(path: Path) -> dict[str, Any]:
    streams, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    return {stream["info"]["name"][0]: stream for stream in streams}


def test_all_streams_of_a_cut_file_are_kept_and_get_footers(tmp_path: Path) -> None:
    whole = labrecorder_file(tmp_path / "lab.xdf").read_bytes()
    for share in (0.4, 0.7, 0.999):
        cut = tmp_path / "cut.xdf"
        cut.write_bytes(whole[: int(len(whole) * share)])
        done = export(cut, "xdf", None, OPTIONS, force=True)
        assert done.error is None
        assert verify(done.files[0]).sound
        assert verify(done.files[0]).closed
        before, after = loaded(cut), loaded(done.files[0])
        assert before.keys() == after.keys()
        for name, stream in after.items():
            assert np.array_equal(stream["time_series"], before[name]["time_series"])
            assert int(stream["footer"]["info"]["sample_count"][0]) == len(stream["time_stamps"])
        assert any("torn chunk left out, 4 footers added" in remark for remark in done.remarks)
        assert "Nothing [EEG]: no samples" in done.remarks


def test_damage_in_the_middle_is_left_out_and_the_rest_of_all_streams_is_kept(tmp_path: Path) -> None:
    path = labrecorder_file(tmp_path / "lab.xdf")
    data = bytearray(path.read_bytes())
    at = data.index(b"trial 7")
    data[at - 60 : at + 200] = bytes([77]) * 260
    path.write_bytes(data)
    done = export(path, "xdf", None, OPTIONS)
    assert done.error is None
    assert verify(done.files[0]).sound
    assert sum(remark.startswith("bytes") for remark in done.remarks) == 1
    after = loaded(done.files[0])
    values = np.asarray(after["Polar"]["time_series"])[:, 0]
    assert values[-1] == 999
    assert len(values) >= 900
    assert ["trial 19"] in after["Task"]["time_series"]
    missing = next(remark for remark in done.remarks if remark.startswith("Polar [ECG]"))
    assert f"about {1000 - len(values)} are missing" in missing


def test_our_own_file_is_sealed_again_after_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    record(path, counted(0, 20_000))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = bytes([77]) * 300
    path.write_bytes(data)
    assert not verify(path).sound
    done = export(path, "xdf", None, OPTIONS)
    report = verify(done.files[0])
    kept = ecg(done.files[0])
    assert done.error is None
    assert report.sound
    assert report.has_digests
    assert kept[-1] == 19_999
    assert np.all(np.diff(kept) > 0)
    with open_source(str(done.files[0]), ReadOptions(speed=inf)) as source:
        chunks = [item for item in source if isinstance(item, Chunk)]
    for each in chunks:  # each sample is its own index
        assert np.array_equal(each.samples[:, 0], np.arange(each.start, each.stop))
    assert 20_000 - len(kept) < 5000


def test_chunks_of_a_stream_without_header_are_left_out(tmp_path: Path) -> None:
    path = labrecorder_file(tmp_path / "lab.xdf")
    path.write_bytes(path.read_bytes() + plain.samples(9, "float32", [[1.0]], [100.0]))
    done = export(path, "xdf", None, OPTIONS)
    assert "1 chunks of stream 9, which has no header, left out" in done.remarks
    assert verify(done.files[0]).sound


def test_a_stream_whose_header_is_damaged_hinders_no_other(tmp_path: Path) -> None:
    path = labrecorder_file(tmp_path / "lab.xdf")
    path.write_bytes(path.read_bytes().replace(b"Eyes", b"<\0\0<"))
    done = export(path, "xdf", None, OPTIONS)
    assert done.error is None
    assert any("header of stream 2: not well-formed" in remark for remark in done.remarks)
    assert any("of stream 2, which has no header, left out" in remark for remark in done.remarks)
    after = loaded(done.files[0])
    assert {name: len(stream["time_series"]) for name, stream in after.items()} == {
        "Polar": 1000, "Task": 20, "Nothing": 0,
    }  # fmt: skip
    assert verify(done.files[0]).sound


def test_a_stream_that_cannot_be_decoded_hinders_no_other(tmp_path: Path) -> None:
    path = labrecorder_file(tmp_path / "lab.xdf")
    broken = plain.chunk(3, b"\2\0\0\0" + b"\x04\xff\xff\xff\x7f" + bytes(20))
    path.write_bytes(path.read_bytes() + broken)
    done = export(path, "xdf", None, OPTIONS)
    assert any(
        remark.startswith("Eyes [Gaze]: 1 chunks of samples are damaged and left out") for remark in done.remarks
    )
    assert np.asarray(loaded(labrecorder_file(tmp_path / "b.xdf"))["Polar"]["time_series"]).shape == (1000, 1)


@pytest.mark.parametrize("content", [b"XDF:", b"XDF:" + bytes(100), b"XDF:" + bytes([77]) * 50])
def test_a_file_without_any_header_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "none.xdf"
    path.write_bytes(content)
    with pytest.raises(FormatError):
        export(path, "xdf", None, OPTIONS)
    assert not path.with_name("none_closed.xdf").exists()
