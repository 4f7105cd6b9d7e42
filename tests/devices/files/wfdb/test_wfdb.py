"""WFDB records, written with the wfdb package and, in CinC 2017's layout, by hand."""

from pathlib import Path

import numpy as np
import pytest
import wfdb

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError, RecordingError, TruncatedError
from tests.support.decoding import decode
from tests.support.files.wfdb_files import RAMP, noted, record, write


@pytest.mark.parametrize("fmt", ["16", "24", "32", "80", "212"])
def test_a_record_by_header_path_or_signal_file(tmp_path: Path, fmt: str) -> None:
    header = write(tmp_path, ["ECG", "RESP"], fmt)
    step = 3 / 200 if fmt == "80" else 3 / 3000
    for path in (header, tmp_path / "rec", tmp_path / "rec.dat"):
        got = decode(path)
        np.testing.assert_allclose(got.samples, np.arange(3000) / 1000, atol=step)
        assert (got.info.rate, got.info.channels, got.info.duration) == (360, ("ECG",), 3000 / 360)
    np.testing.assert_allclose(decode(header, ReadOptions(channel="2")).samples, np.arange(3000) / 500, atol=2 * step)


def test_long_records_are_read_piece_by_piece(tmp_path: Path) -> None:
    got = decode(write(tmp_path, ["MLII"], count=60000), size=1000)
    np.testing.assert_array_equal(got.samples, wfdb.rdrecord(str(tmp_path / "rec")).p_signal[:, 0])
    assert got.gaps == []


def test_cinc_2017_layout(tmp_path: Path) -> None:
    (tmp_path / "A1.hea").write_text("A1 1 300 9000 05:05:15 1/05/2000 \nA1.mat 16+24 1000/mV 16 0 -127 0 0 ECG \n")
    counts = np.arange(-4500, 4500, dtype="<i2")
    (tmp_path / "A1.mat").write_bytes(b"M" * 24 + counts.tobytes())
    got = decode(tmp_path / "A1.mat")
    np.testing.assert_allclose(got.samples, counts / 1000, rtol=1e-12)
    assert got.info.full_scale == pytest.approx((-32.768, 32.767))


def test_a_signal_file_cut_short_or_missing(tmp_path: Path) -> None:
    header = write(tmp_path, ["ECG", "RESP"])
    data = (tmp_path / "rec.dat").read_bytes()
    (tmp_path / "rec.dat").write_bytes(data[:4003])
    got = decode(header)
    np.testing.assert_allclose(got.samples, np.arange(1000) / 1000, atol=1e-3)
    assert "1000 of 3000 samples" in got.warnings[0]
    (tmp_path / "rec.dat").write_bytes(b"")
    with pytest.raises(TruncatedError, match="no samples"):
        open_recording(header, ReadOptions())
    (tmp_path / "rec.dat").unlink()
    with pytest.raises(RecordingError, match=r"rec\.dat is missing"):
        open_recording(header, ReadOptions())


def test_channels_and_units(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"1 MLII \[ECG\], 2 V5 \[ECG\].*--channel"):
        open_recording(write(tmp_path, ["MLII", "V5"]), ReadOptions())
    with pytest.raises(ConfigError, match=r"1 ABP \[ABP\]"):
        open_recording(write(tmp_path, ["ABP"]), ReadOptions())
    assert decode(write(tmp_path, ["ECG"], unit="uV")).samples[-1] == pytest.approx(2.999e-3, abs=1e-6)


