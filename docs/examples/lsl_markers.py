"""Send markers to ecg-live as an LSL stream. Needs pylsl only.

1. Start this program:   python lsl_markers.py
2. Start the session:    ecg-live run SOURCE --record session.xdf --markers Stimuli

The program waits until the session follows its stream, and then sends one marker for each phase.
"""

import time
from collections.abc import Callable, Iterable

import pylsl

PHASES = (("rest", 60.0), ("task", 120.0), ("rest", 60.0))  # name, duration in s


def open_stream(name: str = "Stimuli") -> pylsl.StreamOutlet:
    """Offer a marker stream: irregular rate (0), one channel of text, type Markers."""
    # A constant source id lets a receiver find the stream again after a restart of this program.
    return pylsl.StreamOutlet(pylsl.StreamInfo(name, "Markers", 1, 0.0, pylsl.cf_string, f"{name}-1"))


def send_phases(
    stream: pylsl.StreamOutlet,
    phases: Iterable[tuple[str, float]] = PHASES,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Send a marker at the start of each phase, and one at the end of the last."""
    for name, duration in phases:
        stream.push_sample([f"{name} begins"], pylsl.local_clock())  # the time of the event, not of the arrival
        wait(duration)
    stream.push_sample(["end"], pylsl.local_clock())


if __name__ == "__main__":
    outlet = open_stream()
    print("waiting for ecg-live run ... --markers Stimuli")
    while not outlet.wait_for_consumers(1.0):
        pass
    send_phases(outlet)
