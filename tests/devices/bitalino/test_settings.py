"""Settings and the transfer function."""

from __future__ import annotations

import pytest

from devices.bitalino.settings import BitalinoSettings
from ecg_live.errors import ConfigError


@pytest.mark.parametrize(
    ("channels", "ecg", "ports", "chosen"),
    [
        (None, None, ("A2",), "A2"),
        (None, "a3", ("A3",), "A3"),
        ("A3+A1+A2", None, ("A1", "A2", "A3"), "A2"),
        ("A4+A1", None, ("A1", "A4"), "A4"),
        ("a1+a4", "A1", ("A1", "A4"), "A1"),
    ],
)
def test_channels(channels: str | None, ecg: str | None, ports: tuple[str, ...], chosen: str) -> None:
    settings = BitalinoSettings.parse(100, channels, ecg)
    assert (settings.rate, settings.ports, settings.ecg) == (100, ports, chosen)


@pytest.mark.parametrize(
    ("rate", "channels", "ecg", "message"),
    [
        (500, None, None, "a rate of 500 Hz; a BITalino has 10, 100, 1000"),
        (float("nan"), None, None, "a rate of nan Hz"),
        (1000, "A1+A7", None, "no channel 'A7'; a BITalino has A1, A2"),
        (1000, "A1+", None, "no channel ''"),
        (1000, None, "ECG", "no channel 'ECG'"),
        (1000, "A1+A3", "A2", "ecg=A2 is not among the channels A1[+]A3"),
    ],
)
def test_what_cannot_be_set_is_told(rate: float, channels: str | None, ecg: str | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        BitalinoSettings.parse(rate, channels, ecg)
    assert error.value.remedy


@pytest.mark.parametrize(("ports", "bits"), [(("A2",), 10), (("A1", "A2", "A3", "A4", "A5"), 6)])
def test_transfer_function(ports: tuple[str, ...], bits: int) -> None:
    settings = BitalinoSettings(1000, ports, ports[-1])
    for count in (0, 2 ** (bits - 1), 2**bits - 1):
        by_the_data_sheet = (count / 2**bits - 0.5) * 3.3 / 1100 * 1000
        assert (count - settings.zero_count) * settings.mv_per_count == pytest.approx(by_the_data_sheet)
    assert settings.full_scale == pytest.approx((-1.5, 1.5 - 3 / 2**bits))
