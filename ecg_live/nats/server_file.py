"""File in the user's runtime folder that names the NATS server of this machine, its token and its owner."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ecg_live.atomic_write import write_whole
from ecg_live.participant_profile import data_folder

_ANSWER_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that ``ecg-live serve`` started: address and token, process, and the process that ends it."""

    url: str
    token: str
    pid: int
    owner: int

    def answers(self) -> bool:
        """Whether its port takes connections."""
        parts = urlsplit(self.url)
        try:
            socket.create_connection((parts.hostname or "", parts.port or 0), _ANSWER_TIMEOUT_S).close()
        except OSError:
            return False
        return True


def server_folder() -> Path:
    """Folder of the server's file store and settings, and of the spools."""
    return data_folder() / "nats"


def _path() -> Path:
    return server_folder() / "server.json"


def save_server(server: RunningServer) -> None:
    """Write the file, for its user only. Raises `OSError`."""
    write_whole(_path(), json.dumps(asdict(server)).encode(), private=True)


def known_server() -> RunningServer | None:
    """The server that was last started here, be it running or not."""
    try:
        return RunningServer(**json.loads(_path().read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def running_server() -> RunningServer | None:
    """The server of this machine, if it answers."""
    known = known_server()
    return known if known is not None and known.answers() else None


def forget_server(server: RunningServer) -> None:
    """Remove the file, if it still names this server."""
    if known_server() == server:
        _path().unlink(missing_ok=True)


def process_lives(pid: int) -> bool:
    """Whether a process of this machine runs; True where the system does not say."""
    if os.name != "posix":  # os.kill would end it there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
