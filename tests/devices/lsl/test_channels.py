"""What a stream's description says, and what it may not leave open; no network is needed for that."""

from __future__ import annotations

import pylsl
import pytest

from devices.lsl.channels import read_layout
from devices.lsl.resolve import StreamQuery, parse_query, uri_for
from devices.read_options import ReadOptions
from ecg_live.errors import ConfigError


def stream(
    channels: list[tuple[str, str, str]], kind: str = "", rate: float = 256.0, form: int = pylsl.cf_float32
) -> pylsl.StreamInfo:
    info = pylsl.StreamInfo("S", kind, len(channels), rate, form, "id")
    labels, kinds, units = (list(texts) for texts in zip(*channels, strict=True))
    info.set_channel_labels(labels)
    info.set_channel_types(kinds)
    info.set_channel_units(units)
    return info


@pytest.mark.parametrize(
    ("unit", "factor"), [("uV", 1e-3), ("µV", 1e-3), ("microvolts", 1e-3), ("mV", 1.0), ("V", 1e3), ("volts", 1e3)]
)
def test_units(unit: str, factor: float) -> None:
    assert read_layout(stream([("LL-RA", "ECG", unit)]), ReadOptions()).factors.tolist() == [factor]


def test_a_missing_unit_is_asked_for() -> None:
    mute = stream([("ECG", "", "")])
    with pytest.raises(ConfigError, match=r"lsl:S: channel ECG states no unit \(give it with --unit mV"):
        read_layout(mute, ReadOptions())
    assert read_layout(mute, ReadOptions(unit="uV")).factors.tolist() == [1e-3]
    with pytest.raises(ConfigError, match=r"'furlong', expected V, mV"):
        read_layout(stream([("ECG", "", "furlong")]), ReadOptions())


def test_other_channels_in_volts_are_kept_and_the_ecg_is_reported() -> None:
    many = stream([("X", "ACC", "g"), ("C3", "EEG", "uV"), ("LL-RA", "ECG", "mV"), ("Vx-RL", "ECG", "mV")])
    kept = read_layout(many, ReadOptions(channel="vx-rl"))
    assert (kept.columns, kept.factors.tolist()) == ((1, 2, 3), [1e-3, 1.0, 1.0])
    assert (kept.info.channels, kept.info.ecg) == (("C3", "LL-RA", "Vx-RL"), 2)
    with pytest.raises(ConfigError, match=r"2 of its channels are ECG: 1 X \[ACC\], .*--channel"):
        read_layout(many, ReadOptions())
    assert read_layout(many, ReadOptions(channel="1", unit="V")).info.channels == ("X", "C3", "LL-RA", "Vx-RL")


def test_a_stream_that_says_nothing_but_ecg() -> None:
    plain = pylsl.StreamInfo("Strap", "ECG", 1, 130, pylsl.cf_int32, "")
    kept = read_layout(plain, ReadOptions(unit="uV"))
    assert (kept.info.channels, kept.info.rate) == (("Strap",), 130)


def test_64_channels_without_a_choice_are_one_line() -> None:
    cap = stream([(f"E{k}", "EEG", "microvolts") for k in range(64)], "EEG")
    with pytest.raises(ConfigError, match=r"of 64 channels .* and 52 more \(choose one with --channel") as caught:
        read_layout(cap, ReadOptions())
    assert len(str(caught.value)) < 400
    with pytest.raises(ConfigError, match="none is called 'II'"):
        read_layout(cap, ReadOptions(channel="II"))
    assert read_layout(cap, ReadOptions(channel="E7")).info.ecg == 7


def test_rates_and_formats_that_no_ecg_has() -> None:
    one = [("ECG", "ECG", "mV")]
    with pytest.raises(ConfigError, match=r"rate is 0.*--rate HZ"):
        read_layout(stream(one, rate=0.0), ReadOptions())
    assert read_layout(stream(one, rate=0.0), ReadOptions(rate=130)).info.rate == 130
    with pytest.raises(ConfigError, match=r"rate is 4 Hz, an ECG has 50 to 100000 Hz"):
        read_layout(stream(one, rate=4.0), ReadOptions())
    assert read_layout(stream(one), ReadOptions(rate=130)).info.rate == 130  # the source measures what it sends
    with pytest.raises(ConfigError, match=r"text, not numbers \(follow markers with --markers"):
        read_layout(stream(one, rate=0.0, form=pylsl.cf_string), ReadOptions(rate=130))


def test_what_a_user_may_write() -> None:
    assert parse_query("My ECG") == StreamQuery(name="My ECG")
    assert parse_query("a=b") == StreamQuery(name="a=b")
    assert parse_query("") == StreamQuery()
    assert parse_query("Type=ECG, host = lab-2,source_id=a=1") == StreamQuery(type="ECG", host="lab-2", source_id="a=1")
    for wrong in ("name=a,colour=red", "name=a,b", "name=a,name=b"):
        with pytest.raises(ConfigError, match=r"cannot read .*name=\.\.\.,type="):
            parse_query(wrong)


def test_the_source_to_write_means_one_stream() -> None:
    outlets = [
        pylsl.StreamOutlet(pylsl.StreamInfo(name, "ECG", 1, 256, pylsl.cf_float32, source_id))
        for name, source_id in (("S", "a"), ("S", "b"), ("S", "b"), ("x=1, y", ""), ("plain", "c"), ("Plain", ""))
    ]
    streams = [made.get_info() for made in outlets]
    specs = [uri_for(one, streams) for one in streams]
    for one, spec in zip(streams, specs, strict=True):
        wanted = parse_query(spec.removeprefix("lsl:"))
        assert [each.uid() for each in streams if wanted.matches(each)] == [one.uid()]
    assert specs[0] == "lsl:name=S,type=ECG,source_id=a"
    assert uri_for(streams[0]) == "lsl:S"
    assert read_layout(streams[3], ReadOptions(unit="mV")).info.source_id == streams[3].uid()


@pytest.mark.parametrize(("kind", "signal"), [("PPG", "ppg"), ("BVP", "ppg"), ("ECG", "ecg")])
def test_the_type_of_a_channel_states_whether_it_is_pulse(kind: str, signal: str) -> None:
    assert read_layout(stream([("finger", kind, "mV")]), ReadOptions(channel="finger")).info.signal == signal
