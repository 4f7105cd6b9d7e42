from __future__ import annotations

import pytest

from devices.shimmer.settings import ShimmerSettings
from ecg_live.errors import ConfigError


def test_registers_are_the_facts_with_lead_off_detection_on() -> None:
    chip_1, chip_2 = ShimmerSettings().registers(0), ShimmerSettings().registers(1)
    assert chip_1 == bytes.fromhex("03 E0 10 40 40 2D 07 00 02 03")
    assert chip_2 == bytes.fromhex("03 E0 10 40 47 00 04 00 02 01")


@pytest.mark.parametrize(("rate", "bits"), [(128, 1), (256, 2), (512, 3), (1024, 4), (32768 / 66, 2)])
def test_converter_is_faster_than_the_stream(rate: float, bits: int) -> None:
    assert ShimmerSettings(rate).registers(0)[0] == ShimmerSettings(rate).registers(1)[0] == bits


@pytest.mark.parametrize(("gain", "bits"), [(6, 0), (1, 1), (2, 2), (3, 3), (4, 4), (8, 5), (12, 6)])
def test_gain_goes_to_all_channels_and_inputs_stay(gain: int, bits: int) -> None:
    settings = ShimmerSettings(gain=gain)
    assert settings.registers(0)[3:5] == bytes([bits << 4, bits << 4])
    assert settings.registers(1)[3:5] == bytes([bits << 4, bits << 4 | 7])
    assert settings.full_scale[1] == pytest.approx(2420 / gain)
    assert settings.full_scale[0] == pytest.approx(-2420 / gain, rel=1e-6)


def test_millivolts_at_both_widths() -> None:
    assert ShimmerSettings().mv_per_count == 2420 / 4 / (2**23 - 1)
    assert ShimmerSettings(bits=16).mv_per_count == 2420 / 8 / (2**15 - 1)
    assert ShimmerSettings(bits=16).full_scale[1] == pytest.approx(2420 / 8)


def test_sensors() -> None:
    assert ShimmerSettings().sensors == bytes.fromhex("18 00 00")
    assert ShimmerSettings(bits=16).sensors == bytes.fromhex("00 00 18")


def test_read_back_may_hold_what_the_chip_sets_itself() -> None:
    settings = ShimmerSettings()
    assert settings.accepts(0, bytes.fromhex("03 E8 10 40 40 2D 07 1F 02 03"))
    assert not settings.accepts(1, bytes.fromhex("03 E8 10 40 47 00 04 00 02 01"))
    assert not settings.accepts(0, bytes.fromhex("03 E0 10 40 50 2D 07 00 02 03"))
    assert not settings.accepts(0, b"\x03")


@pytest.mark.parametrize("rate", [500, 130, 1000, 250, 512.5])
def test_rate_that_does_not_divide_names_those_that_do(rate: float) -> None:
    with pytest.raises(ConfigError, match=r"128, 256, 512, 1024 Hz and any other 32768 / n, such as \d"):
        ShimmerSettings(rate)


@pytest.mark.parametrize("rate", [0, -512, 127.9, 2048, float("nan"), float("inf")])
def test_rate_beyond_what_is_offered(rate: float) -> None:
    with pytest.raises(ConfigError, match="expected 128 to 1024"):
        ShimmerSettings(rate)


def test_other_settings_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="gain of 5; a Shimmer has 1, 2, 3, 4, 6, 8, 12"):
        ShimmerSettings(gain=5)
    with pytest.raises(ConfigError, match="no lead 'II'; a Shimmer has LL-RA, LA-RA, Vx-RL"):
        ShimmerSettings(lead="II")
    with pytest.raises(ConfigError, match="20 bits"):
        ShimmerSettings(bits=20)
