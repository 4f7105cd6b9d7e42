"""``ecg-live mark``: note a marker in a running session from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer


def mark(
    text: Annotated[list[str], typer.Argument(help="Text of the marker.")],
    session: Annotated[str | None, typer.Option(help="Session, by the name that run --session gave it.")] = None,
    pid: Annotated[int | None, typer.Option(help="Session, by its process id.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Session, by its --mark-port.")] = None,
    token: Annotated[
        str | None, typer.Option(help="Token that the session printed; found by itself on most machines.")
    ] = None,
) -> None:
    """Note a marker in a session that runs in another terminal.

    Example: ecg-live mark stimulus on
    """
    from ecg_live.cli import PROCESS_START_S
    from ecg_live.markers.client import find_session, send_marker

    raw, saved = send_marker(find_session(port, token, pid, session), " ".join(text), PROCESS_START_S)
    noted = "noted, before the first sample" if raw is None else f"noted at {raw:.3f} s"
    print(noted if saved else f"{noted}; not saved: nothing is recorded")