def packed(form: int, x: np.ndarray[tuple[int], np.dtype[np.int64]], initial: int = 0) -> bytes:
    """Counts in a format, written one by one after signal(5)."""
    if form == 8:
        return bytes((b - a) & 0xFF for a, b in zip([initial, *x.tolist()], x.tolist(), strict=False))
    if form in (80, 160):
        return b"".join(int(v + (128 if form == 80 else 32768)).to_bytes(form // 80, "little") for v in x)
    if form == 212:
        y = [int(v) & 0xFFF for v in [*x, 0]][: len(x) + len(x) % 2]
        pairs = zip(y[::2], y[1::2], strict=True)
        return b"".join(bytes([a & 255, a >> 8 | b >> 8 << 4, b & 255]) for a, b in pairs)
    if form in (310, 311):
        y = [int(v) & 0x3FF for v in [*x, 0, 0]]
        triples = list(zip(y[::3], y[1::3], y[2::3], strict=False))
        if form == 311:
            return b"".join((a | b << 10 | c << 20).to_bytes(4, "little") for a, b, c in triples)
        return b"".join(
            (a << 1 | (c & 31) << 11).to_bytes(2, "little") + (b << 1 | c >> 5 << 11).to_bytes(2, "little")
            for a, b, c in triples
        )
    if form == 61:
        return b"".join(int(v).to_bytes(2, "big", signed=True) for v in x)
    return b"".join(int(v).to_bytes(form // 8, "little", signed=True) for v in x)


BITS = {8: 8, 16: 16, 24: 24, 32: 32, 61: 16, 80: 8, 160: 16, 212: 12, 310: 10, 311: 10}


@pytest.mark.parametrize("block", [1, 7, 1000, 1 << 17])
@pytest.mark.parametrize("form", list(BITS))
@pytest.mark.parametrize("frames", [(1,), (1, 1), (1, 2, 4)])
def test_every_format_read_block_by_block_is_what_the_wfdb_package_reads_at_once(
    tmp_path: Path, form: int, frames: tuple[int, ...], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own ``sampfrom`` is wrong for format 8."""
    count = 997  # neither a multiple of 2 nor of 3
    rng = np.random.default_rng(form)
    half = 1 << (BITS[form] - 1)
    x = rng.integers(-half + 1, half, count * sum(frames))
    if form == 8:  # differences of each signal fit in a byte
        ends = np.cumsum(frames)
        steps = rng.integers(-128, 128, (count, sum(frames)))
        x = np.concatenate(
            [np.cumsum(steps[:, b - n : b].ravel()).reshape(count, n) + 50 for n, b in zip(frames, ends, strict=True)],
            axis=1,
        )
        data = np.concatenate([steps[:, b - n : b] for n, b in zip(frames, ends, strict=True)], axis=1)
        (tmp_path / "a.dat").write_bytes(b"M" * 24 + data.astype("i1").tobytes())
    else:
        (tmp_path / "a.dat").write_bytes(b"M" * 24 + packed(form, x))
    lines = [f"a.dat {form}x{n}+24 100(3)/mV 0 0 50 0 0 S{i}\n" for i, n in enumerate(frames)]
    (tmp_path / "a.hea").write_text(f"a {len(frames)} 250 {count}\n" + "".join(lines))
    whole = wfdb.rdrecord(str(tmp_path / "a"), smooth_frames=False).e_p_signal
    monkeypatch.setattr("devices.files.wfdb.wfdb._BLOCK_SAMPLES", block)
    for i, n in enumerate(frames):
        got = decode(tmp_path / "a.hea", ReadOptions(channel=f"S{i}"), size=50)
        np.testing.assert_array_equal(got.samples, whole[i])
        assert (len(got.samples), got.info.rate) == (count * n, 250 * n)
    inside = np.asarray(x).reshape(count, -1)[:, 0]
    np.testing.assert_allclose(
        decode(tmp_path / "a.hea", ReadOptions(channel="S0")).samples[:1], (inside[:1] - 3) / 100
    )


@pytest.mark.parametrize("form", [16, 24, 32, 61, 80, 160, 212, 310, 311])
def test_the_lowest_count_is_a_sample_that_is_missing(tmp_path: Path, form: int) -> None:
    half = 1 << (BITS[form] - 1)
    (tmp_path / "a.dat").write_bytes(packed(form, np.array([1, -half, half - 1, -half + 1, -half, 5])))
    (tmp_path / "a.hea").write_text(f"a 1 250 6\na.dat {form} 1/mV 0 0 0 0 0 ECG\n")
    got = decode(tmp_path / "a.hea").samples
    np.testing.assert_array_equal(got, [1, np.nan, half - 1, -half + 1, np.nan, 5])
    np.testing.assert_array_equal(got, wfdb.rdrecord(str(tmp_path / "a")).p_signal[:, 0])


@pytest.mark.parametrize("form", [212, 310, 311])
def test_a_group_of_samples_that_is_cut_gives_those_that_are_whole(tmp_path: Path, form: int) -> None:
    x = np.arange(1, 13)
    data = packed(form, x)
    (tmp_path / "a.hea").write_text(f"a 1 250\na.dat {form} 1/mV 0 0 0 0 0 ECG\n")
    group, samples = (3, 2) if form == 212 else (4, 3)
    for cut in range(1, group + 1):
        (tmp_path / "a.dat").write_bytes(data[:-cut])
        whole = {2: 1, 3: 1 if form == 310 else 2}.get(group - cut, 0) if form != 212 else int(group - cut == 2)
        got = decode(tmp_path / "a.hea").samples
        np.testing.assert_array_equal(got, x[: 12 - samples + whole])


def counts(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[int]:
    return [round(v * 1000) for v in samples.tolist()]


def test_segments_of_variable_layout_are_one_recording_with_gaps(tmp_path: Path) -> None:
    record(tmp_path, "p_1", "II", "PLETH")
    record(tmp_path, "p_2", "PLETH")  # no ECG in it
    record(tmp_path, "p_3", "V", "II", start=5000)
    (tmp_path / "p_layout.hea").write_text("p_layout 3 250 0\n~ 0 1000/mV 16 0 0 0 0 II\n"
                                           "~ 0 1/NU 16 0 0 0 0 PLETH\n~ 0 1/mV 16 0 0 0 0 V\n")  # fmt: skip
    (tmp_path / "p.hea").write_text(
        "p/6 3 250 5500 10:00:00 01/01/2026\np_layout 0\n~ 200\np_1 1000\n~ 500\np_2 1000\np_3 1000\n"
    )
    got = decode(tmp_path / "p.hea", ReadOptions(channel="II"))
    assert counts(got.samples) == [*range(1000), *range(7000, 8000)]
    assert got.gaps == [(1000, 1500)]  # what comes before the first sample is none
    assert (got.info.rate, got.info.duration, got.warnings) == (250, 5300 / 250, [])
    assert got.info.full_scale == pytest.approx((-32.768, 32.767))
    (tmp_path / "p_3.hea").unlink()
    got = decode(tmp_path / "p.hea", ReadOptions(channel="II"))
    assert counts(got.samples) == list(range(1000))
    assert got.warnings == ["p.hea: its segment p_3.hea is missing: a gap"]


def test_segments_of_fixed_layout_follow_each_other(tmp_path: Path) -> None:
    record(tmp_path, "s1", "ECG", "RESP")
    record(tmp_path, "s2", "ECG", "RESP", start=1000)
    (tmp_path / "s.hea").write_text("s/2 2 250 2000\ns1 1000\ns2 1000\n")
    got = decode(tmp_path / "s.hea", size=300)
    assert counts(got.samples) == list(range(2000))
    np.testing.assert_array_equal(got.samples, wfdb.rdrecord(str(tmp_path / "s")).p_signal[:, 0])
    (tmp_path / "s2.dat").write_bytes((tmp_path / "s2.dat").read_bytes()[:400])
    (tmp_path / "s.hea").write_text("s/3 2 250 3000\ns1 1000\ns2 1000\ns1 1000\n")
    got = decode(tmp_path / "s.hea")
    assert counts(got.samples) == [*range(1100), *range(1000)]
    assert got.gaps == [(1100, 900)]
    assert "s2.dat is cut short: 100 of 1000 samples" in got.warnings[0]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("s/2 1 250 2000\ns1 1000\n", "1 of 2 segments"),
        ("s/1 1 250 2000\ns1\n", "segment 's1' has no length"),
        ("s/1 1 250 2000\ns 1000\n", "has segments itself"),
        ("s/1 1 250 2000\n~ 1000\n", "all of its segments are empty"),
        ("s/1 1 250 2000\n../s1 1000\n", "outside its folder"),
        ("s/1 1 250 2000\nnone 1000\n", r"segment none\.hea is missing"),
    ],
)
def test_segments_that_cannot_be(tmp_path: Path, text: str, match: str) -> None:
    record(tmp_path, "s1", "ECG")
    (tmp_path / "s.hea").write_text(text)
    with pytest.raises(RecordingError, match=match):
        open_recording(tmp_path / "s.hea", ReadOptions())


@pytest.mark.parametrize(
    "line",
    [
        "a 1 250 1000 10:00:00 2006",
        "a 1 250 1000 25:99 never",
        "a 1 250 0",
        "a 1 250",
        "a 1",
        "a 1 250/250(0) 1000",
        "# a remark before it\n\na 1 250 1000",
    ],
)
def test_headers_off_the_beaten_track(tmp_path: Path, line: str) -> None:
    got = decode(record(tmp_path, "a", "ECG", header=line + "\n"))
    assert (counts(got.samples), got.info.rate, got.info.duration) == (list(range(1000)), 250, 4)
    assert got.warnings == []


@pytest.mark.parametrize("code", ["latin-1", "utf-8"])
def test_a_byte_that_is_no_ascii_leaves_unit_and_file_what_they_are(tmp_path: Path, code: str) -> None:
    text = "a 1 250 1000\nGer\u00e4t.dat 16 1/\u00b5V 16 0 0 0 0 ECG\n# \u00b5Holter\n"
    (tmp_path / "a.hea").write_bytes(text.encode(code))
    (tmp_path / "Ger\u00e4t.dat").write_bytes(RAMP.tobytes())
    got = decode(tmp_path / "a.hea")
    assert (counts(got.samples), got.info.channels) == (list(range(1000)), ("ECG",))


@pytest.mark.parametrize("gain", ["", "0", "0/mV"])
def test_200_counts_a_millivolt_where_no_gain_is_stated_which_is_reported(tmp_path: Path, gain: str) -> None:
    (tmp_path / "a.hea").write_text(f"a 1 250 1000\na.dat 16 {gain}\n")
    (tmp_path / "a.dat").write_bytes(RAMP.tobytes())
    got = decode(tmp_path / "a.hea")
    np.testing.assert_allclose(got.samples, RAMP / 200)
    assert "the header states no gain; 200 a mV is taken" in got.warnings[0]


def test_other_signal_files_may_be_missing_or_of_any_format(tmp_path: Path) -> None:
    path = record(tmp_path, "a", "ECG")
    path.write_text("a 2 250 1000\nother.dat 516 1 16 0 0 0 0 RESP\na.dat 16 1000 16 0 0 0 0 ECG\n")
    assert counts(decode(path).samples) == list(range(1000))


def test_a_signal_that_lies_behind_the_others_in_its_file_is_set_right(tmp_path: Path) -> None:
    path = record(tmp_path, "a", "ECG")
    path.write_text("a 1 250 1000\na.dat 16:30 1000 16 0 0 0 0 ECG\n")
    assert counts(decode(path).samples) == list(range(30, 1000))


def test_annotations_beside_a_record_are_markers_where_they_are_asked_for(tmp_path: Path) -> None:
    path = record(tmp_path, "a", "ECG", rate=250)
    noted(tmp_path)
    assert decode(path).markers == []
    markers = decode(path, ReadOptions(annotations="atr")).markers
    assert [(marker.time, marker.text) for marker in markers] == [
        (0.1, "N"),
        (0.4, "(AFIB"),
        (1.2, "V"),
        (1.204, "patient coughs"),
        (3.6, "N"),
    ]
    with pytest.raises(ConfigError, match=r"no annotations 'qrs'; there are atr.*--annotations"):
        open_recording(path, ReadOptions(annotations="qrs"))
    with pytest.raises(ConfigError, match="no annotations"):
        open_recording(path, ReadOptions(annotations="../a"))
    (tmp_path / "b.csv").write_text("time,ECG\n")
    with pytest.raises(ConfigError, match="no WFDB record"):
        open_recording(tmp_path / "b.csv", ReadOptions(annotations="atr"))


def test_annotations_far_apart_and_of_another_time_base(tmp_path: Path) -> None:
    path = record(tmp_path, "a", "ECG", rate=250)
    skip = bytes([0, 59 << 2]) + (70000 >> 16).to_bytes(2, "little") + (70000 & 0xFFFF).to_bytes(2, "little")
    note = b"## time resolution: 1000"
    words = (22 << 10).to_bytes(2, "little") + (63 << 10 | len(note)).to_bytes(2, "little") + note
    beats = skip + (1 << 10 | 5).to_bytes(2, "little") + (44 << 10 | 7).to_bytes(2, "little")
    (tmp_path / "a.qrs").write_bytes(words + beats + b"\0\0")
    markers = decode(path, ReadOptions(annotations="qrs")).markers
    assert [(marker.time, marker.text) for marker in markers] == [(70.005, "N"), (70.012, "type 44")]
    (tmp_path / "a.qrs").write_bytes(words + beats)
    with pytest.raises(FormatError, match=r"a\.qrs: cut at byte"):
        open_recording(path, ReadOptions(annotations="qrs"))


@pytest.mark.parametrize("text", ["", "not a header\n", "rec 1 0 10\nrec.dat 16 200/mV 16 0 0 0 0 ECG\n", "\n\n"])
def test_headers_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "rec.hea").write_text(text)
    (tmp_path / "rec.dat").write_bytes(b"\0" * 20)
    with pytest.raises(FormatError) as caught:
        open_recording(tmp_path / "rec.hea", ReadOptions())
    assert caught.value.remedy


def test_real_records(shared_data: Path) -> None:
    for path in sorted((shared_data / "cinc2017").glob("*.hea"))[:5]:
        got = decode(path, size=1000)
        np.testing.assert_array_equal(got.samples, wfdb.rdrecord(str(path.with_suffix(""))).p_signal[:, 0])
        assert got.info.rate == 300


@pytest.mark.parametrize(
    ("header", "match"),
    [
        ("A1 2 300 500\nA1.dat 16 200/mV 16 0 0 0 0 ECG\n", "1 of 2 signals are described"),
        ("A1 1 300 x\nA1.dat 16 200/mV 16 0 0 0 0 ECG\n", "number of samples is 'x'"),
        ("A1 1 300 500\nA1.dat 16 x/mV 16 0 0 0 0 ECG\n", "gain is 'x'"),
        ("A1 1 300 500\nA1.dat 99 200/mV 16 0 0 0 0 ECG\n", "ECG: signal format 99, expected one of 8, 16"),
        ("A1 1 300 500\nA1.dat 516 200/mV 16 0 0 0 0 ECG\n", "signal format 516.*xform"),
        ("A1 1 300 500\nA1.dat 16x99999999 200/mV 16 0 0 0 0 ECG\n", "99999999 samples a frame, expected 1 to"),
        ("A1 9999999 300 500\nA1.dat 16 200/mV 16 0 0 0 0 ECG\n", "1 of 9999999 signals"),
        ("A1 1 300 500\nA1.dat 16x0 200/mV 16 0 0 0 0 ECG\n", "0 samples a frame"),
        ("A1 1 300 500\nA1.dat 16 200/mV 999999999999 0 0 0 0 ECG\n", "999999999999 bits, expected 0 to 32"),
        ("A1 1 99999999999 500\nA1.dat 16 200/mV 16 0 0 0 0 ECG\n", "at most 100000 Hz"),
    ],
)
def test_headers_that_say_too_little_or_too_much(tmp_path: Path, header: str, match: str) -> None:
    (tmp_path / "A1.hea").write_text(header)
    (tmp_path / "A1.dat").write_bytes(bytes(1000))
    with pytest.raises(FormatError, match=match):
        open_recording(tmp_path / "A1.hea", ReadOptions())


@pytest.mark.parametrize("name", ["a.hea", "A.HEA", "P01.rest.hea", "signal.dat"])
def test_a_record_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "signal.dat").write_bytes(np.arange(500, dtype="<i2").tobytes())
    header = tmp_path / (name if name.casefold().endswith(".hea") else "other.hea")
    record = header.name.rpartition(".")[0]
    header.write_text(f"{record} 1 250 500\nsignal.dat 16 1000/mV 16 0 0 0 0 ECG\n")
    assert len(decode(tmp_path / name).samples) == 500


def test_a_signal_file_that_two_headers_name(tmp_path: Path) -> None:
    (tmp_path / "signal.dat").write_bytes(np.arange(500, dtype="<i2").tobytes())
    for name in ("a", "b"):
        (tmp_path / f"{name}.hea").write_text(f"{name} 1 250 500\nsignal.dat 16 1000/mV 16 0 0 0 0 ECG\n")
    with pytest.raises(FormatError, match="format is not known"):
        open_recording(tmp_path / "signal.dat", ReadOptions())
