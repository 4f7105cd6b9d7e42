r"""The lines by which other programs start and stop recordings: LabRecorder's remote control.

A program connects to the session's port on 127.0.0.1 (``--remote-port N``, LabRecorder's is 22345) and sends lines of
UTF-8, each ended by a newline; each gets one line in answer::

    TOKEN 3fq9c                               OK    the first line; the session printed the token when it started
    filename {root:/data}{template:%p_%b.xdf}{participant:P01}{task:rest}    OK    of the next recording
    start                                     OK    it records, and the file is open
    stop                                      OK    it is written to the end
    select all, update                        OK    a session records all its streams at any time
    start                                     ERR and the reason

Only the first line is ecg-live's own. See the section "Remote Control" of LabRecorder's README for the others.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ecg_live.errors import EcgLiveError
from ecg_live.event_loop import ask_thread
from ecg_live.markers.lines import read_line, send_line
from ecg_live.markers.protocol import RequestRefused, quote_input
from ecg_live.text import sanitize

LABRECORDER_PORT = 22345  # of its remote control
RECORD_TIMEOUT_S = 20.0  # for a disk that is slow to end a file
BIDS_TEMPLATE = "sub-%p/ses-%s/%m/sub-%p_ses-%s_task-%b_run-%r_%m.xdf"  # LabRecorder's, where none is given
FIELDS = {  # of `filename`: the placeholder that each fills, and what stands there without it
    "participant": ("%p", "P001"),
    "session": ("%s", "S001"),
    "task": ("%b", "Default"),
    "run": ("%r", "001"),
    "acquisition": ("%a", "Default"),
    "modality": ("%m", "physio"),
}
_FIELD = re.compile(r"\{(\w+):([^{}]*)\}")


class RecordCallback(Protocol):
    """`Session.record`."""

    def __call__(self, on: bool, path: Path | None, on_done: Callable[[EcgLiveError | None], object] | None) -> None:
        """Begin a recording, or end it."""
        ...


class RemoteControl:
    """Take the lines of any number of connections.

    Parameters
    ----------
    record : callable
        Of the session; returns at once.
    over : callable
        Whether the session has ended.
    root : Path
        Folder of recordings without a ``root`` of their own.
    """

    def __init__(self, record: RecordCallback, over: Callable[[], bool], root: Path) -> None:
        self._record = record
        self._over = over
        self._root = root
        self._next: Path | None = None  # of the next recording

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer commands until the client closes the connection.

        Raises
        ------
        RequestRefused
            The client gets the message, and the connection ends.
        OSError
            The client is gone.
        """
        while line := await read_line(reader):
            await send_line(writer, await self._answer(line.decode("utf-8", "replace").strip()))

    async def _answer(self, line: str) -> str:
        if self._over():
            return "ERR the session has ended"
        command, _, rest = line.partition(" ")
        try:
            if line in {"select all", "update"}:
                return "OK"
            if line in {"start", "stop"}:
                return await self._switch(on=line == "start")
            if command == "filename":
                self._next = recording_path(rest, self._root)
                return "OK"
        except RequestRefused as error:
            return f"ERR {error}"
        return f"ERR {quote_input(line)} is not a command; write start, stop or filename"

    async def _switch(self, *, on: bool) -> str:
        def ask(on_done: Callable[[EcgLiveError | None], None]) -> None:
            self._record(on, self._next if on else None, on_done)

        try:
            async with asyncio.timeout(RECORD_TIMEOUT_S):
                error = await ask_thread(ask)
        except TimeoutError:
            return "ERR the session is busy: it will do so later, unless it ends first"
        if error is not None:
            return f"ERR {sanitize(str(error))}"
        self._next = None if on else self._next
        return "OK"


def recording_path(fields: str, root: Path) -> Path:
    """The file that a ``filename`` command names.

    Parameters
    ----------
    fields : str
        As in ``{root:/data}{template:%p.xdf}{participant:P01}``, in any order.
    root : Path
        Where files without a ``root`` lie.

    Raises
    ------
    RequestRefused
        A field is unknown or garbled, or the template leads out of the root.
    """
    found: dict[str, str] = dict(_FIELD.findall(fields))
    if not found or _FIELD.sub("", fields).strip():
        raise RequestRefused("filename needs fields such as {template:%p_%b.xdf}{participant:P01}")
    if unknown := found.keys() - FIELDS.keys() - {"root", "template"}:
        known = ", ".join(["root", "template", *FIELDS])
        raise RequestRefused(f"filename has no field {quote_input(min(unknown))}; it has {known}")
    name = sanitize(found.get("template", BIDS_TEMPLATE)).replace("\\", "/")
    for field, (placeholder, default) in FIELDS.items():
        name = name.replace(placeholder, _part(found.get(field, default)))
    name = name.replace("%n", _part(found.get("run", "1")))  # LabRecorder's older name of the run
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts or not relative.name.strip("."):
        raise RequestRefused(f"the template {quote_input(name)} does not name a file below its root")
    if relative.suffix.casefold() != ".xdf":
        raise RequestRefused(f"the template {quote_input(name)} does not end in .xdf")
    folder = Path(sanitize(found["root"]).strip()) if found.get("root", "").strip() else root
    if not folder.is_absolute():
        raise RequestRefused(f"the root {quote_input(str(folder))} is not the whole path of a folder")
    return folder / relative


def _part(value: str) -> str:
    """A value that becomes part of a file's name: no folder of its own."""
    return re.sub(r"[/\\\0]", "_", sanitize(value).strip())
