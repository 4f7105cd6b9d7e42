"""Numbers of the design that several rooms share."""

from __future__ import annotations

RATE = 256  # Hz, the model's rate (Sarkar & Etemad 2020, section 4.1)
BLOCK = 256  # samples: one second, the unit of the z-score and of signal quality
WIDTH = 2560  # samples: the model's window of 10 s (ibid.)
