"""verify: what is whole is sound, and any damage anywhere is seen."""

from __future__ import annotations

import json
import os
import struct
import tracemalloc
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.read_options import ReadOptions
from ecg_live.cli.commands.verify import verify_files
from ecg_live.errors import FormatError, RecordingError
from ecg_live.events import Chunk, Gap, State
from ecg_live.recorded.export import export
from ecg_live.recorded.export.repair_xdf import close_xdf
from ecg_live.recorded.report import write_report
from ecg_live.recorded.session_file import read_contents
from ecg_live.recorded.verify import verify
from ecg_live.xdf.decode import ChunkLocation, iter_chunks
from ecg_live.xdf.encode import DIGEST_TAG, SAMPLES_TAG
from tests.support.files.xdf_files import chunk, header, write
from tests.support.files.xdf_files import ecg as lab_ecg
from tests.support.synthetic_signals import ecg
from tests.support.xdf_recordings import BEGAN, eventful, record


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "a.xdf"
    record(path, eventful())
    return path.read_bytes()


def test_a_recording_is_sound(tmp_path: Path, recording: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(recording)
    report = verify(path)
    assert report.sound, report.problems
    assert report.has_digests
    assert report.closed
    (ecg,) = [each for each in report.counts.values() if each.stream.own["key"] == "ecg"]
    assert (ecg.samples, ecg.footer_samples, ecg.missing, ecg.invalid, report.reported_lost) == (
        3900,
        3900,
        100,
        0,
        100,
    )
    assert verify_files([path], as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sound"]
    assert told["streams"][0]["missing"] == 100
    assert verify_files([path], as_json=False) == 0
    assert "sound" in capsys.readouterr().out


def test_one_that_cannot_be_read_hinders_no_other(
    tmp_path: Path, recording: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    empty, whole = tmp_path / "a.xdf", tmp_path / "b.xdf"
    empty.touch()
    whole.write_bytes(recording)
    assert verify_files([empty, tmp_path / "none.xdf", whole], as_json=False) == 4
    said = capsys.readouterr()
    assert f"{whole}: sound" in said.out
    assert "a.xdf: it is empty" in said.err
    assert "none.xdf: no such file" in said.err


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 1 << 32), bits=st.integers(1, 255))
def test_every_byte_counts(tmp_path_factory: pytest.TempPathFactory, recording: bytes, place: int, bits: int) -> None:
    path = tmp_path_factory.getbasetemp() / "byte.xdf"
    at = 4 + place % (len(recording) - 4)
    content = bytearray(recording)
    content[at] ^= bits
    path.write_bytes(content)
    report = verify(path)
    assert not (report.sound and report.closed)
    assert not report.sound or at >= last_write(path, recording)  # the last one may look as if it was cut


def last_write(path: Path, recording: bytes) -> int:
    """Where the last write begins: behind the last digest but one."""
    path.write_bytes(recording)
    return [each.end for _, each in iter_chunks(path) if isinstance(each, ChunkLocation) and each.tag == DIGEST_TAG][-2]


@cache
def sealed_headers(path: Path, recording: bytes) -> int:
    """Where the headers and their digest end."""
    path.write_bytes(recording)
    return next(each.end for _, each in iter_chunks(path) if isinstance(each, ChunkLocation) and each.tag == DIGEST_TAG)


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 1 << 32))
def test_every_cut_is_seen_and_what_is_there_is_sound(
    tmp_path_factory: pytest.TempPathFactory, recording: bytes, place: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.xdf"
    first = sealed_headers(path, recording)
    at = first + place % (len(recording) - first - 35)  # the headers are whole, the last digest is not
    path.write_bytes(recording[:at])
    report = verify(path)
    assert report.sound, report.problems
    assert not report.closed
    assert report.warnings
    assert report.intact_bytes + report.torn_bytes == at


def test_a_file_without_its_headers(tmp_path: Path, recording: bytes) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(recording[:100])
    assert verify(path).problems == ["no stream has a header"]


def test_damage_that_looks_like_a_cut(tmp_path: Path, recording: bytes) -> None:
    """A length that reaches beyond the end would have a reader drop all that is behind it."""
    path = tmp_path / "a.xdf"
    path.write_bytes(recording)
    samples = next(each for _, each in iter_chunks(path) if isinstance(each, ChunkLocation) and each.tag == SAMPLES_TAG)
    content = bytearray(recording)
    content[samples.begin + 4] = 0x10  # of four bytes the last but one
    path.write_bytes(content)
    (problem,) = verify(path).problems
    assert problem.startswith(f"byte {samples.begin}: a chunk of ")
    assert "whole chunks are inside it" in problem


def test_a_recording_that_was_killed_is_sound_and_not_closed(
    tmp_path: Path, recording: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(recording[: last_write(path, recording)])
    assert verify_files([path], as_json=False) == 0
    told = capsys.readouterr().out
    assert "sound as far as it goes, not closed" in told
    assert "warning: not closed: the recording ended without its footers; ecg-live export FILE --to xdf" in told
    assert close_xdf(path, tmp_path / "closed.xdf", force=False).remarks[0].startswith("0 bytes of a torn chunk")
    report = verify(tmp_path / "closed.xdf")
    assert (report.sound, report.closed, report.warnings) == (True, True, [])


def test_what_was_taken_out_is_missed(tmp_path: Path, recording: bytes) -> None:
    """Whole chunks removed leave a file that any reader takes for whole."""
    path = tmp_path / "a.xdf"
    path.write_bytes(recording)
    middle = verify(path).intact_bytes // 2
    (gone,) = [
        each for _, each in iter_chunks(path) if isinstance(each, ChunkLocation) and each.begin <= middle < each.end
    ]
    path.write_bytes(recording[: gone.begin] + recording[gone.end :])
    assert not verify(path).sound


def test_a_file_of_labrecorder_has_no_digests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.xdf", header(1, "P", "ECG", "float32", 130), *lab_ecg())
    report = verify(path)
    assert not report.has_digests
    assert report.warnings == [
        "not closed: the recording ended without its footers; ecg-live export FILE --to xdf closes it"
    ]
    assert report.counts[1].samples == 1000
    assert verify_files([path], as_json=False) == 0
    assert "no digests" in capsys.readouterr().out


@pytest.mark.parametrize("row", [b"\0", b"\0\1\0", b"\0\1\1x"])
def test_memory_follows_the_size_of_the_file(tmp_path: Path, row: bytes) -> None:
    """The most rows that bytes can hold; 200 MB for 1 MB are the limit."""
    size = 200_000
    head = header(1, "P", "Markers", "string", 0)
    head = head.replace(b"<channel_count>1<", b"<channel_count>0<") if len(row) == 1 else head
    count = size // len(row)
    path = write(tmp_path / "a.xdf", head, chunk(3, struct.pack("<IBI", 1, 4, count) + row * count))
    tracemalloc.start()
    report = verify(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.counts[1].samples == count
    assert peak < 200 * size


def test_what_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such file"):
        verify(tmp_path / "none.xdf")
    with pytest.raises(RecordingError):
        verify(tmp_path)
    (tmp_path / "a.xdf").write_bytes(b"XD")
    with pytest.raises(FormatError, match="begins with"):
        verify(tmp_path / "a.xdf")


def test_what_a_silent_device_did_not_send_before_the_end_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    heart = [Chunk(ecg(1.0, 256.0), 256 * k, BEGAN + k) for k in range(10)]
    silence = Gap(2560, 4864, "the device was silent until the end", time=BEGAN + 10)
    record(path, [*heart, silence, State("ended", "stopped", BEGAN + 29)])
    report = verify(path)
    assert (report.sound, report.reported_lost) == (True, 4864)
    said = write_report([path]).remarks
    assert said == ["No sample came in the last 19 s before the end: they count as lost."]


def test_a_file_that_lacks_headers_is_not_sound(tmp_path: Path) -> None:
    """Cut inside a chunk, and between two; with all of them it is sound, though nothing was recorded."""
    whole, cut = tmp_path / "whole.xdf", tmp_path / "cut.xdf"
    record(whole, [])
    ends = [each.end for _, each in iter_chunks(whole) if isinstance(each, ChunkLocation)]
    tags = [each.tag for _, each in iter_chunks(whole) if isinstance(each, ChunkLocation)]
    sealed = ends[tags.index(DIGEST_TAG)]
    data = whole.read_bytes()
    for end in [*(end for end in ends if end < sealed), *(end + 7 for end in ends if end + 7 < sealed), 4, 5]:
        cut.write_bytes(data[:end])
        assert not verify(cut).sound, end
    cut.write_bytes(data[:sealed])
    assert verify(cut).sound


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.xdf")
    for path in (tmp_path / "pipe.xdf", Path("/dev/zero")):
        for read in (verify, read_contents, lambda each: write_report([each], tmp_path / "a.html")):
            with pytest.raises(RecordingError, match="is no regular file"):
                read(path)
        for form in ("csv", "edf", "xdf"):
            with pytest.raises(RecordingError, match="is no regular file"):
                export(path, form, tmp_path / f"a.{form}", ReadOptions())
