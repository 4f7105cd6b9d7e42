"""``ecg-live mark``: note a marker in a running session from another terminal."""

from __future__ import annotations

from ecg_live.markers.client import find_session, send_marker


def mark(text: str, time: float, *, port: int | None, token: str | None, pid: int | None, session: str | None) -> int:
    """Note a marker that was meant for ``time`` on the session clock, and say where it was put.

    Raises
    ------
    ConfigError
        Several sessions could be meant, the token is wrong, or the text is no marker.
    DeviceError
        No session answers.
    """
    raw, saved = send_marker(find_session(port, token, pid, session), text, time)
    said = "noted, before the first sample" if raw is None else f"noted at {raw:.3f} s"
    print(said if saved else f"{said}; not saved: nothing is recorded")
    return 0
