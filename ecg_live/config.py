"""Settings: command line, then environment, then the TOML file, then defaults."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from ecg_live import parse_number
from ecg_live.errors import ConfigError
from ecg_live.events import SIGNAL_NAMES, SignalKind

MAX_TOML_DEPTH = 16  # levels of nesting; a sweep's has 4
ENVIRONMENT_PREFIX = "ECG_LIVE_"
SETTINGS_FILE_NAME = "config.toml"
DEFAULT_HRV_S = 120.0  # the shortest stretch that has an LF band
WINDOW_FILE_NAME = "dashboard.ini"


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Settings of a live session.

    Parameters
    ----------
    model : str, optional
        Bundle file, or the name of a bundled model; the default one without it.
    channel, rate, unit
        Which channel is the ECG; rate in Hz and unit for a file that states none.
    speed : float
        Multiple of real time at which a file is replayed; ``inf`` (written ``max``) as fast as it goes.
    seconds : float, optional
        End after so much wall time.
    hop : float
        Seconds from one prediction to the next.
    hrv : float
        Seconds that heart rate variability looks back.
    gain : float
        Of a PLUX ECG sensor.
    signal : str, optional
        What the channel of a file shows that states none: ``ecg`` or ``ppg``.
    annotations : str, optional
        Which annotations beside a WFDB record become markers (``atr`` for ``NAME.atr``).
    baseline : float
        Seconds of rest that a session begins with, for the heads' personal sets; 0 for none.
    record : str, optional
        File to record to from the start.
    roll_minutes, roll_mb : float, optional
        Go on in a new file after so many minutes, or megabytes.
    recordings : str, optional
        Folder of recordings without a given path.
    participant, session : str, optional
        Pseudonyms, for the recording and the participant's profile.
    markers : str, optional
        LSL marker stream to follow, ``all`` for any.
    mark_port : int, optional
        TCP port on loopback that takes markers.
    remote_port : int, optional
        TCP port on loopback that takes LabRecorder's commands to start and stop recordings.
    reuse_profile : bool
        Begin with what the participant's profile holds.
    headless, json : bool
        No dashboard; JSON lines on standard output.
    lsl_out : bool
        Offer results as LSL streams.
    show_unproven : bool
        Heads answer that are not shown to beat chance.
    log : str, optional
        File to log to.
    also : tuple of str
        Live sources that are recorded beside the ECG.
    one_file : bool
        Recordings of several wearers are joined in one file at the end.
    synchrony : float, optional
        Seconds of the window in which pairs of wearers are correlated, in JSON lines as well.
    """

    model: str | None = None
    channel: str | None = None
    rate: float | None = None
    unit: str | None = None
    speed: float = 1.0
    seconds: float | None = None
    hop: float = 1.0
    hrv: float = DEFAULT_HRV_S
    gain: float = 1000.0
    signal: SignalKind | None = None
    annotations: str | None = None
    baseline: float = 0.0
    record: str | None = None
    roll_minutes: float | None = None
    roll_mb: float | None = None
    recordings: str | None = None
    participant: str | None = None
    session: str | None = None
    reuse_profile: bool = False
    markers: str | None = None
    mark_port: int | None = None
    remote_port: int | None = None
    headless: bool = False
    json: bool = False
    lsl_out: bool = False
    show_unproven: bool = False
    log: str | None = None
    also: tuple[str, ...] = ()
    one_file: bool = False
    synchrony: float | None = None


PORT_SETTINGS = {"mark_port": 16580, "remote_port": 22345}  # with an example; 22345 is LabRecorder's own
NUMBER_SETTINGS = (
    "rate",
    "speed",
    "seconds",
    "hop",
    "hrv",
    "gain",
    "baseline",
    "synchrony",
    *PORT_SETTINGS,
    "roll_minutes",
    "roll_mb",
)
MIN_HRV_S, MAX_HRV_S = 60.0, 300.0  # as of `ecg_live.signal.sliding_hrv`
MIN_BASELINE_S, MAX_BASELINE_S = 30.0, 3600.0  # three windows; an hour is more than a wearer sits still
MIN_SYNCHRONY_S, MAX_SYNCHRONY_S = (
    60.0,
    1800.0,
)  # six windows of ten seconds; more hides all change
SWITCH_SETTINGS = ("one_file", "reuse_profile", "headless", "json", "lsl_out", "show_unproven")
USER_PORTS = range(1024, 65536)  # that a user may open
TRUE_WORDS, FALSE_WORDS = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def load_settings(
    options: Mapping[str, object], environ: Mapping[str, str] | None = None, only: Collection[str] | None = None
) -> LiveSettings:
    """Merge all sources of settings; options that are None were not given.

    ``only``: the settings that a command has; others keep their defaults and are not checked.

    Raises
    ------
    ConfigError
        If a setting is unknown or its value cannot be, naming where it came from.
    """
    environ = os.environ if environ is None else environ
    names = [field.name for field in fields(LiveSettings) if only is None or field.name in only]
    merged: dict[str, Any] = {}
    for name, value in ((name, value) for name, value in _file(environ).items() if name in names):
        merged[name] = _value(name, value, f"{name} in {_path(environ)}")
    for name in names:
        if (text := environ.get(ENVIRONMENT_PREFIX + name.upper())) is not None:
            merged[name] = _value(name, text, ENVIRONMENT_PREFIX + name.upper())
    for name, value in options.items():
        if value is not None:
            merged[name] = _value(name, value, "--" + name.replace("_", "-"))
    return LiveSettings(**merged)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ConfigError
        If it cannot be read, is not TOML, or is nested more than `MAX_TOML_DEPTH` levels deep.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "check the path") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}", "mend the file, or give another") from error
    return parse_toml(text, path)


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """Parse the text of a TOML file; ``path`` is for messages.

    Raises
    ------
    ConfigError
        As `read_toml`.
    """
    try:
        found = tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deeply to be read", "mend the file") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}", "mend the file, or give another") from error
    if not within_depth(found, MAX_TOML_DEPTH):
        raise ConfigError(f"{path}: nested more than {MAX_TOML_DEPTH} levels deep", "mend the file")
    return found


