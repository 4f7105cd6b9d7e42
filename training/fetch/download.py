"""Resumable download of one file over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from ecg_live import __version__
from ecg_live.errors import ConfigError, DatasetError

READ_TIMEOUT_S = 60.0  # without a byte, after which a connection counts as lost
READ_BLOCK_BYTES = 1 << 18  # also from one progress report to the next
MAX_LIST_BYTES = 1 << 22  # of a list of files
RESUME_REMEDY = "check the connection, then run the same command again: it goes on from here"
DownloadProgress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes so far, and the bytes in all, None if the server does not state them."""


class _ConnectionLostError(Exception):
    """The connection was lost during a download."""


class ResumingDownloader:
    """A downloader for pooch: fills ``part``, which stays when the connection is lost."""

    def __init__(self, part: Path, report: DownloadProgress, max_bytes: int) -> None:
        self._part = part
        self._report = report
        self._max_bytes = max_bytes

    def __call__(self, url: str, output_file: str | IO[bytes], pooch: Any) -> None:  # noqa: ARG002 - pooch's call
        """Download to the partial file, then move it to where pooch checks its hash."""
        download(url, self._part, self._report, self._max_bytes)
        self._part.replace(str(output_file))


def download(url: str, part: Path, report: DownloadProgress, max_bytes: int) -> None:
    """Download what is missing of a file; reconnect after a lost connection as long as each attempt brings bytes.

    Parameters
    ----------
    url : str
        Address of the file.
    part : Path
        Where it is written.
    report : callable
        Called with name, bytes so far and bytes in all.
    max_bytes : int
        Its largest size; a server that states or sends more is refused.

    Raises
    ------
    DatasetError
        If the server does not have the file or sends no more of it, it is too large, or the disk is full.
    """
    while True:
        had = _size(part)
        try:
            if _attempt(url, part, report, max_bytes):
                return
            reason = "the connection was cut"
        except urllib.error.HTTPError as error:
            if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not had:
                raise DatasetError(f"{url}: the server answers {error.code} {error.reason}", "check it") from error
            if error.headers.get("Content-Range") == f"bytes */{had}":
                return
            part.unlink()
            continue
        except (_ConnectionLostError, OSError, http.client.HTTPException) as error:
            reason = _reason(error)
        if _size(part) <= had:
            raise DatasetError(f"{url}: {reason}, with {had} bytes here", RESUME_REMEDY)


def read_list(url: str) -> str | None:
    """A short text file, None if the server has none.

    Raises
    ------
    DatasetError
        If the server does not response.
    """
    try:
        with _open(url) as response:
            return response.read(MAX_LIST_BYTES).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.NOT_FOUND:
            return None
        raise DatasetError(f"{url}: the server answers {error.code} {error.reason}", "check it") from error
    except (OSError, http.client.HTTPException) as error:
        raise DatasetError(f"{url}: {_reason(error)}", RESUME_REMEDY) from error


def _attempt(url: str, part: Path, report: DownloadProgress, max_bytes: int) -> bool:
    """Read one response to its end; true if the file is complete then."""
    had = _size(part)
    with _open(url, {"Range": f"bytes={had}-"} if had else {}) as response:
        start = _first_byte(response.headers) if response.status == http.HTTPStatus.PARTIAL_CONTENT else 0
        if start not in {0, had}:
            raise DatasetError(f"{url}: the server sends byte {start}, {had} was asked for", f"delete {part}")
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        _check(url, part, total or start, max_bytes)

        def note(so_far: int) -> None:
            _check(url, part, so_far, max_bytes)
            report(part.stem, so_far, total)

        size = _save(response, part, start, note)
    return total is None or size >= total


def _check(url: str, part: Path, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        part.unlink(missing_ok=True)
        raise DatasetError(
            f"{url}: the file has {size} bytes or more; {max_bytes} is the most expected", "check the address"
        )


def _save(response: http.client.HTTPResponse, part: Path, start: int, report: Callable[[int], None]) -> int:
    """Append the response to the file; return the size of the file."""
    with _writing(part), part.open("ab" if start else "wb") as file:
        while block := _read(response):
            start += file.write(block)
            report(start)
    return start


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(READ_BLOCK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _ConnectionLostError(_reason(error)) from error


@contextlib.contextmanager
def _writing(part: Path) -> Iterator[None]:
    """Report a full disk as such, not as a lost connection."""
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"{part}: {error.strerror}", "make room, then run the same command again: it goes on from here"
        ) from error


def _open(url: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ConfigError(f"the address {url!r} is neither http nor https", "give one that is")
    request = urllib.request.Request(url, headers={"User-Agent": f"ecg-live/{__version__}"} | (headers or {}))  # noqa: S310 - checked
    response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=READ_TIMEOUT_S)  # noqa: S310 - checked
    return response


def _reason(error: Exception) -> str:
    """Reason of a failed connection, for messages."""
    inner = getattr(error, "reason", error)  # urllib wraps errors of the system
    return getattr(inner, "strerror", None) or str(inner) or type(error).__name__


def _first_byte(headers: Message) -> int:
    """Index of the first byte of a partial response: ``bytes 100-199/200``; -1 if it is not stated."""
    first = headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(first) if first.isdecimal() else -1


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
