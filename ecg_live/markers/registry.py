"""Registry of the running sessions' marker endpoints, for ``ecg-live mark``."""

from __future__ import annotations

import json
import os
import secrets
import socket
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from platformdirs import user_runtime_path

from ecg_live.errors import ConfigError

LOOPBACK = "127.0.0.1"
CONNECT_TIMEOUT_S = 2.0  # on this machine
MAX_SOCKET_PATH_BYTES = 103  # sun_path holds 104 on macOS, 108 on Linux, with the NUL
UNIX_FAMILY: int | None = getattr(socket, "AF_UNIX", None)


@dataclass(frozen=True, slots=True)
class MarkerEndpoint:
    """A session, and its socket's path or its port and token."""

    pid: int
    source: str
    session: str | None = None
    path: str | None = None
    port: int | None = None
    token: str | None = None

    def connect(self) -> socket.socket:
        """Connect.

        Raises
        ------
        OSError
            The session does not answer.
        """
        if self.path is None or UNIX_FAMILY is None:
            return socket.create_connection((LOOPBACK, self.port or 0), CONNECT_TIMEOUT_S)
        line = socket.socket(UNIX_FAMILY)
        line.settimeout(CONNECT_TIMEOUT_S)
        try:
            line.connect(self.path)
        except OSError:
            line.close()
            raise
        return line

    def __str__(self) -> str:
        """Process, source, and name if it has one, for messages."""
        if not self.pid:  # a port without an announcement
            return self.source
        return f"{self.pid} ({self.source}{f', session {self.session}' if self.session else ''})"


def socket_folder() -> Path:
    """The user's own folder for sockets, made if need be.

    Raises
    ------
    OSError
        It cannot be made, or others could reach into it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its fallback, a folder of the same user
        place = Path(user_runtime_path("ecg-live"))
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid"):
        found = place.lstat()
        if found.st_uid != os.getuid() or not place.is_dir() or place.is_symlink():
            raise PermissionError(f"{place} belongs to another user")
        place.chmod(0o700)
    return place


def listen_at(path: Path) -> socket.socket:
    """Open a socket for this user.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    assert UNIX_FAMILY is not None  # noqa: S101 - asked before
    line = socket.socket(UNIX_FAMILY)
    try:
        line.bind(os.fspath(path))  # in a folder that only this user can enter
        path.chmod(0o600)
        line.listen()
    except OSError:
        line.close()
        raise
    return line


def listen_on(port: int, option: str = "--mark-port") -> socket.socket:
    """Open a TCP port on loopback, any free one for 0; ``option`` is what asked for it.

    Raises
    ------
    ConfigError
        It is taken, or may not be used.
    """
    line = socket.socket()
    try:
        if os.name == "posix":  # elsewhere it would let two programs share a port
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind((LOOPBACK, port))
        line.listen()
    except OSError as error:
        line.close()
        raise ConfigError(f"port {port} cannot be opened ({error.strerror})", f"choose another {option}") from error
    return line


def register_endpoint(endpoint: MarkerEndpoint, place: Path) -> Path:
    """Write a session's endpoint to a file that only its user may read."""
    path = place / f"{endpoint.pid}-{secrets.token_hex(4)}.json"
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(endpoint), file)
    return part.replace(path)


def running_sessions() -> list[MarkerEndpoint]:
    """All sessions of this user that answer; files of killed sessions are removed."""
    try:
        return sorted(_answering(socket_folder()), key=lambda endpoint: endpoint.pid)
    except OSError:
        return []


def _answering(place: Path) -> Iterator[MarkerEndpoint]:
    for path in place.glob("*.json"):
        try:
            endpoint = MarkerEndpoint(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            continue  # the session has just ended, or is of another version
        try:
            endpoint.connect().close()
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            if endpoint.path:
                Path(endpoint.path).unlink(missing_ok=True)
        except OSError:  # busy, perhaps
            yield endpoint
        else:
            yield endpoint


def matching_sessions(pid: int | None = None, session: str | None = None) -> list[MarkerEndpoint]:
    """Sessions that answer, of that process or name."""
    return [
        endpoint
        for endpoint in running_sessions()
        if (pid is None or endpoint.pid == pid) and (session is None or endpoint.session == session)
    ]


def endpoint_at_port(port: int, token: str | None) -> MarkerEndpoint:
    """A session's TCP port; its token is looked up unless given."""
    known = [endpoint for endpoint in running_sessions() if endpoint.port == port]
    endpoint = replace(known[0], path=None) if known else MarkerEndpoint(0, f"port {port}", port=port)
    return replace(endpoint, token=token or endpoint.token)
