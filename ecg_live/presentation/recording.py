"""State of the recording as text: the indicator in the header, and the banner after a failure. Independent of Qt."""

from __future__ import annotations

from pathlib import PurePath

from ecg_live.presentation.formatting import capitalise, clock_text, number_text, size_text
from ecg_live.presentation.status import StatusLine
from ecg_live.results import RecordingStatus, Snapshot

MAX_WRITE_DELAY_S = 1.0  # a recorder writes twice a second: a longer delay comes from the disk
NO_RECORDING_REASON = "this session was started without a place to record to"


def is_recording(snapshot: Snapshot | None) -> bool:
    """Whether a recording is being written."""
    return snapshot is not None and snapshot.recording is not None and snapshot.recording.failed is None


def unsaved_text(snapshot: Snapshot | None) -> str:
    """Return the remark about a marker while nothing is recorded; empty during a recording."""
    return "" if is_recording(snapshot) else "not saved: nothing is recorded"


def recording_indicator(
    snapshot: Snapshot, failed: str, *, able: bool, silent: float = 0.0, brief: bool = False
) -> StatusLine:
    """Describe the recording, or state that nothing is recorded.

    Parameters
    ----------
    snapshot : Snapshot
    failed : str
        Why the last recording failed; empty if it did not.
    able : bool
        Whether a recording can be begun.
    silent : float
        How long (s) the device has been silent; the time of the recording goes on meanwhile.
    brief : bool
        Leave out what has a place of its own in the window: disk, file and key.
    """
    status = snapshot.recording
    if status is not None and status.failed is None:
        return _indicate_recording(status, silent, brief=brief)
    if status is not None or failed:
        return StatusLine("fault", "RECORDING FAILED", "")
    return StatusLine("neutral", "NOT RECORDING", "R records" if able and not snapshot.ended and not brief else "")


def _indicate_recording(status: RecordingStatus, silent: float, *, brief: bool) -> StatusLine:
    parts = [clock_text(status.seconds + silent if status.seconds else 0.0), size_text(status.size)]
    if status.free is not None and not brief:
        parts.append(f"{size_text(status.free)} free")
    if not brief:
        parts.append(PurePath(status.path).name)
    late = status.late > MAX_WRITE_DELAY_S
    if late:
        parts.insert(0, f"writing is {number_text(status.late, 1)} s late")
    return StatusLine("warn" if late else "rec", "\N{BLACK CIRCLE} REC", "  ·  ".join(parts))


def recording_failure(snapshot: Snapshot, failed: str, *, able: bool) -> StatusLine | None:
    """Explain why a recording failed and what to do; None if none failed since the last one began."""
    status = snapshot.recording
    reason = failed or (status.failed if status is not None and status.failed is not None else "")
    if not reason or is_recording(snapshot):
        return None
    begin = " Mend the cause, then R begins a new file." if able and not snapshot.ended else ""
    kept = " What was written before is in the file." if status is not None else ""
    return StatusLine("fault", "RECORDING FAILED", f"{capitalise(reason).rstrip('.')}.{kept}{begin}")
