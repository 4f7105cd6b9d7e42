"""Check a source's signal in the terminal, line by line, until it is a go or the time is up."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from threading import Timer
from typing import Any

from ecg_live.cli import print_notice
from ecg_live.cli.live import checked_settings
from ecg_live.cli.log_file import log_to, private_words
from ecg_live.cli.session_setup import open_checked_source
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.config import LiveSettings
from ecg_live.presentation.signal_check import fault_line, fault_remedy, progress_line
from ecg_live.preview_items import SignalFault, SignalVerdict
from ecg_live.protocols import Source
from ecg_live.signal.check.beats_check import BeatsCheck
from ecg_live.signal.check.signal_check import SignalCheck

DEFAULT_PATIENCE_S = 60.0
NO_GO_EXIT_CODE = 1


def check_source_signal(uri: str, options: Mapping[str, object]) -> int:
    """Check a source until 10 s of it are good; return the exit code: 0 for a go, 1 for a no-go.

    Raises
    ------
    EcgLiveError
        The source cannot be opened, or breaks.
    """
    settings = checked_settings(options)
    with log_to(settings.log, private_words(settings, uri)):
        return _check(uri, settings)


def _check(uri: str, settings: LiveSettings) -> int:
    from devices.uri import scheme_of

    patience = settings.seconds or DEFAULT_PATIENCE_S
    if scheme_of(uri) == "file":
        settings = replace(settings, speed=math.inf)  # it is not waited for
    source = open_checked_source(uri, settings)
    caught = CaughtSignals()
    shown: SignalVerdict | None = None
    last = SignalVerdict()
    with caught.handled(source.close, *session_signals()):
        for last in verdicts_of(source, patience):
            if settings.json:
                print(json.dumps({"type": "check"} | verdict_fields(last), allow_nan=False), flush=True)
            elif shown is None or (shown.faults, int(shown.good)) != (last.faults, int(last.good)):
                shown = last
                print(_line(last), flush=True)
            if last.go:
                break
    _conclude(last, settings)
    return caught.exit_code or (0 if last.go else NO_GO_EXIT_CODE)


def verdicts_of(source: Source, patience: float) -> Iterator[SignalVerdict]:
    """Verdicts on a source, for ``patience`` seconds of time; one that gives nothing has one at the end.

    Raises
    ------
    DeviceError
        The source was lost.
    """
    began, seen = time.monotonic(), False
    timer = Timer(patience, source.close)
    timer.daemon = True
    timer.start()
    try:
        with source:
            check = SignalCheck(source.info) if source.info.channels else BeatsCheck()
            for item in source:
                for output in check.push(item):
                    if isinstance(output, SignalVerdict):
                        seen = True
                        yield output
    finally:
        timer.cancel()
    if not seen:
        yield SignalVerdict(faults=(SignalFault("no_signal", time.monotonic() - began),))


def verdict_fields(verdict: SignalVerdict) -> dict[str, Any]:
    """Fields of a verdict, for JSON: numbers as measured, and faults in words too."""
    faults = [
        asdict(fault) | {"electrodes": list(fault.electrodes), "text": fault_line(fault), "remedy": fault_remedy(fault)}
        for fault in verdict.faults
    ]
    return {
        "seconds": verdict.seconds,
        "good": verdict.good,
        "go": verdict.go,
        "faults": faults,
        "heart_rate": verdict.heart_rate,
        "amplitude": verdict.amplitude,
        "rate": verdict.rate,
    }


def _line(verdict: SignalVerdict) -> str:
    faults = "; ".join(fault_line(fault) for fault in verdict.faults)
    return f"{verdict.seconds:4.0f} s  {faults or progress_line(verdict)}"


def _conclude(verdict: SignalVerdict, settings: LiveSettings) -> None:
    """Print the verdict; with JSON lines it is the last one."""
    if settings.json:
        print(json.dumps({"type": "verdict"} | verdict_fields(verdict), allow_nan=False), flush=True)
        return
    if verdict.go:
        print(f"GO: {progress_line(verdict)}", flush=True)
        return
    print(f"NO-GO: {progress_line(verdict)}", flush=True)
    for fault in verdict.faults:
        print_notice(f"{fault_line(fault)}. {fault_remedy(fault)}")
