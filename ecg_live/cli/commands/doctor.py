"""``ecg-live doctor``: what this machine has, what it lacks, and what to do about it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from typing import NamedTuple

import typer

from ecg_live.cli.commands.options import Json
from ecg_live.errors import DeviceError, EcgLiveError
from ecg_live.text import sanitize

REQUIRED_PACKAGES = (
    "numpy", "scipy", "torch", "onnx", "onnxruntime", "safetensors", "pylsl", "bleak", "pyserial", "PyQt6",
    "pyqtgraph", "edfio", "h5py", "rich", "markupsafe",
)  # fmt: skip
BLUETOOTH_SCAN_S = 1.0


class Check(NamedTuple):
    """One line of the report; ``needed`` is false for what ecg-live can do without."""

    name: str
    ok: bool
    detail: str
    needed: bool = True


def doctor(as_json: Json = False) -> None:
    """Check this machine: packages, display, bundled model and recording.

    Example: ecg-live doctor
    """
    checks = [
        _check_python(),
        *map(_check_package, REQUIRED_PACKAGES),
        _check_display(),
        _check("bundled model", _load_model),
        _check("demo", _open_demo),
        *(_check(name, trial, needed=False) for name, trial in DEVICE_CHECKS.items()),
    ]
    if as_json:
        print(json.dumps([check._asdict() for check in checks]))
    else:
        _print_checks(checks)
    raise typer.Exit(0 if all(check.ok for check in checks if check.needed) else 1)


def _print_checks(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console()
    for check in checks:
        verdict = "[green]ok[/]" if check.ok else "[red]missing[/]" if check.needed else "[yellow]without[/]"
        console.print(f"{verdict:>9}  {check.name}: {escape(sanitize(check.detail))}", soft_wrap=True, highlight=False)


def _check_python() -> Check:
    from ecg_live import __version__

    detail = f"{__version__} on Python {platform.python_version()}, {platform.platform()}"
    return Check("ecg-live", ok=True, detail=detail)


def _check_package(name: str) -> Check:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Check(name, ok=True, detail=version(name))
    except PackageNotFoundError:
        return Check(name, ok=False, detail="not installed; run: python -m pip install -c constraints.txt -e .")


def _check_display() -> Check:
    from ecg_live.cli.qt_check import why_no_display

    reason = why_no_display(os.environ)
    return Check("display", reason is None, reason or "a window can be opened", needed=False)


def _check(name: str, trial: Callable[[], str], *, needed: bool = True) -> Check:

    try:
        return Check(name, ok=True, detail=trial(), needed=needed)
    except (EcgLiveError, ImportError) as error:  # a missing package has a line of its own
        return Check(name, ok=False, detail=str(error), needed=needed)


def _load_model() -> str:
    from ecg_live.model.bundle import load_bundle
    from ecg_live.resources import DEFAULT_MODEL

    return f"{DEFAULT_MODEL.name}, heads {', '.join(load_bundle(DEFAULT_MODEL).heads)}, checksum right"


def _open_demo() -> str:
    from devices.files import open_recording
    from devices.read_options import ReadOptions
    from ecg_live.resources import demo_recording

    info = open_recording(demo_recording(), ReadOptions()).info
    return f"{info.name}, {info.duration or 0:.0f} s at {info.rate:g} Hz"


def _try_lsl() -> str:
    from devices.lsl.resolve import check_loopback

    return check_loopback()


def _scan_bluetooth() -> str:
    from devices.discovery import bluetooth_devices

    return f"works; heard {len(bluetooth_devices(BLUETOOTH_SCAN_S))} devices in {BLUETOOTH_SCAN_S:g} s"


def _list_serial_ports() -> str:
    from devices.discovery import serial_ports

    ports = serial_ports()
    if not ports:
        raise DeviceError("none", "a Shimmer3 by Bluetooth classic or in its dock needs one")
    return ", ".join(port.port for port in ports)


DEVICE_CHECKS = {"LSL": _try_lsl, "Bluetooth": _scan_bluetooth, "serial ports": _list_serial_ports}
