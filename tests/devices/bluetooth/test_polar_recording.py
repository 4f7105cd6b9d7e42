"""A Polar's session as it is recorded: ECG, acceleration with its unit, and the battery, read back by pyxdf."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
import pyxdf

from devices.bluetooth.polar import PolarDriver
from devices.bluetooth.polar_frames import POLAR_RATE_HZ
from devices.simulate.player import Player
from devices.simulate.polar import SimulatedPolar
from ecg_live.events import AuxiliarySamples, Chunk
from ecg_live.recorded.verify import verify
from tests.support.driver_streaming import Streamed, stream
from tests.support.hand_timed_loop import HandTime
from tests.support.xdf_recordings import record

COUNT = Player(np.arange(8000) / 1000, POLAR_RATE_HZ)


def test_acceleration_and_battery_are_in_the_file(tmp_path: Path) -> None:
    time = HandTime()
    driver = PolarDriver("H10 1234", time, 100)
    strap = SimulatedPolar(COUNT, "Polar H10 12345678", acceleration=lambda index, _: (index, -index, 1000))

    async def script(got: Streamed) -> None:
        await asyncio.sleep(4)
        got.lose()
        await asyncio.sleep(3)
        got.back()
        await asyncio.sleep(4)

    got = stream(driver, strap, time, script)
    path = tmp_path / "polar.xdf"
    record(path, got.items, driver.info)
    streams = {found["info"]["name"][0]: found for found in pyxdf.load_xdf(str(path), dejitter_timestamps=False)[0]}

    acceleration = streams["Polar H10 1234 acceleration"]
    assert acceleration["info"]["type"] == ["Accelerometer"]
    (channels,) = acceleration["info"]["desc"][0]["channels"]
    assert [(channel["label"], channel["unit"]) for channel in channels["channel"]] == [
        (["X"], ["mg"]),
        (["Y"], ["mg"]),
        (["Z"], ["mg"]),
    ]
    sent = [each for each in got.items if isinstance(each, AuxiliarySamples)]
    assert np.array_equal(acceleration["time_series"], np.concatenate([np.asarray(each.values) for each in sent]))
    assert acceleration["time_stamps"] == pytest.approx(np.concatenate([each.times for each in sent]), abs=1e-6)
    hole = int(np.argmax(np.diff(acceleration["time_series"][:, 0])))
    lost = acceleration["time_series"][hole + 1, 0] - acceleration["time_series"][hole, 0]
    assert np.diff(acceleration["time_stamps"])[hole] == pytest.approx(lost / 100, abs=0.05)

    ecg = streams[driver.info.name]
    assert len(ecg["time_series"]) == sum(len(each.samples) for each in got.items if isinstance(each, Chunk))
    events = [
        json.loads(row[0]) for name, found in streams.items() if "event" in name.lower() for row in found["time_series"]
    ]
    assert [event["level"] for event in events if event["type"] == "battery"] == [0.88, 0.88]
    assert verify(path).sound
