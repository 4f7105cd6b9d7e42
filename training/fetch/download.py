"""One file over HTTP, into a partial file that goes on where it stopped."""

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

READ_TIMEOUT_S = 60.0  # s without a byte, after which a connection counts as lost
READ_BLOCK_BYTES = 1 << 18  # bytes from one report to the next
MAX_LIST_BYTES = 1 << 22  # bytes of a list of files
RESUME_REMEDY = "check the connection, then run the same command again: it goes on from here"
DownloadProgress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes that are there and the bytes that there will be, None if nobody says."""


class _ConnectionLostError(Exception):
    """The connection was lost half-way."""


class ResumingDownloader:
    """A downloader for pooch: fills ``part``, which stays if the connection does not."""

    def __init__(self, part: Path, report: DownloadProgress, most: int) -> None:
        self._part, self._report, self._most = part, report, most

    def __call__(self, url: str, output_file: str | IO[bytes], pooch: Any) -> None:  # noqa: ARG002 - pooch's call
        """Download to the partial file, then move it to where pooch checks its hash."""
        download(url, self._part, self._report, self._most)
        self._part.replace(str(output_file))


def download(url: str, part: Path, report: DownloadProgress, most: int) -> None:
    """Fetch what is missing of a file; a lost connection is taken up again as long as each one brings something.

    Parameters
    ----------
    url : str
        Where it is.
    part : Path
        Where it comes to lie.
    report : callable
        Told how far it is.
    most : int
        Bytes that it may have; one that states more, or sends more, is not taken.

    Raises
    ------
    DatasetError
        If the server does not have the file, no more comes, it is too large, or the disk does not take it.
    """
    while True:
        had = _size(part)
        try:
            if _attempt(url, part, report, most):
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
        If the server does not answer.
    """
    try:
        with _open(url) as answer:
            return answer.read(MAX_LIST_BYTES).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.NOT_FOUND:
            return None
        raise DatasetError(f"{url}: the server answers {error.code} {error.reason}", "check it") from error
    except (OSError, http.client.HTTPException) as error:
        raise DatasetError(f"{url}: {_reason(error)}", RESUME_REMEDY) from error


def _attempt(url: str, part: Path, report: DownloadProgress, most: int) -> bool:
    """Read one answer to its end; true if the file is whole then."""
    had = _size(part)
    with _open(url, {"Range": f"bytes={had}-"} if had else {}) as answer:
        begun = _first_byte(answer.headers) if answer.status == http.HTTPStatus.PARTIAL_CONTENT else 0
        if begun not in {0, had}:
            raise DatasetError(f"{url}: the server sends byte {begun}, {had} was asked for", f"delete {part}")
        length = answer.headers.get("Content-Length", "")
        total = begun + int(length) if length.isdecimal() else None
        _check(url, part, total or begun, most)

        def note(so_far: int) -> None:
            _check(url, part, so_far, most)
            report(part.stem, so_far, total)

        there = _save(answer, part, begun, note)
    return total is None or there >= total


def _check(url: str, part: Path, size: int, most: int) -> None:
    if size > most:
        part.unlink(missing_ok=True)
        raise DatasetError(
            f"{url}: the file has {size} bytes or more; {most} is the most expected", "check the address"
        )


def _save(answer: http.client.HTTPResponse, part: Path, begun: int, report: Callable[[int], None]) -> int:
    """Write what comes; give the size that the file has then."""
    with _writing(part), part.open("ab" if begun else "wb") as file:
        while block := _read(answer):
            begun += file.write(block)
            report(begun)
    return begun


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(READ_BLOCK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _ConnectionLostError(_reason(error)) from error


@contextlib.contextmanager
def _writing(part: Path) -> Iterator[None]:
    """Keep a full disk from being taken for a lost connection."""
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
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=READ_TIMEOUT_S)  # noqa: S310 - checked
    return answer


def _reason(error: Exception) -> str:
    """What went wrong with a connection, in words."""
    inner = getattr(error, "reason", error)  # urllib wraps the system's errors
    return getattr(inner, "strerror", None) or str(inner) or type(error).__name__


def _first_byte(headers: Message) -> int:
    """First byte of a partial answer: ``bytes 100-199/200``; -1 if it does not say."""
    first = headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(first) if first.isdecimal() else -1


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
