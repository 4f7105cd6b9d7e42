"""Consensys exports in all their spellings; ECG files are written here in that layout, by code of the tests' own."""

from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError, FormatError
from tests.support.decoding import decode, decode_until_error
from tests.support.files.shimmer_text_files import T0, at, write


@pytest.mark.parametrize(
    ("sep", "head"),
    [(sep, head) for sep in "\t,;" for head in (f'"sep={sep}"\r\n', f"sep={sep}\n", "")],
)
@pytest.mark.parametrize("units", [True, False])
def test_separators_and_units_in_all_spellings(tmp_path: Path, sep: str, head: str, units: bool) -> None:
    for end in (f"{sep}\r\n", "\n"):
        path = write(tmp_path / "a.csv", at(512, 600), sep=sep, head=head, units=units, end=end)
        got = decode(path)
        assert got.samples.tolist() == list(range(600))
        assert (got.info.rate, got.info.channels, got.gaps, got.warnings) == (512, ("ECG_LL-RA_24BIT",), [], [])


@pytest.mark.parametrize("device", ["", "Shimmer_7A7E_", "TEST_"])
@pytest.mark.parametrize("stamp", ["Timestamp_Unix_CAL", "TimestampSync_Unix_CAL", "Timestamp_FormattedUnix_CAL"])
def test_device_names_and_stamps_in_all_spellings(tmp_path: Path, device: str, stamp: str) -> None:
    path = write(tmp_path / "a.csv", at(256, 2000, (900, 300)), device=device, stamp=stamp)
    got = decode(path)
    assert (got.info.rate, got.gaps) == (256, [(900, 300)])
    assert got.samples.tolist() == list(range(2000))


@pytest.mark.parametrize("rate", [128, 204.8, 256, 512, 1000, 1024])
def test_a_rate_near_a_usual_one_is_that_one(tmp_path: Path, rate: float) -> None:
    assert decode(write(tmp_path / "a.csv", at(rate * 1.003, 3000))).info.rate == rate
    assert decode(write(tmp_path / "a.csv", [float(int(t)) for t in at(rate, 3000)])).info.rate == rate


def test_an_odd_rate_stays_as_fitted(tmp_path: Path) -> None:
    assert decode(write(tmp_path / "a.csv", at(433, 3000))).info.rate == pytest.approx(433, rel=1e-6)


@pytest.mark.parametrize("lost", [1, 2, 20, 5000])
def test_lost_samples(tmp_path: Path, lost: int) -> None:
    got = decode(write(tmp_path / "a.csv", at(512, 4000, (1, 1), (2500, lost), (2700, 3))))
    assert got.gaps == [(1, 1), (2501, lost), (2701 + lost, 3)]
    assert got.samples.tolist() == list(range(4000))


def test_losses_where_blocks_of_the_file_meet(tmp_path: Path) -> None:
    count = 60000  # several blocks of 1 MiB
    lost = [(row, 2) for row in range(1500, count, 1500)]
    got = decode(write(tmp_path / "a.csv", at(512, count, *lost)))
    assert got.gaps == [(row + 2 * i, 2) for i, (row, _) in enumerate(lost)]


def test_stamps_that_come_back_to_the_line_lose_nothing(tmp_path: Path) -> None:
    times = [float(int(t)) for t in at(1000, 4000)]
    times[500] += 8  # one late
    times[800] -= 3  # one early
    for i in range(1000, 1021):  # equal stamps, then a jump of 21 ms
        times[i] = times[1000]
    got = decode(write(tmp_path / "a.csv", times))
    assert got.gaps == []
    assert got.samples.tolist() == list(range(4000))


def test_a_jump_of_21_ms_that_stays(tmp_path: Path) -> None:
    times = [float(int(t)) for t in at(1000, 4000, (2000, 20))]
    times[1500] = times[1499]
    assert decode(write(tmp_path / "a.csv", times)).gaps == [(2000, 20)]


def test_a_clock_that_was_set_back(tmp_path: Path) -> None:
    times = at(256, 2000)
    times[1000:] = [t - 3_600_000 for t in times[1000:]]
    got = decode(write(tmp_path / "a.csv", times))
    assert (got.gaps, len(got.samples)) == ([], 2000)
    assert "go back by 3600.0" in got.warnings[0]


def test_counts_are_converted_as_shimmer_s_own_gain_says(tmp_path: Path) -> None:
    got = decode(write(tmp_path / "a.csv", at(512, 300), channel="ECG_LL-RA_24BIT_UNCAL", unit="no_units"))
    np.testing.assert_allclose(got.samples, np.arange(300) * 2420 / 4 / 2**23, rtol=1e-12)
    assert "uncalibrated" in got.warnings[0]
    got = decode(write(tmp_path / "a.csv", at(512, 300), channel="ECG_Vx-RL_16BIT_UNCAL", unit="no_units"))
    np.testing.assert_allclose(got.samples, np.arange(300) * 2420 / 4 / 2**15, rtol=1e-12)


