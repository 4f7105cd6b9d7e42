"""Columns of the table of windows and of the table of files, and the rows that fill them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecg_live.results import HeadInfo, HrvResult, Prediction
from ecg_live.tables import Columns

FILE_COLUMNS: Columns = {
    "recording": "text",
    "error": "text",
    "warnings": "text",
    "seconds": "number",
    "rate": "number",
    "samples": "integer",
    "lost": "integer",
    "paused": "integer",
    "windows": "integer",
    "abstained": "integer",
    "good": "integer",
    "poor": "integer",
    "unusable": "integer",
    "heart_rate": "number",  # median of its windows, bpm
}


HRV_MEASURES = ("sdnn", "rmssd", "pnn50", "sd1", "sd2", "lf", "hf", "lf_hf")  # of the two minutes before a window's end
MAX_HRV_AGE_S = 20.0  # at a window's end; then heartbeats are missing


def window_columns(heads: Sequence[HeadInfo]) -> Columns:
    """Columns of the table of windows, for the heads of a bundle."""
    found: dict[str, Any] = {
        "recording": "text",
        "onset": "number",
        "stop": "number",
        "quality": "text",
        "reasons": "text",
        "heart_rate": "number",
        "rmssd": "number",
        **{f"hrv_{name}": "number" for name in HRV_MEASURES},
    }
    for head in heads:
        found |= {f"{head.name}.set": "text", f"{head.name}.abstain": "text"}
        if head.scale is None:
            found |= {f"{head.name}.label": "text"} | {f"{head.name}.{name}": "number" for name in head.classes}
        else:
            found |= dict.fromkeys((f"{head.name}.value", f"{head.name}.low", f"{head.name}.high"), "number")
    return found


def window_row(prediction: Prediction, variability: HrvResult | None = None) -> dict[str, Any]:
    """Row of a window, without its recording; numbers are those of a prediction's line in JSON, not rounded.

    ``variability`` is the newest result by then; one that is old is left out.
    """
    recent = variability is not None and prediction.stop - variability.raw <= MAX_HRV_AGE_S
    hrv = variability.hrv if variability is not None and recent else None
    found: dict[str, Any] = {
        "onset": prediction.start,
        "stop": prediction.stop,
        "quality": prediction.quality.grade,
        "reasons": "; ".join(prediction.quality.reasons),
        "heart_rate": prediction.heart_rate,
        "rmssd": prediction.rmssd,
        **{f"hrv_{name}": getattr(hrv, name, None) for name in HRV_MEASURES},
    }
    for name, head in prediction.heads.items():
        found |= {f"{name}.set": head.set, f"{name}.abstain": head.abstain}
        if head.scale is None:
            found[f"{name}.label"] = head.label
            found |= {f"{name}.{label}": value for label, value in (head.probs or {}).items()}
        else:
            low, high = head.interval or (None, None)
            found |= {f"{name}.value": head.value, f"{name}.low": low, f"{name}.high": high}
    return found
