"""Markers from a second terminal, a stimulus program and LSL into a running session, which LSL shows in turn."""

from __future__ import annotations

import json
import math
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pylsl
import pytest

from devices import open_source
from devices.read_options import ReadOptions
from ecg_live.results import Trace
from ecg_live.signal.pipeline import SignalPath
from tests.support.command_line import ecg_live
from tests.support.marked_session import ECG, PATIENCE, session
from tests.support.marker_desk import free


def said(number: str) -> float:
    """Seconds of ``noted at 1.234 s``."""
    return float(number.removeprefix("noted at ").split()[0])


def test_all_ways_into_a_session_and_out_of_it(runtime: dict[str, str]) -> None:
    port = free()
    options = ("--session", "S1", "--mark-port", str(port), "--markers", "Stimuli", "--lsl-out")
    stimuli = pylsl.StreamOutlet(pylsl.StreamInfo("Stimuli", "Markers", 1, 0.0, pylsl.cf_string, "stimuli"))
    with session(runtime, *options) as child:
        child.until(type="state", state="warming_up")
        inlets = heard(child.process.pid)

        done = ecg_live("mark", "stimulus", "on", environ=runtime)
        assert (done.returncode, done.stderr) == (0, "")
        typed = child.until(type="marker", text="stimulus on")["time"]
        assert said(done.stdout) == pytest.approx(typed, abs=6e-4)
        assert done.stdout.endswith(" s; not saved: nothing is recorded\n")

        (announced,) = Path(runtime["XDG_RUNTIME_DIR"], "ecg-live").glob("*.json")
        token = json.loads(announced.read_text())["token"]
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as line, line.makefile("r") as answers:
            line.sendall(f"TOKEN {token}\nMARK by a program\n".encode())
            assert answers.readline() == "OK\n"
            verb, raw = answers.readline().split()
        sent = child.until(type="marker", text="by a program")["time"]
        assert (verb, float(raw)) == ("OK", sent)

        assert stimuli.wait_for_consumers(PATIENCE)
        ago = pylsl.local_clock()
        stimuli.push_sample(["by LSL"], ago)
        followed = child.until(type="marker", text="by LSL")["time"]

        values, stamps = pulled(inlets["filtered"], 256)
        _, marked = pulled(inlets["markers"], 3)
        child.process.send_signal(signal.SIGINT)
        child.until(type="summary")
        assert child.process.wait(PATIENCE) == 130
        assert child.process.stderr is not None
        assert token in child.process.stderr.read()
    at = where(values)
    begin = stamps[0] - at / 256  # of raw time on LSL's clock
    np.testing.assert_allclose(stamps, begin + (at + np.arange(len(stamps))) / 256, atol=1e-4)
    np.testing.assert_allclose(marked, [begin + typed, begin + sent, ago], atol=1e-3)
    assert ago - begin == pytest.approx(followed, abs=1e-3)
    assert list(Path(runtime["XDG_RUNTIME_DIR"], "ecg-live").iterdir()) == []


def test_no_session_runs(runtime: dict[str, str]) -> None:
    done = ecg_live("mark", "x", environ=runtime)
    assert (done.returncode, done.stdout) == (3, "")
    assert "no session runs on this machine" in done.stderr
    done = ecg_live("mark", "", environ=runtime)
    assert done.returncode == 3


def test_a_port_that_is_taken(runtime: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = ecg_live("run", ECG, "--headless", "--json", "--mark-port", port, environ=runtime)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"port {port} cannot be opened (Address already in use)" in done.stderr


def test_mark_loads_nothing_that_is_slow() -> None:
    """Its time is the user's: neither torch nor NumPy, nor asyncio."""
    code = "import sys, ecg_live.cli.app, ecg_live.markers.client; print([m for m in sys.modules if m in sys.argv])"
    slow = ["torch", "numpy", "asyncio", "devices", "PyQt6", "rich"]
    done = subprocess.run([sys.executable, "-c", code, *slow], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def heard(pid: int) -> dict[str, pylsl.StreamInlet]:
    """Inlets on the streams of a process that are looked at."""
    inlets = {}
    for key in ("filtered", "markers"):
        asked = f"starts-with(source_id,'ecg-live:') and contains(source_id,':{key}') and desc/process='{pid}'"
        (header,) = pylsl.resolve_bypred(asked, 1, PATIENCE)
        inlets[key] = pylsl.StreamInlet(header)
    for inlet in inlets.values():
        inlet.open_stream(PATIENCE)
    return inlets


def pulled(inlet: pylsl.StreamInlet, count: int) -> tuple[list[object], list[float]]:
    """The next samples of a stream's first channel, and their stamps."""
    values: list[object] = []
    stamps: list[float] = []
    end = time.monotonic() + PATIENCE
    while len(stamps) < count and time.monotonic() < end:
        rows, at = inlet.pull_chunk(timeout=0.05)
        values += [row[0] for row in rows]
        stamps += list(at)
    return values, stamps


def where(values: list[object]) -> int:
    """At which sample of the filtered recording these stand, to the bit."""
    source = open_source(ECG, ReadOptions(speed=math.inf))
    path = SignalPath(source.info)
    with source:
        whole = np.concatenate([out.samples for item in source for out in path.push(item) if isinstance(out, Trace)])
    known = np.asarray(values, dtype=np.float32)
    (found,) = np.flatnonzero((np.lib.stride_tricks.sliding_window_view(whole, len(known)) == known).all(axis=1))
    return int(found)
