"""From a trial to its labels: what DREAMER and AMIGOS share."""

from __future__ import annotations

from collections.abc import Mapping

from devices.files.matlab.matlab import Trial
from training.datasets.dataset import LabelValue, Rating


def rated(trial: Trial, scales: Mapping[str, Rating], where: str, remarks: list[str]) -> dict[str, LabelValue]:
    """A trial's ratings by name, those on their scale; ``remarks`` gathers what was left out or is missing."""
    labels: dict[str, LabelValue] = {}
    for name, scale in scales.items():
        value = trial.ratings.get(name)
        if value is None:
            remarks.append(f"{where}, {trial.name}: no rating of {name}")
        elif not scale.low <= value <= scale.high:
            wanted = f"expected {scale.low:g} to {scale.high:g}"
            remarks.append(f"{where}, {trial.name}: {name} is {value:g}, {wanted}; left out")
        else:
            labels[name] = value
    return labels
