"""Synchrony of recordings: as the live one, on one clock or by their dates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_live.errors import FormatError
from ecg_live.events import Chunk
from ecg_live.recorded.joined.join import WearerRecording
from ecg_live.recorded.synchrony import recorded_synchrony
from ecg_live.results import HeadInfo, HeadResult, Prediction, Synchrony
from ecg_live.sinks.stream_layout import stream_specs
from ecg_live.sinks.xdf_recorder import XdfRecorder
from ecg_live.wearers.synchrony import SynchronyTracker
from tests.support.xdf_recordings import BEGAN, HEADS, INFO, TEXTS, prediction, record


def windows(wearer: int, seconds: int = 130) -> list[Prediction]:
    """Predictions each second; wearer 1 goes along with wearer 0, and both abstain now and then."""
    found = []
    for second in range(seconds):
        load = 0.5 + 0.3 * np.sin(second / (8 + wearer))
        head = HeadResult({"rest": 1 - load, "load": load}, "load", None)
        if second % 50 == 20 + wearer:
            head = HeadResult(None, None, "poor")
        rate = 70 + 5 * np.sin((second + 0.3 * wearer) / 9)
        start = second + 0.3 * wearer
        item = replace(prediction(start), heart_rate=float(rate), heads={"load": head}, time=BEGAN + start)
        found.append(item)
    return found


def recording(
    path: Path, items: list[Prediction], clock: float = BEGAN, heads: tuple[HeadInfo, ...] = HEADS
) -> WearerRecording:
    """Record predictions in a session whose clock begins at ``clock``."""
    sink = XdfRecorder(path, stream_specs(INFO, heads), INFO, heads, TEXTS, lambda: clock)
    sink.write(Chunk(np.zeros((256, 1)), 0, clock))
    for item in items:
        sink.write(replace(item, time=item.time + (clock - BEGAN)))
    sink.close()
    return WearerRecording(path.stem, path)


def test_it_is_that_of_the_session(tmp_path: Path) -> None:
    live: list[Synchrony] = []
    tracker = SynchronyTracker(("a", "b"), HEADS, 60, on_report=live.extend)
    for pair in zip(windows(0), windows(1), strict=True):
        for wearer, item in enumerate(pair):
            tracker.add(wearer, item)
    for wearer in range(2):
        tracker.end(wearer)
    found = recorded_synchrony([recording(tmp_path / f"{name}.xdf", windows(n)) for n, name in enumerate("ab")], 60)
    assert found.measures == ("heart rate", "load: load")
    assert list(found.values) == live
    assert len(live) > 10
    assert found.remarks == ()


def test_other_runs_lie_side_by_side_by_their_dates(tmp_path: Path) -> None:
    """The other computer's clock is 5,000 s ahead; both recordings began at one time, as far as their dates know."""
    one, other = recording(tmp_path / "a.xdf", windows(0)), recording(tmp_path / "b.xdf", windows(1), BEGAN + 5000)
    found = recorded_synchrony([one, other], 60)
    assert "side by side by their dates" in found.remarks[0]
    rates = [value.r for value in found.values if value.measure == "heart rate"]
    assert len(rates) > 5
    assert min(rates) > 0.8  # dates are good to a second


def test_other_models_have_the_heart_rate_in_common(tmp_path: Path) -> None:
    one, stress = recording(tmp_path / "a.xdf", windows(0)), (replace(HEADS[0], name="stress"),)
    items = [replace(item, heads={"stress": item.heads["load"]}) for item in windows(1)]
    found = recorded_synchrony([one, recording(tmp_path / "b.xdf", items, heads=stress)], 60)
    assert {value.measure for value in found.values} == {"heart rate"}
    assert "different models" in found.remarks[0]


def test_a_file_without_predictions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.xdf").write_bytes(b"XDF:")
    one = recording(tmp_path / "a.xdf", windows(0))
    with pytest.raises(FormatError, match=r"x\.xdf was not recorded by ecg-live"):
        recorded_synchrony([one, WearerRecording("x", tmp_path / "x.xdf")])


def test_one_alone_has_none(tmp_path: Path) -> None:
    record(tmp_path / "a.xdf", [prediction()], INFO, texts=TEXTS)
    assert recorded_synchrony([WearerRecording("a", tmp_path / "a.xdf")]).values == ()


def test_years_between_two_recordings_are_not_walked_through(tmp_path: Path) -> None:
    day = 86400.0
    together = [recording(tmp_path / f"{name}.xdf", windows(n)) for n, name in enumerate("ab")]
    later = [replace(item, time=item.time + 10_000 * day) for item in windows(0)]
    found = recorded_synchrony([recording(tmp_path / "c.xdf", later), *together], 60)
    assert {value.wearers for value in found.values} == {("a", "b")}
    assert found.values == recorded_synchrony(together, 60).values
    alone = recorded_synchrony([recording(tmp_path / "d.xdf", later), together[0]], 60)
    assert (alone.values, alone.measures) == ((), ("heart rate", "load: load"))
