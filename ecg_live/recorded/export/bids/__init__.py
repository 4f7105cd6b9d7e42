"""Write a recording into a BIDS data set. Layout: Brain Imaging Data Structure 1.11, "Physiological recordings"."""

from __future__ import annotations

from ecg_live.recorded.export.bids.dataset import BIDS_VERSION, check_dataset
from ecg_live.recorded.export.bids.labels import BidsNames
from ecg_live.recorded.export.bids.write import BidsExport, write_bids

__all__ = ["BIDS_VERSION", "BidsExport", "BidsNames", "check_dataset", "write_bids"]
