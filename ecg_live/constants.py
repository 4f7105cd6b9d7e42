"""Numbers and words of the design that several rooms share."""

from __future__ import annotations

from typing import Literal

Split = Literal["raw", "middle", "median"]  # how a rating becomes classes

MODEL_RATE_HZ = 256  # Hz, the model's rate (Sarkar & Etemad 2020, section 4.1)
BLOCK_SAMPLES = 256  # samples: one second, the unit of the z-score and of signal quality
WINDOW_SAMPLES = 2560  # samples: the model's window of 10 s (ibid.)
EMBEDDING_SIZE = 128  # features that the encoder gives of a window (ibid., section 4.2)
MAX_BRIDGED_GAP_S = 0.040  # shorter than a QRS complex, so that a bridge hides no beat
MIN_RR_INTERVALS = 3  # that a heart rate and its variability rest on
PART_GAP_S = 60.0  # between two parts or trials of one session; how long it really was is not in the files
NO_ECG = "no ECG on this device"  # why a head abstains
