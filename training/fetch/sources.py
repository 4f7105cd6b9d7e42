"""Where public data sets lie, under what licence, and how large they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DownloadSource:
    """A data set that its authors let anyone download.

    Parameters
    ----------
    title, licence : str
        What it is, and on what terms it is given.
    url : str
        Address of a zip file; or of a folder (ends with ``/``) with a file ``RECORDS`` that lists its recordings.
    size : int
        Bytes to download, about.
    unpacked : int
        Bytes on disk that a zip file may grow to at most; 0 for a folder.
    inside : str
        Folder in the zip file that holds the recordings; empty for a folder.
    sums : bool
        A file ``SHA256SUMS.txt`` lies beside it.
    option : str
        How ``ecg-live train`` takes it.
    mirror : str
        Another address, of which we are not sure.
    """

    title: str
    licence: str
    url: str
    size: int
    unpacked: int = 0
    inside: str = ""
    sums: bool = True
    option: str = "--data"
    mirror: str = ""

    @property
    def most(self) -> int:
        """Bytes to download at most, as ``size`` is about right."""
        return 2 * self.size


MB, GB = 10**6, 10**9
ODC_BY = "Open Data Commons Attribution License 1.0; cite its authors and PhysioNet (Goldberger et al. 2000)"
DOWNLOAD_SOURCES: Mapping[str, DownloadSource] = {
    "wesad": DownloadSource(
        title="WESAD, Wearable Stress and Affect Detection (Schmidt et al. 2018), 15 people",
        licence="for scientific, non-commercial use only; cite Schmidt et al. 2018",
        url="https://uni-siegen.sciebo.de/s/HGdUkoNlW1Ub0Gx/download",
        size=2_300 * MB,
        unpacked=32 * GB,
        inside="WESAD",
        sums=False,
        mirror="https://archive.ics.uci.edu/static/public/465/wesad+wearable+stress+and+affect+detection.zip",
    ),
    "eegmat": DownloadSource(
        title="EEG During Mental Arithmetic Tasks 1.0.0 (Zyma et al. 2019), 36 people",
        licence=ODC_BY,
        url="https://physionet.org/files/eegmat/1.0.0/",
        size=180 * MB,
    ),
    "cinc2017": DownloadSource(
        title="PhysioNet/CinC Challenge 2017, training set (Clifford et al. 2017), 8,528 recordings",
        licence=ODC_BY,
        url="https://physionet.org/files/challenge-2017/1.0.0/training2017.zip",
        size=100 * MB,
        unpacked=1 * GB,
        inside="training2017",
        option="--pretrain",
    ),
}