def within_depth(value: object, levels: int) -> bool:
    """Whether plain values (dictionaries, lists) are nested no more than so many levels deep."""
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for each in layer
            for inner in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
        if not layer:
            return True
    return False


def window_file(environ: Mapping[str, str] | None = None) -> Path:
    """Where the dashboard remembers its size, colours and scale: beside the settings."""
    return _path(os.environ if environ is None else environ).with_name(WINDOW_FILE_NAME)


def _path(environ: Mapping[str, str]) -> Path:
    chosen = environ.get(ENVIRONMENT_PREFIX + "CONFIG")
    return Path(chosen) if chosen else user_config_path("ecg-live") / SETTINGS_FILE_NAME


def _file(environ: Mapping[str, str]) -> dict[str, Any]:
    path = _path(environ)
    if not path.is_file():
        if environ.get(ENVIRONMENT_PREFIX + "CONFIG"):
            raise ConfigError(f"{ENVIRONMENT_PREFIX}CONFIG names {path}, which is not a file", "mend or unset it")
        return {}
    found = read_toml(path)
    known = [field.name for field in fields(LiveSettings)]
    if unknown := sorted(found.keys() - set(known)):
        raise ConfigError(f"{path} sets {', '.join(unknown)}; known are {', '.join(known)}", "mend the file")
    return found


def _value(name: str, value: object, where: str) -> object:
    if name in NUMBER_SETTINGS:
        return _number(name, value, where)
    if name in SWITCH_SETTINGS:
        text = str(value).lower()
        if text not in TRUE_WORDS + FALSE_WORDS:
            raise ConfigError(f"{where} is {value!r}; it is yes or no", "write true or false")
        return text in TRUE_WORDS
    if name == "signal" and value not in SIGNAL_NAMES:
        raise ConfigError(f"{where} is {value!r}; known are {', '.join(SIGNAL_NAMES)}", "choose one of them")
    if name == "also":
        uris = value if isinstance(value, list | tuple) else str(value).split(";")
        return tuple(str(uri) for uri in uris if uri)
    return str(value)


def _number(name: str, value: object, where: str) -> float | int:
    if name == "speed" and value == "max":
        return math.inf
    try:
        number = parse_number.parse_number(str(value))
    except ValueError:
        number = math.nan
    if name == "baseline":
        if number != 0 and not MIN_BASELINE_S <= number <= MAX_BASELINE_S:
            limits = f"from {MIN_BASELINE_S:g} to {MAX_BASELINE_S:g} s, or 0 for none"
            raise ConfigError(f"{where} is {value!r}; it must be {limits}", "for example --baseline 60")
        return number
    if name == "synchrony":
        if not MIN_SYNCHRONY_S <= number <= MAX_SYNCHRONY_S:
            limits = f"from {MIN_SYNCHRONY_S:g} to {MAX_SYNCHRONY_S:g} s"
            raise ConfigError(f"{where} is {value!r}; it must be {limits}", "for example --synchrony 180")
        return number
    if name == "hrv" and not MIN_HRV_S <= number <= MAX_HRV_S:
        limits = f"from {MIN_HRV_S:g} to {MAX_HRV_S:g} s"
        raise ConfigError(f"{where} is {value!r}; it must be {limits}", f"for example --hrv {DEFAULT_HRV_S:g}")
    if name in PORT_SETTINGS:
        if number not in USER_PORTS:
            example = f"--{name.replace('_', '-')} {PORT_SETTINGS[name]}"
            raise ConfigError(f"{where} is {value!r}; a port is from 1024 to 65535", f"for example {example}")
        return int(number)
    if not 0 < number < math.inf:
        more = ", or max" if name == "speed" else ""
        raise ConfigError(
            f"{where} is {value!r}; it must be a number above 0{more}", f"for example --{name.replace('_', '-')} 1"
        )
    return number
