"""What is exported opens in our own readers, and in those of others, with the same samples."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import math
import os
import stat
from dataclasses import replace
from pathlib import Path

import edfio
import numpy as np
import pytest
import pyxdf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.events import F64, Chunk, Gap, Marker, StreamInfo
from ecg_live.recorded.export import export
from ecg_live.recorded.export.edf import _round_outwards
from ecg_live.recorded.report import write_report
from ecg_live.recorded.session_file import read_contents
from ecg_live.resources import recordings_folder
from ecg_live.results import Item, Quality
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_encoder import XdfEncoder
from ecg_live.xdf.decode import TruncatedChunk, iter_chunks
from ecg_live.xdf.encode import DIGEST_TAG, MAGIC
from tests.support.decoding import decode
from tests.support.files import xdf_files as plain
from tests.support.recorded_sessions import rolled, story
from tests.support.scripted_source import HandClock
from tests.support.xdf_recordings import BEGAN, HEADS, INFO, TEXTS, counted, ecg, eventful, load, prediction, record

PLAIN = ReadOptions()
REAL = recordings_folder() / "supine_1min.txt"


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """3000 samples that are their own index, 100 lost, 900 more."""
    record(tmp_path / "a.xdf", eventful())
    return tmp_path / "a.xdf"


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def two_leads(path: Path, samples: F64, rate: float = 256.0) -> Path:
    info = StreamInfo(rate, ("LL-RA", "LA-RA"), None, "Two", "two", ecg=1)
    record(path, [Chunk(samples, 0, BEGAN)], info)
    return path


def test_csv_has_every_digit_and_the_gap(session: Path) -> None:
    files = export(session, "csv", None, PLAIN).files
    assert [path.name for path in files] == ["a_ecg.csv", "a_markers.csv", "a_gaps.csv", "a_predictions.csv"]
    got = decode(files[0])
    assert got.samples.tolist() == [*range(3000), *range(3100, 4000)]
    assert got.gaps == [(3000, 100)]
    assert got.info.rate == 256
    assert table(files[1]) == [["time [s]", "marker"], ["11.250000", "Grüße, <b>\n\x01"]]
    assert table(files[2])[1][:3] == [f"{3000 / 256:.6f}", f"{3100 / 256:.6f}", "100"]
    header, row = table(files[3])
    said = dict(zip(header, row, strict=True))
    assert said["start [s]"] == "1.000000"
    assert said["load/rest"] == "0.250000"
    assert (said["load/label"], said["load/abstain"], said["load/set"]) == ("load", "", "population")
    assert (said["grade"], said["reasons"], said["heart rate"]) == ("poor", "baseline step; rail", "72.000000")
    assert said["RMSSD"] == ""


def test_times_are_those_of_the_file_where_a_recording_began_in_mid_session(tmp_path: Path) -> None:
    late: list[Item] = [*counted(2560, 5120), prediction(12.0)]
    record(tmp_path / "a.xdf", late)
    *_, said = export(tmp_path / "a.xdf", "csv", None, PLAIN).files
    assert table(said)[1][:2] == ["2.000000", "12.000000"]


def test_of_several_files_the_others_and_the_place_in_the_session_are_named(tmp_path: Path) -> None:
    first, second, third = rolled(tmp_path / "a.xdf", story())
    assert export(first, "csv", None, PLAIN).remarks == [
        "a.xdf alone was exported; the recording goes on in a_2.xdf, a_3.xdf: export each"
    ]
    for path in (second, third):
        (told,) = export(path, "csv", None, PLAIN).remarks
        contents = read_contents(path)
        assert contents is not None
        assert told == f"times count from the first sample of {path.name}, {contents.start_s:.3f} s into its session"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=50))
def test_any_number_survives_csv_exactly_and_edf_to_half_a_step(tmp_path: Path, values: list[float]) -> None:
    for name in ("a.xdf", "b_ecg.csv"):
        (tmp_path / name).unlink(missing_ok=True)
    x = np.array(values)[:, None]
    record(tmp_path / "a.xdf", [Chunk(x, 0, BEGAN)])
    export(tmp_path / "a.xdf", "csv", tmp_path / "b", PLAIN, force=True)
    assert decode(tmp_path / "b_ecg.csv").samples.tolist() == values
    export(tmp_path / "a.xdf", "edf", tmp_path / "b.edf", PLAIN, force=True)
    got = decode(tmp_path / "b.edf")
    assert got.info.full_scale is not None
    low, high = got.info.full_scale
    assert low <= min(values) <= max(values) <= high
    assert np.abs(got.samples[: len(values)] - values).max() <= (high - low) / 65535 / 2 * 1.000001


def test_edf_has_the_samples_the_gap_the_marker_and_the_wearer(session: Path) -> None:
    done = export(session, "edf", None, PLAIN)
    edf = edfio.read_edf(done.files[0])
    wanted = [*range(3000), *[2999] * 100, *range(3100, 4000)]
    step = 4000 / 65535
    assert np.abs(edf.signals[0].data[:4000] - wanted).max() <= step / 2 * 1.01
    assert len(edf.signals[0].data) == 16 * 256
    notes = [(each.onset, each.duration, each.text) for each in edf.annotations]
    assert (3000 / 256, 100 / 256, "gap: 100 samples lost (missing in the recording), filled with the last") in notes
    assert (11.25, None, "Grüße, <b>") in notes
    assert (4000 / 256, 96 / 256, "end of the recording, filled up with 96 samples") in notes
    assert edf.patient.code == "P01"
    assert abs(edf.startdate - dt.datetime.now().astimezone().date()) <= dt.timedelta(days=1)
    assert "step 61.08 uV" in edf.signals[0].prefiltering
    assert "steps of 61.1 microvolts" in done.remarks[0]
    assert "100 missing samples" in done.remarks[1]


def test_what_edf_had_to_fill_is_a_gap_again_when_it_is_replayed_and_markers_are_markers(session: Path) -> None:
    there = decode(session)
    got = decode(export(session, "edf", None, PLAIN).files[0])
    assert got.gaps == there.gaps == [(3000, 100)]
    assert got.counter == there.counter
    assert np.abs(got.samples - there.samples).max() <= 4000 / 65535 / 2 * 1.01
    assert [m.time for m in got.markers] == pytest.approx([m.time for m in there.markers], abs=1e-6)
    assert [marker.text for marker in got.markers] == ["Grüße, <b>"]  # without its control characters


@pytest.mark.parametrize("speed", [1.0, 20.0, math.inf])
def test_markers_of_a_recording_at_any_speed_come_back_from_its_edf(tmp_path: Path, speed: float) -> None:
    raws = [-1.5, 0.0, 2.86, 12.0, 14.5, 24.99, 31.0]
    info, held = replace(INFO, speed=speed), list(raws)
    items: list[Item] = []
    for second in (*range(12), *range(16, 28)):
        items.append(Chunk(np.zeros((256, 1)), 256 * second, BEGAN + second / speed))
        items += [Marker(BEGAN + raw / speed, f"at {raw}", raw) for raw in held if raw < second + 1]
        held = [raw for raw in held if raw >= second + 1]
    items += [Marker(BEGAN + raw / speed, f"at {raw}", raw) for raw in held]
    record(tmp_path / "a.xdf", items, info)
    for path in (tmp_path / "a.xdf", export(tmp_path / "a.xdf", "edf", None, PLAIN).files[0]):
        got = decode(path)
        assert got.gaps == [(3072, 1024)]
        assert sorted(m.time for m in got.markers) == pytest.approx(raws, abs=1e-5)
        assert sorted(m.text for m in got.markers) == sorted(f"at {raw}" for raw in raws)


def test_damage_in_a_session_is_a_gap_up_to_the_next_boundary(tmp_path: Path) -> None:
    clock, path = HandClock(), tmp_path / "a.xdf"
    packer = XdfEncoder(stream_specs(INFO, HEADS), INFO, HEADS, TEXTS, clock)
    parts = [MAGIC, packer.begin()]
    for second in range(60):
        samples = np.arange(256.0 * second, 256.0 * second + 256)[:, None]
        parts += packer.encode_items([Chunk(samples, 256 * second, BEGAN + second)])
        clock.wait(1.0)
        parts.append(packer.tick())
    path.write_bytes(b"".join([*parts, packer.end()]))
    places = [chunk.begin for _, chunk in iter_chunks(path) if not isinstance(chunk, TruncatedChunk) and chunk.tag == 3]
    data = bytearray(path.read_bytes())
    begin = places[len(places) // 2] + 3
    data[begin : begin + 3000] = bytes(3000)
    path.write_bytes(data)
    got = decode(path)
    assert len(got.gaps) == 1
    assert got.samples.tolist() == [float(at) for at in got.counter]
    assert got.counter[-1] == 60 * 256 - 1
    assert "damaged and left out" in got.warnings[0]


def test_what_is_no_number_stays_none_in_csv_and_is_reported_in_edf(tmp_path: Path) -> None:
    x = np.arange(512.0)[:, None]
    x[[0, 100, 101, 511]] = np.nan
    record(tmp_path / "a.xdf", [Chunk(x, 0, BEGAN)])
    export(tmp_path / "a.xdf", "csv", None, PLAIN)
    np.testing.assert_array_equal(decode(tmp_path / "a_ecg.csv").samples, x[:, 0])
    export(tmp_path / "a.xdf", "edf", None, PLAIN)
    got = edfio.read_edf(tmp_path / "a.edf").signals[0].data
    np.testing.assert_allclose(got[[0, 99, 100, 101, 102, 511]], [0, 99, 99, 99, 102, 510], atol=0.01)
    notes = [(each.onset, each.text.split(":")[1]) for each in edfio.read_edf(tmp_path / "a.edf").annotations]
    assert [note for note in notes if "1 samples" not in note[1]] == [
        (100 / 256, " 2 samples lost (invalid samples), filled with the last")
    ]


def test_all_channels_of_a_session_or_the_one_that_is_asked_for(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(600, 2))
    source = two_leads(tmp_path / "a.xdf", x)
    (path, *_) = export(source, "csv", None, PLAIN).files
    for column, name in enumerate(("LL-RA [mV]", "LA-RA [mV]")):
        np.testing.assert_array_equal(decode(path, ReadOptions(name)).samples, x[:, column])
    (path, *_) = export(source, "csv", tmp_path / "one", ReadOptions("LL-RA")).files
    np.testing.assert_array_equal(decode(path).samples, x[:, 0])
    (path,) = export(source, "edf", None, PLAIN).files
    assert edfio.read_edf(path).labels == ("LL-RA", "LA-RA")


@pytest.mark.parametrize("rate", [1000 / 3, 255.73, 102.4, 62.5, 2000.0])
def test_edf_of_any_rate(tmp_path: Path, rate: float) -> None:
    record(tmp_path / "a.xdf", counted(0, 1001, rate=rate), StreamInfo(rate, ("ECG",), None, "odd", "odd"))
    export(tmp_path / "a.xdf", "edf", None, PLAIN)
    got = decode(tmp_path / "a.edf")
    assert got.info.rate == pytest.approx(rate, rel=1e-6)
    np.testing.assert_allclose(got.samples[:1001], np.arange(1001), atol=0.01)


def test_recordings_of_others(tmp_path: Path) -> None:
    wanted = decode(REAL).samples
    export(REAL, "csv", tmp_path / "a", PLAIN)
    np.testing.assert_array_equal(decode(tmp_path / "a_ecg.csv").samples, wanted)
    assert not (tmp_path / "a_predictions.csv").exists()
    export(REAL, "edf", tmp_path / "a.edf", PLAIN)
    got = decode(tmp_path / "a.edf")
    assert got.info.full_scale is not None
    step = (got.info.full_scale[1] - got.info.full_scale[0]) / 65535
    assert np.abs(got.samples[: len(wanted)] - wanted).max() <= step / 2 * 1.0001
    lab = plain.write(
        tmp_path / "lab.xdf", plain.header(1, "Polar", "ECG", "float32", 130), *plain.ecg(),
        plain.header(2, "Stimuli", "Markers", "string", 0), plain.note(2, "go", 101.0),
    )  # fmt: skip
    export(lab, "csv", None, PLAIN)
    assert decode(tmp_path / "lab_ecg.csv").samples.tolist() == list(range(1000))
    assert table(tmp_path / "lab_markers.csv")[1] == ["1.000000", "go"]


HOSTILE = "=cmd|' /C calc'!A0\x14\x15\x00\r\n,\"<script>" + "x" * 5000


def test_hostile_names_and_texts_break_no_file(tmp_path: Path) -> None:
    info = StreamInfo(256.0, ('E,C;G\t"#[uV]\n\x01é' * 20,), None, "x", "x")
    record(tmp_path / "a.xdf", [*counted(0, 1024), Marker(BEGAN + 1, HOSTILE, 1.0)], info)
    files = export(tmp_path / "a.xdf", "csv", None, PLAIN).files
    assert decode(files[0]).samples.tolist() == list(range(1024))
    assert table(files[1])[1][1].startswith("'=cmd")
    assert len(table(files[1])) == 2
    (path,) = export(tmp_path / "a.xdf", "edf", None, PLAIN).files
    edf = edfio.read_edf(path)
    assert [each.text[:4] for each in edf.annotations] == ["=cmd"]
    assert len(edf.annotations[0].text) == 200
    np.testing.assert_allclose(decode(path).samples, np.arange(1024), atol=0.01)


def test_nothing_is_replaced_unless_forced_and_never_the_recording(session: Path, tmp_path: Path) -> None:
    before = session.read_bytes()
    for form, path in (("csv", tmp_path / "b_gaps.csv"), ("edf", tmp_path / "b.edf"), ("xdf", tmp_path / "b.xdf")):
        path.write_text("mine")
        out = tmp_path / "b" if form == "csv" else path
        with pytest.raises(RecordingError, match="is there already"):
            export(session, form, out, PLAIN)
        assert path.read_text() == "mine"
        assert form != "csv" or not (tmp_path / "b_ecg.csv").exists()
        export(session, form, out, PLAIN, force=True)
        assert path.read_bytes() != b"mine"
        with pytest.raises(RecordingError, match="the recording itself"):
            export(session, "edf", session, PLAIN, force=True)
    assert session.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def footers(path: Path) -> dict[str, tuple[int, float, float]]:
    streams, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    return {
        stream["info"]["name"][0]: (
            int(stream["footer"]["info"]["sample_count"][0]),
            float(stream["footer"]["info"]["first_timestamp"][0]),
            float(stream["footer"]["info"]["last_timestamp"][0]),
        )
        for stream in streams
    }


def seals(path: Path) -> bool:
    """Whether every byte is covered by the chain of digests."""
    data, digest, at = path.read_bytes(), b"", 0
    for file, chunk in iter_chunks(path):
        assert not isinstance(chunk, TruncatedChunk)
        if chunk.tag == DIGEST_TAG:
            digest = hashlib.sha256(digest + data[at : chunk.begin]).digest()
            if file.read(chunk.size) != digest:
                return False
            at = chunk.end
    return at == len(data)


def test_a_cut_recording_is_closed_with_the_footers_it_would_have_had(session: Path, tmp_path: Path) -> None:
    whole = session.read_bytes()
    wanted = footers(session)
    assert seals(session)
    (same,) = export(session, "xdf", None, PLAIN).files
    assert same.read_bytes() == whole
    feet = [
        chunk.begin for _, chunk in iter_chunks(session) if not isinstance(chunk, TruncatedChunk) and chunk.tag == 6
    ]
    for end in (feet[0], feet[0] + 5, feet[1], feet[-1] - 1, len(whole) - 1):
        cut = tmp_path / "cut.xdf"
        cut.write_bytes(whole[:end])
        (closed,) = export(cut, "xdf", None, PLAIN, force=True).files
        assert footers(closed) == wanted
        assert ecg(closed).tolist() == [*range(3000), *range(3100, 4000)]
        assert seals(closed)


def test_a_recording_cut_anywhere_opens_when_it_is_closed(session: Path, tmp_path: Path) -> None:
    whole = session.read_bytes()
    rng = np.random.default_rng(1)
    headers = next(
        each.end for _, each in iter_chunks(session) if not isinstance(each, TruncatedChunk) and each.tag == DIGEST_TAG
    )
    for end in rng.integers(headers, len(whole), 20).tolist():
        cut = tmp_path / "cut.xdf"
        cut.write_bytes(whole[:end])
        (closed,) = export(cut, "xdf", None, PLAIN, force=True).files
        samples = ecg(closed)
        wanted = [*range(3000), *range(3100, 4000)]
        assert samples.tolist() == wanted[: len(samples)]
        assert len(samples) == footers(closed)["Made up"][0]
        assert seals(closed)


def test_labrecorders_files_get_footers_and_no_digest(tmp_path: Path) -> None:
    parts = plain.header(1, "Polar", "ECG", "float32", 130), *plain.ecg(every=False)
    path = plain.write(tmp_path / "lab.xdf", *parts)
    (closed,) = export(path, "xdf", None, PLAIN).files
    assert footers(closed)["Polar"] == pytest.approx((1000, 100.0, 100 + 999 / 130))
    assert closed.read_bytes().startswith(path.read_bytes())
    assert not [
        1 for _, chunk in iter_chunks(closed) if not isinstance(chunk, TruncatedChunk) and chunk.tag == DIGEST_TAG
    ]


def test_what_lies_before_damage_is_exported_and_the_damage_named(session: Path) -> None:
    data = bytearray(session.read_bytes())
    places = [
        chunk.begin for _, chunk in iter_chunks(session) if not isinstance(chunk, TruncatedChunk) and chunk.tag == 3
    ]
    data[places[-3]] = 77  # no length has so many bytes
    session.write_bytes(data)
    for form in ("csv", "edf", "xdf"):
        done = export(session, form, None, PLAIN)
        assert done.error is not None
        assert "77" in str(done.error)
        assert done.files[0].stat().st_size > 10_000
    assert load(session.with_name("a_closed.xdf"))["ecg"]["footer"]


def test_what_cannot_be_exported_is_one_line(tmp_path: Path) -> None:
    for form in ("csv", "edf", "xdf"):
        with pytest.raises(RecordingError, match="no such file"):
            export(tmp_path / "none.xdf", form, None, PLAIN)
    with pytest.raises(ConfigError, match="csv, edf, xdf or bids"):
        export(REAL, "pdf", None, PLAIN)
    with pytest.raises(FormatError, match="not an XDF file"):
        export(REAL, "xdf", tmp_path / "a.xdf", PLAIN)
    record(tmp_path / "a.xdf", [Chunk(np.array([[1e300], [0.0]]), 0, BEGAN)])
    with pytest.raises(FormatError, match="8 characters"):
        export(tmp_path / "a.xdf", "edf", None, PLAIN)


@given(st.floats(-9e6, 9e6))
def test_a_limit_is_rounded_outwards_and_fits_its_field(value: float) -> None:
    low, high = _round_outwards(value, up=False), _round_outwards(value, up=True)
    assert low <= value <= high
    assert all(len(np.format_float_positional(limit, trim="-")) <= 8 for limit in (low, high))


@pytest.mark.skipif(os.name != "posix", reason="no modes")
def test_recordings_exports_and_reports_are_their_users_alone(tmp_path: Path) -> None:
    """Also those that take the place of others, and what a kill left half written."""
    before = os.umask(0)
    try:
        path = tmp_path / "new" / "a.xdf"
        record(path, eventful())
        (tmp_path / "new" / "a.edf").touch()
        (tmp_path / "new" / "a.edf.part").touch()
        for form in ("csv", "edf", "xdf"):
            export(path, form, None, PLAIN, force=True)
        write_report([path], tmp_path / "pages" / "a.html")
    finally:
        os.umask(before)
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert len(files) == 8
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o700}


def test_no_cell_of_a_table_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.xdf"
    item = replace(prediction(), quality=Quality("poor", ("=1+1",)))
    items: list[Item] = [*counted(0, 3000), Marker(BEGAN + 1.0, "=cmd|' /C calc'!A0"), item, Gap(3000, 10, "@radio")]
    record(path, [*items, *counted(3010, 4000)], StreamInfo(256.0, ("=SUM(A1)",)))
    files = export(path, "csv", None, PLAIN).files
    assert table(files[1])[1] == ["1.000000", "'=cmd|' /C calc'!A0"]
    cells = [cell for file in files for row in table(file) for cell in row]
    assert not [cell for cell in cells if cell[:1] in set("=+@")]
    assert decode(files[0]).samples.tolist() == [*range(3000), *range(3010, 4000)]
