"""How a recording does, in words: the indicator in the header and the banner of one that failed. No Qt in here."""

from __future__ import annotations

from pathlib import PurePath

from ecg_live.presentation.formatting import clock_text, number, sentence, size_text
from ecg_live.presentation.status import Strip
from ecg_live.results import RecordingStatus, Snapshot

LATE = 1.0  # s: a recorder writes twice a second; what waits longer waits for the disk
CANNOT = "this session was started without a place to record to"


def running(snapshot: Snapshot | None) -> bool:
    """Whether a recording is being written."""
    return snapshot is not None and snapshot.recording is not None and snapshot.recording.failed is None


def unsaved(snapshot: Snapshot | None) -> str:
    """What to say of a marker while nothing is recorded."""
    return "" if running(snapshot) else "not saved: nothing is recorded"


def indicator(snapshot: Snapshot, failed: str, *, able: bool, silent: float = 0.0) -> Strip:
    """Say what is recorded, or as plainly that nothing is. ``failed`` is why the last one stopped by itself, or empty.

    ``able``: one can be begun. A device that has been ``silent`` (s) does not stop the clock.
    """
    status = snapshot.recording
    if status is not None and status.failed is None:
        return _running(status, silent)
    if status is not None or failed:
        return Strip("fault", "RECORDING FAILED", "")
    return Strip("neutral", "NOT RECORDING", "R records" if able and not snapshot.ended else "")


def _running(status: RecordingStatus, silent: float) -> Strip:
    parts = [clock_text(status.seconds + silent if status.seconds else 0.0), size_text(status.size)]
    if status.free is not None:
        parts.append(f"{size_text(status.free)} free")
    parts.append(PurePath(status.path).name)
    late = status.late > LATE
    if late:
        parts.insert(0, f"writing is {number(status.late, 1)} s late")
    return Strip("warn" if late else "rec", "\N{BLACK CIRCLE} REC", "  ·  ".join(parts))


def banner(snapshot: Snapshot, failed: str, *, able: bool) -> Strip | None:
    """Say why a recording failed and what to do, until the next one begins."""
    status = snapshot.recording
    reason = failed or (status.failed if status is not None and status.failed is not None else "")
    if not reason or running(snapshot):
        return None
    begin = " Mend the cause, then R begins a new file." if able and not snapshot.ended else ""
    kept = " What was written before is in the file." if status is not None else ""
    return Strip("fault", "RECORDING FAILED", f"{sentence(reason).rstrip('.')}.{kept}{begin}")
