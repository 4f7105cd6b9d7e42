"""Time columns: which one it is, its unit, dates and times of day, stamps of packets, clocks that are set."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.files.text.dates import MidnightUnwrapper, parse_times_ms
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError
from tests.support.decoding import DecodedRecording, decode
from tests.support.files.csv_files import write

T0 = datetime(2026, 10, 25, 23, 59, 50, tzinfo=UTC)
FS = 250


def read(path: Path, name: str, stamps: list[str], sep: str = ",") -> DecodedRecording:
    return decode(write(path, f"{name}{sep}ECG\n" + "".join(f"{s}{sep}{i}\n" for i, s in enumerate(stamps))))


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%dT%H:%M:%S.%f",
        "%Y-%m-%dT%H:%M:%S.%fZ",
        "%Y-%m-%d %H:%M:%S.%f+02:00",
        "%Y/%m/%d %H:%M:%S.%f",
        "%d.%m.%Y %H:%M:%S,%f",
        "%m/%d/%Y %I:%M:%S.%f %p",
        "%H:%M:%S.%f",
        "[%H:%M:%S.%f %d/%m/%Y]",
        "'%H:%M:%S.%f'",
    ],
)
def test_dates_and_times_of_day_over_midnight(tmp_path: Path, form: str) -> None:
    places = [i + (i >= 4000) * 500 for i in range(6000)]
    stamps = [(T0 + timedelta(seconds=k / FS)).strftime(form) for k in places]
    got = read(tmp_path / "a.csv", "timestamp", stamps, ";")
    assert (got.info.rate, got.gaps, got.warnings) == (FS, [(4000, 500)], [])
    assert got.samples.tolist() == list(range(6000))


def test_elapsed_time_as_physionet_writes_it(tmp_path: Path) -> None:
    rows = "".join(f"'{i // 15000}:{i / FS % 60:06.3f}',{i}\n" for i in range(20_000))
    got = decode(write(tmp_path / "a.csv", "'Elapsed time','ECG'\n'hh:mm:ss.mmm','mV'\n" + rows))
    assert (got.info.rate, got.info.channels, got.gaps, len(got.samples)) == (FS, ("ECG",), [], 20_000)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-02T00:00:00", 86_400_000.0),
        ("1970-01-01T02:00:00.5+02:00", 500.0),
        ("1970-1-1 1:02:03", 3_723_000.0),
        ("12:00:01 AM", 1000.0),
        ("1:02.5", 62_500.0),
        ("01:02:03:250", 3_723_250.0),
        ("", float("nan")),
    ],
)
def test_stamps_in_words(text: str, ms: float) -> None:
    np.testing.assert_equal(parse_times_ms(np.array([text.encode()], dtype=bytes)).tolist(), [ms])


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "12",
        "2026-13-01",
        "today",
        "1:2",
        "2026-01-01T99:00:00",
        "2026-01-01 00:00:00.0-",
    ],
)
def test_what_is_no_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_times_ms(np.array([text.encode()], dtype=bytes))


def test_midnight_between_blocks() -> None:
    midnights = MidnightUnwrapper()
    day = 86_400_000.0
    assert midnights.push(np.array([day - 2, np.nan, day - 1])).tolist()[2] == day - 1
    assert midnights.push(np.array([0.0, 1.0])).tolist() == [day, day + 1]
    assert midnights.push(np.array([day - 1, 0.0])).tolist() == [2 * day - 1, 2 * day]


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("time (milliseconds)", 1e3),
        ("timestamp_ms", 1e3),
        ("timestamp_us", 1e6),
        ("sensor timestamp [ns]", 1e9),
        ("ms", 1e3),
        ("milliSec", 1e3),
        ("min", 1 / 60),
        ("Zeit [s]", 1),
    ],
)
def test_units_of_time_in_names(tmp_path: Path, name: str, second: float) -> None:
    got = read(tmp_path / "a.csv", name, [repr(i / FS * second) for i in range(2000)])
    assert (got.info.rate, got.gaps, got.warnings) == (FS, [], [])


@pytest.mark.parametrize(
    ("start", "second"), [(1767225600, 1), (1767225600, 1e3), (1767225600, 1e9), (0, 1e3), (0, 1e6)]
)
def test_a_unit_that_is_not_stated_shows(tmp_path: Path, start: int, second: float) -> None:
    stamps = [f"{start * int(second) + i * second / FS:.3f}" for i in range(2000)]
    got = read(tmp_path / "a.csv", "timestamp", stamps)
    assert (got.info.rate, got.gaps) == (FS, [])
    assert [("states no unit" in text) for text in got.warnings] == ([True] if second > 1 and not start else [])


def test_of_several_time_columns_the_one_that_distinguishes_samples(tmp_path: Path) -> None:
    rows = "".join(
        f"{(T0 + timedelta(seconds=(i // 73 + 1) * 73 / 130)).isoformat()};{int(764789449e9 + i * 1e9 / 130)};{i}\n"
        for i in range(2000)
    )  # as the Polar Sensor Logger writes them: the phone's stamp is that of the packet
    path = write(tmp_path / "a.txt", "Phone timestamp;sensor timestamp [ns];ecg [uV]\n" + rows)
    got = decode(path)
    assert (got.info.rate, got.gaps, got.samples[-1]) == (130, [], pytest.approx(1.999))


def test_a_time_column_that_holds_no_time(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "time,ECG\n" + "".join(f"tick {i},{i}\n" for i in range(50)))
    with pytest.raises(ConfigError, match=r"'time' holds 'tick 0', which is no time.*--rate"):
        open_recording(path, ReadOptions())
    got = decode(path, ReadOptions(rate=FS, channel="ECG"))
    assert (got.info.rate, got.samples.tolist()) == (FS, list(range(50)))


@pytest.mark.parametrize("sparse", [True, False])
def test_one_stamp_a_packet(tmp_path: Path, sparse: bool) -> None:
    stamps = [round((i // 73 + 1) * 73_000 / 130) for i in range(100 * 73)]
    texts = [str(s) if i % 73 == 72 or not sparse else "" for i, s in enumerate(stamps)]
    kept = [k for k in range(100 * 73) if not 50 * 73 <= k < 53 * 73]
    path = tmp_path / "a.csv"
    whole = read(path, "timestamp [ms]", texts)
    assert (whole.info.rate, whole.gaps, len(whole.samples)) == (130, [], 7300)
    lossy = read(path, "timestamp [ms]", [texts[k] for k in kept])
    ((at, lost),) = lossy.gaps
    assert (at, abs(lost - 219) <= 1, len(lossy.samples)) == (3650, True, 7081)
    cut = read(path, "timestamp [ms]", texts[:-40])  # the last packet has no stamp
    assert (cut.gaps, len(cut.samples)) == ([], 7260)


@pytest.mark.parametrize("zeros", [1, 6, 300])
@pytest.mark.parametrize("second", [1, 1000])
def test_stamps_of_zero_before_the_clock_is_set(tmp_path: Path, zeros: int, second: int) -> None:
    stamps = [f"{0 if i < zeros else (1767225600 + i / FS) * second:.4f}" for i in range(3000)]
    got = read(tmp_path / "a.csv", "time" if second == 1 else "time (ms)", stamps)
    assert (got.info.rate, got.gaps, len(got.samples)) == (FS, [], 3000)
    assert ["the clock was set" in text for text in got.warnings] == [True]


def test_a_clock_that_is_set_in_between_hides_no_loss_beside_it(tmp_path: Path) -> None:
    places = np.arange(4000) + (np.arange(4000) >= 3000) * 50
    stamps = [f"{(k / FS) + (1.7e9 if k >= 1000 else 0):.4f}" for k in places.tolist()]
    got = read(tmp_path / "a.csv", "time", stamps)
    assert got.gaps == [(3000, 50)]
    assert "jump by 19676 days" in got.warnings[0]


@pytest.mark.parametrize(
    "names", ["acc_time,acc_x,ecg_time,ecg", "time,acc,time,ecg", "time (acc),x,time (ecg),ecg [mV]"]
)
@pytest.mark.parametrize("ecg_rate", [250, 50])
def test_the_time_of_the_ecg_among_those_of_several_devices(tmp_path: Path, names: str, ecg_rate: int) -> None:
    """Side by side, as merging scripts write it: each device at its own rate, its cells empty in between."""
    rows = []
    for i in range(3000):  # 250 rows a second, or one device on every fifth
        acc = "," if ecg_rate == 250 and i % 5 else f"{i / 100:.3f},0.5"
        own = "," if ecg_rate == 50 and i % 5 else f"{(i + 500 * (i >= 2000)) / 250:.3f},{i}"
        rows.append(f"{acc},{own}\n")
    got = decode(write(tmp_path / "a.csv", names + "\n" + "".join(rows)))
    step = 250 // ecg_rate
    assert (got.info.rate, got.gaps) == (ecg_rate, [(2000 // step, 500 // step)])
    assert got.samples.tolist() == list(range(0, 3000, step))
