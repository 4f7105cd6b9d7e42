"""Files of participants, for the tests that look for them and remove them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from ecg_live.events import StreamInfo
from ecg_live.participant_profile import KnownRecording, KnownScale, Profile
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_parts import ONE_FILE, RollLimits
from ecg_live.sinks.xdf_recorder import XdfRecorder
from tests.support.scripted_source import HandClock
from tests.support.xdf_recordings import HEADS, INFO, counted

DAY = "2026-11-24T10:00:00+00:00"
SCALE = KnownScale("shimmer LL-RA 512 Hz", 0.1, 0.3, 417, DAY)
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=15)


def begun(
    path: Path, participant: str | None, roll: RollLimits = ONE_FILE, info: StreamInfo = INFO, source: str = ""
) -> XdfRecorder:
    """A recording of a participant that is not closed."""
    texts = {"configuration": f'{{"source": "{source}"}}'}
    if participant is not None:
        texts["participant"] = participant
    sink = XdfRecorder(path, stream_specs(info, HEADS), info, HEADS, texts, HandClock(), roll=roll, interval=0.01)
    for chunk in counted(0, 600):
        sink.write(chunk)
    return sink


def recorded(path: Path, participant: str | None, source: str = "") -> Path:
    """A closed recording of a participant."""
    begun(path, participant, source=source).close()
    return path


def profile(participant: str, data: Path, *recordings: Path) -> Profile:
    """A profile with an entry, and where recordings were begun."""
    made = Profile(participant, data)
    made.save(SCALE)
    for path in recordings:
        made.save(KnownRecording(str(path), DAY))
    return made
