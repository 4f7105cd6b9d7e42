"""Constants of the design that several packages share."""

from __future__ import annotations

from typing import Literal

Split = Literal["raw", "middle", "median", "none"]  # how a rating becomes classes; none: it stays a number

MODEL_RATE_HZ = 256  # (Sarkar & Etemad 2020, section 4.1)
BLOCK_SAMPLES = 256  # one second, the unit of the z-score and of signal quality
WINDOW_SAMPLES = 2560  # 10 s (ibid.)
EMBEDDING_SIZE = 128  # features of a window (ibid., section 4.2)
MAX_BRIDGED_GAP_S = 0.040  # shorter than a QRS complex, so that a bridge hides no beat
MIN_RR_INTERVALS = 3  # for a heart rate and its variability
PART_GAP_S = 60.0  # between two parts or trials of one session; the files do not state the true gap
EARLIER_BASELINE = "personal baseline of"  # how the detail of a baseline of an earlier session begins
NO_ECG = "no ECG on this device"  # why a head abstains
