"""Download public data sets into folders that ``ecg-live train`` reads."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pooch

from ecg_live.errors import ConfigError, DatasetError
from training.fetch.download import DownloadProgress, ResumingDownloader, read_list
from training.fetch.sources import DOWNLOAD_SOURCES, MB, DownloadSource
from training.fetch.unpack import unpack

__all__ = ["DOWNLOAD_SOURCES", "fetch"]

MAX_RECORDS = 10_000  # in a list RECORDS


def fetch(
    name: str, folder: Path, accept: Callable[[str], bool], report: DownloadProgress, url: str | None = None
) -> Path:
    """Download a data set, as far as it is not there yet; return the folder that ``ecg-live train`` reads.

    Parameters
    ----------
    name : str
        One of `DOWNLOAD_SOURCES`.
    folder : Path
        Where it is written.
    accept : callable
        Called with licence and size before anything is downloaded; false ends it.
    report : callable
        Called with a file's name, the bytes so far and the bytes in all.
    url : str, optional
        Another address of the same zip file, or folder.

    Raises
    ------
    ConfigError
        If the name is unknown, the address is no web address, or the licence is not accepted.
    DatasetError
        If it cannot be downloaded, is damaged, or the disk does not take it; partial files stay and are continued.
    """
    if name not in DOWNLOAD_SOURCES:
        raise ConfigError(f"{name!r} cannot be fetched; {', '.join(DOWNLOAD_SOURCES)} can", "choose one of them")
    source = DOWNLOAD_SOURCES[name]
    if source.top_folder and (folder / source.top_folder).is_dir():
        return folder / source.top_folder
    url = url or source.url
    if not accept(_notice(source, url, folder)):
        raise ConfigError(
            f"the licence of {name} was not accepted, so that nothing was fetched", "accept it with --yes"
        )
    pooch.get_logger().setLevel(logging.WARNING)  # its own progress lines
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{folder}: {error.strerror}", "choose another folder") from error
    try:
        return _archive(source, url, folder, report) if source.top_folder else _records(source, url, folder, report)
    except DatasetError as error:
        if source.mirror and url == source.url:
            error.remedy += f"; or try --url {source.mirror}, which we have not verified"
        raise


def _archive(source: DownloadSource, url: str, folder: Path, report: DownloadProgress) -> Path:
    name = f"{source.top_folder}.zip"
    sums = _sums(url) if source.has_checksums else {}
    _retrieve(url, sums.get(url.rsplit("/", 1)[-1]), name, folder, report, source.max_bytes)
    return unpack(folder / name, source.top_folder, folder, source.unpacked)


def _records(source: DownloadSource, url: str, folder: Path, report: DownloadProgress) -> Path:
    """All recordings that a folder's ``RECORDS`` lists, one name per line."""
    url = url if url.endswith("/") else url + "/"
    names = (read_list(urljoin(url, "RECORDS")) or "").split()
    if not names:
        raise DatasetError(f"{url} has no list RECORDS of its recordings", "check the address")
    if len(names) > MAX_RECORDS:
        raise DatasetError(
            f"{url}RECORDS lists {len(names)} recordings; {MAX_RECORDS} is the most", "check the address"
        )
    files = [file for name in names for file in _record_files(name, url)]
    sums = _sums(url)
    left = source.max_bytes
    for name in files:
        _retrieve(urljoin(url, name), sums.get(name), name, folder, report, left)
        left -= (folder / name).stat().st_size
    return folder


def _record_files(name: str, url: str) -> tuple[str, ...]:
    """An EDF file, or both files of a WFDB record, which is listed without a suffix."""
    if re.fullmatch(r"[\w-]+", name):
        return f"{name}.hea", f"{name}.dat"
    if not name.endswith(".edf") or {"/", "\\", ":"} & set(name):
        raise DatasetError(f"{url}RECORDS lists {name!r}; expected names of EDF files", "check the address")
    return (name,)


def _retrieve(url: str, sha256: str | None, name: str, folder: Path, report: DownloadProgress, max_bytes: int) -> None:
    """Download one file of at most ``max_bytes``, unless it is there with the right SHA-256."""
    try:
        pooch.retrieve(
            url, sha256, name, folder, downloader=ResumingDownloader(folder / f"{name}.part", report, max_bytes)
        )
    except ValueError as error:  # pooch has deleted what it refuses
        raise DatasetError(
            f"{url}: the download does not have the SHA-256 that the publisher states, {sha256}",
            "run the same command again; if it stays so, the file was changed",
        ) from error
    except OSError as error:
        raise DatasetError(f"{folder / name}: {error.strerror}", "make room, or choose another folder") from error


def _sums(url: str) -> dict[str, str]:
    """SHA-256 by file name, as ``SHA256SUMS.txt`` beside the address lists them, ``<hash> <name>`` per line."""
    lines = (read_list(urljoin(url, "SHA256SUMS.txt")) or "").splitlines()
    pairs = [line.split(maxsplit=1) for line in lines]
    return {pair[1].lstrip("*"): pair[0].lower() for pair in pairs if len(pair) == 2 and len(pair[0]) == 64}


def _notice(source: DownloadSource, url: str, folder: Path) -> str:
    """Licence, size and address, for the user to accept."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir())
    grows = f", up to {source.unpacked / MB:,.0f} MB unpacked" if source.unpacked else ""
    free = shutil.disk_usage(there).free / MB
    return (
        f"{source.title}\n"
        f"licence: {source.licence}\n"
        f"size: about {source.size / MB:,.0f} MB{grows}; {free:,.0f} MB free at {there}\n"
        f"from: {url}"
    )
