"""Settings: who wins, and what cannot be."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ecg_live.config import LiveSettings, load_settings, read_toml
from ecg_live.errors import ConfigError


@pytest.fixture
def toml(tmp_path: Path) -> dict[str, str]:
    """Environment that names a settings file of its own."""
    path = tmp_path / "settings.toml"
    path.write_text('speed = 2\nhop = 5\nchannel = "LL-RA"\nheadless = true\n')
    return {"ECG_LIVE_CONFIG": str(path)}


def no_file(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "empty.toml"
    path.touch()
    return {"ECG_LIVE_CONFIG": str(path)}


def test_command_line_then_environment_then_file_then_defaults(toml: dict[str, str]) -> None:
    environ = toml | {"ECG_LIVE_SPEED": "3", "ECG_LIVE_RATE": "250", "UNRELATED": "x"}
    found = load_settings({"speed": "4", "hop": None}, environ)
    assert found == LiveSettings(speed=4.0, rate=250.0, hop=5.0, channel="LL-RA", headless=True)


def test_defaults(tmp_path: Path) -> None:
    assert load_settings({}, no_file(tmp_path)) == LiveSettings()
    assert (LiveSettings().speed, LiveSettings().hop, LiveSettings().gain) == (1.0, 1.0, 1000.0)


@pytest.mark.parametrize("word", ["1", "true", "Yes", "ON"])
def test_switches(tmp_path: Path, word: str) -> None:
    environ = no_file(tmp_path)
    assert load_settings({}, environ | {"ECG_LIVE_JSON": word}).json
    assert not load_settings({"json": False}, environ | {"ECG_LIVE_JSON": word}).json
    with pytest.raises(ConfigError, match="ECG_LIVE_JSON is 'perhaps'; it is yes or no"):
        load_settings({}, environ | {"ECG_LIVE_JSON": "perhaps"})


def test_max_is_a_speed_and_nothing_else(tmp_path: Path) -> None:
    assert load_settings({"speed": "max"}, no_file(tmp_path)).speed == math.inf
    with pytest.raises(ConfigError, match="--hop is 'max'"):
        load_settings({"hop": "max"}, no_file(tmp_path))


@pytest.mark.parametrize("name", ["rate", "speed", "seconds", "hop", "gain"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e999", "fast", "", "1,5", None, True, [1]])
def test_numbers_that_cannot_be_name_where_they_came_from(tmp_path: Path, name: str, value: object) -> None:
    environ = no_file(tmp_path)
    if value is None:
        assert load_settings({name: value}, environ) == LiveSettings()
        return
    with pytest.raises(ConfigError, match=f"--{name} is ") as caught:
        load_settings({name: value}, environ)
    assert caught.value.remedy
    assert caught.value.exit_code == 2
    if isinstance(value, str):
        with pytest.raises(ConfigError, match=f"ECG_LIVE_{name.upper()} is "):
            load_settings({}, environ | {f"ECG_LIVE_{name.upper()}": value})


@pytest.mark.parametrize("value", ["29.9", "3601", "-60", "nan", "inf", "max", "long", "", True, [60]])
def test_a_baseline_that_cannot_be(tmp_path: Path, value: object) -> None:
    with pytest.raises(ConfigError, match=r"--baseline is .*from 30 to 3600 s, or 0 for none") as caught:
        load_settings({"baseline": value}, no_file(tmp_path))
    assert caught.value.remedy
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("value", [0, 30, 60, 3600])
def test_a_baseline_or_none(tmp_path: Path, value: float) -> None:
    environ = no_file(tmp_path) | {"ECG_LIVE_BASELINE": "90"}
    assert load_settings({"baseline": str(value)}, environ).baseline == value
    assert load_settings({}, environ).baseline == 90


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("speeed = 2\n", "sets speeed; known are"),
        ("speed = 0\n", r"speed in .*settings.toml is 0; it must be a number above 0, or max"),
        ("speed = \n", "settings.toml: Invalid value"),
        ("[live]\nspeed = 2\n", "sets live"),
        ('json = "perhaps"\n', "json in"),
        ('signal = "eeg"\n', r"signal in .* is 'eeg'; known are ecg, ppg"),
    ],
)
def test_a_file_that_cannot_be_is_named(toml: dict[str, str], text: str, found: str) -> None:
    Path(toml["ECG_LIVE_CONFIG"]).write_text(text)
    with pytest.raises(ConfigError, match=found) as caught:
        load_settings({}, toml)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text(toml: dict[str, str]) -> None:
    Path(toml["ECG_LIVE_CONFIG"]).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"settings\.toml"):
        load_settings({}, toml)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which is not a file"):
        load_settings({}, {"ECG_LIVE_CONFIG": str(tmp_path / "none.toml")})


def test_a_file_that_is_not_there_is_no_file_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file or directory .check the path"):
        read_toml(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000 + "]" * 5000, ".".join("a" * 5000) + " = 1", "a.b.c = " + "[" * 20 + "]" * 20]
)
def test_a_file_nested_deeply_is_reported_in_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "deep.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"deep\.toml: nested (too deeply|more than 16 levels deep)") as caught:
        read_toml(tmp_path / "deep.toml")
    assert len(str(caught.value)) < 200 + len(str(tmp_path))


@pytest.mark.parametrize("value", ["59", 301, "nan", "long"])
def test_a_stretch_of_heart_rate_variability_that_cannot_be(tmp_path: Path, value: object) -> None:
    with pytest.raises(ConfigError, match=r"--hrv is .*from 60 to 300 s.*for example --hrv 120"):
        load_settings({"hrv": value}, no_file(tmp_path))
    assert load_settings({"hrv": "300"}, no_file(tmp_path)).hrv == 300
