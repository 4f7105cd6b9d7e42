"""ecg-live: from a wearer's ECG to a calibrated, quality-gated estimate of affect, live."""

__version__ = "0.2.0"