def test_several_leads_ask_for_one(tmp_path: Path) -> None:
    names = "\t".join(f"S_ECG_{lead}_24BIT_CAL" for lead in ("LL-RA", "LA-RA", "Vx-RL", "LL-LA"))
    rows = "".join(f"{T0 / 1e12 + i / 512e9:.16f}E12\t0.1\t0.2\t0.3\t0.4\n" for i in range(400))
    path = tmp_path / "a.csv"
    path.write_text(f"S_Timestamp_Unix_CAL\t{names}\nms\tmV\tmV\tuV\tmV\n{rows}")
    with pytest.raises(ConfigError, match=r"4 of its channels are ECG: 1 ECG_LL-RA.*--channel"):
        open_recording(path, ReadOptions())
    assert decode(path, ReadOptions(channel="ecg_la-ra_24bit")).samples[0] == 0.2
    assert decode(path, ReadOptions(channel="3")).samples[0] == pytest.approx(0.0003)
    assert decode(path, ReadOptions(channel="3", unit="mV")).samples[0] == 0.3
    with pytest.raises(ConfigError, match=r"no channel 'V9'"):
        open_recording(path, ReadOptions(channel="V9"))


def test_unknown_unit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", at(512, 300), unit="furlong")
    with pytest.raises(ConfigError, match=r"furlong.*--unit"):
        open_recording(path, ReadOptions())
    assert decode(path, ReadOptions(unit="V")).samples[1] == 1000


def test_rows_that_are_wrong_cut_or_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", at(512, 300), last=f"{T0 / 1e12}E12\t30")
    got = decode(path)
    assert got.samples.tolist() == list(range(300))
    assert "was cut" in got.warnings[0]
    path.write_bytes(path.read_bytes().replace(b"\t100.0\t", b"\t1oo.0\t"))
    assert decode_until_error(path, match=r"line 104: found").tolist() == list(range(100))
    path.write_bytes(path.read_bytes().replace(b"\t1oo.0\t", b"\t\t"))
    got = decode(path)
    assert np.flatnonzero(np.isnan(got.samples)).tolist() == [100]
    with pytest.raises(FormatError, match="no rows"):
        open_recording(write(path, []), ReadOptions())
    with pytest.raises(FormatError, match="do not rise"):
        open_recording(write(path, [T0] * 300), ReadOptions())


def test_real_exports(shared_data: Path) -> None:
    folder = shared_data / "shimmer"
    with pytest.raises(ConfigError, match=r"EMG_CH1_24BIT \[EMG\].*--channel"):
        open_recording(folder / "consensys_emg_calibrated.csv", ReadOptions())
    named = ReadOptions(channel="EMG_CH1_24BIT")
    calibrated, counts = (decode(folder / f"consensys_emg_{kind}calibrated.csv", named) for kind in ("", "un"))
    assert (calibrated.info.rate, len(calibrated.samples), calibrated.gaps) == (512, 4688, [(1, 2)])
    np.testing.assert_allclose(counts.samples, calibrated.samples, rtol=1e-6)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("every", [1, 4])
def test_a_channel_goes_with_the_time_of_its_own_device(tmp_path: Path, *, first: bool, every: int) -> None:
    ecg, other = at(512 / every, 2000, (900, 50)), at(128 * every, 2000 * every)
    rows = [["", "", "", ""] for _ in range(2000 * every)]
    for i, row in enumerate(rows):
        row[2:] = [f"{other[i] + 3.1:.4f}", "2.0"] if every > 1 or i % 4 == 0 else row[2:]
    for i, time in enumerate(ecg):
        rows[i * every][:2] = [f"{time:.4f}", f"{i}"]
    names = [["ECG1_Timestamp_Unix_CAL", "ECG1_ECG_LL-RA_24BIT_CAL"], ["GSR_Timestamp_Unix_CAL", "GSR_GSR_Skin_CAL"]]
    if not first:
        names, rows = names[::-1], [row[2:] + row[:2] for row in rows]
    lines = ["\t".join([*names[0], *names[1]]), *("\t".join(row) for row in rows)]
    path = tmp_path / "a.csv"
    path.write_text('"sep=\t"\n' + "".join(f"{line}\t\n" for line in lines))
    got = decode(path)
    assert (got.info.rate, got.info.channels, got.gaps) == (512 / every, ("ECG_LL-RA_24BIT",), [(900, 50)])
    assert got.samples.tolist() == list(range(2000))


def test_two_devices_with_the_same_lead_are_distinguished(tmp_path: Path) -> None:
    parts = [f"{device}_{name}" for device in ("A1", "B2") for name in ("Timestamp_Unix_CAL", "ECG_LL-RA_24BIT_CAL")]
    rows = [f"{t:.3f}\t1\t{u:.3f}\t2" for t, u in zip(at(512, 600), at(256, 600), strict=True)]
    path = tmp_path / "a.csv"
    path.write_text("\t".join(parts) + "\n" + "\n".join(rows) + "\n")
    with pytest.raises(ConfigError, match=r"A1/ECG_LL-RA_24BIT .*B2/ECG_LL-RA_24BIT"):
        open_recording(path, ReadOptions())
    got = decode(path, ReadOptions(channel="B2/ECG_LL-RA_24BIT"))
    assert (got.info.rate, got.samples[0], got.gaps) == (256, 2, [])


@pytest.mark.parametrize("derived", ["ECG_IBI_LL_RA_CAL", "ECGtoHR_LL_RA_CAL", "ECG_EMG_Status1_CAL", "Battery_CAL"])
def test_what_is_derived_from_the_ecg_is_not_asked_about(tmp_path: Path, derived: str) -> None:
    names = ["D_Timestamp_Unix_CAL", f"D_{derived}", "D_ECG_LL-RA_24BIT_CAL"]
    path = tmp_path / "a.csv"
    path.write_text("\t".join(names) + "\n" + "".join(f"{t:.3f}\t75\t3\n" for t in at(512, 600)))
    got = decode(path)
    assert (got.info.channels, got.samples[0]) == (("ECG_LL-RA_24BIT",), 3)
