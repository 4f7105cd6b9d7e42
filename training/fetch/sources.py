"""Addresses, licences and sizes of public data sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DownloadSource:
    """A data set that can be downloaded without an agreement.

    Parameters
    ----------
    title, licence : str
        Its name, and the terms of use.
    url : str
        Address of a zip file; or of a folder (ends with ``/``) with a file ``RECORDS`` that lists its recordings.
    size : int
        Bytes to download, about.
    unpacked : int
        Bytes on disk that a zip file may grow to at most; 0 for a folder.
    top_folder : str
        Folder in the zip file that holds the recordings; empty for a folder.
    has_checksums : bool
        There is a file ``SHA256SUMS.txt`` beside it.
    option : str
        The option of ``ecg-live train`` that takes it.
    mirror : str
        Another address, which we have not verified.
    """

    title: str
    licence: str
    url: str
    size: int
    unpacked: int = 0
    top_folder: str = ""
    has_checksums: bool = True
    option: str = "--data"
    mirror: str = ""

    @property
    def max_bytes(self) -> int:
        """Bytes to download at most, as ``size`` is about right."""
        return 2 * self.size


MB, GB = 10**6, 10**9
ODC_BY = "Open Data Commons Attribution License 1.0; cite its authors and PhysioNet (Goldberger et al. 2000)"
DOWNLOAD_SOURCES: Mapping[str, DownloadSource] = {
    "wesad": DownloadSource(
        title="WESAD, Wearable Stress and Affect Detection (Schmidt et al. 2018), 15 subjects",
        licence="for scientific, non-commercial use only; cite Schmidt et al. 2018",
        url="https://uni-siegen.sciebo.de/s/HGdUkoNlW1Ub0Gx/download",
        size=2_300 * MB,
        unpacked=32 * GB,
        top_folder="WESAD",
        has_checksums=False,
        mirror="https://archive.ics.uci.edu/static/public/465/wesad+wearable+stress+and+affect+detection.zip",
    ),
    "eegmat": DownloadSource(
        title="EEG During Mental Arithmetic Tasks 1.0.0 (Zyma et al. 2019), 36 subjects",
        licence=ODC_BY,
        url="https://physionet.org/files/eegmat/1.0.0/",
        size=180 * MB,
    ),
    "drivedb": DownloadSource(
        title="Stress Recognition in Automobile Drivers 1.0.0 (Healey & Picard 2005), 17 drives",
        licence=ODC_BY,
        url="https://physionet.org/files/drivedb/1.0.0/",
        size=90 * MB,
    ),
    "cinc2017": DownloadSource(
        title="PhysioNet/CinC Challenge 2017, training set (Clifford et al. 2017), 8,528 recordings",
        licence=ODC_BY,
        url="https://physionet.org/files/challenge-2017/1.0.0/training2017.zip",
        size=100 * MB,
        unpacked=1 * GB,
        top_folder="training2017",
        option="--pretrain",
    ),
}
