"""What ``--also polar-acc`` stands for."""

from __future__ import annotations

import pytest

from ecg_live.cli.session_setup import with_acceleration
from ecg_live.config import LiveSettings
from ecg_live.errors import ConfigError


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("polar:", "polar:acc"),
        ("polar:1234", "polar:1234,acc"),
        ("POLAR:1234", "POLAR:1234,acc"),
        ("polar:1234,acc=200", "polar:1234,acc=200"),
        ("polar:acc", "polar:acc"),
    ],
)
def test_it_is_a_setting_of_the_polar(uri: str, expected: str) -> None:
    also = ("lsl:EDA", "polar-acc")
    assert with_acceleration(uri, LiveSettings(also=also)) == (expected, LiveSettings(also=("lsl:EDA",)))


def test_without_it_nothing_changes() -> None:
    settings = LiveSettings(also=("lsl:EDA",))
    assert with_acceleration("lsl:ECG", settings) == ("lsl:ECG", settings)


@pytest.mark.parametrize("uri", ["shimmer:7A21", "polar.txt", "lsl:polar"])
def test_beside_another_source_it_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_acceleration(uri, LiveSettings(also=("polar-acc",)))
    assert str(caught.value) == (
        f"--also polar-acc beside {uri}: it is the acceleration of the Polar that gives the ECG "
        "(run polar:NAME, or name a strap of its own: --also polar:NAME,acc)"
    )
