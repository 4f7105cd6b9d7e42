"""What is kept of a participant: nothing lost, nothing mixed up, nothing believed that is damaged."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given

from ecg_live.errors import ConfigError, FormatError, RecordingError
from ecg_live.participant_profile import KnownBaseline, KnownLevel, KnownRecording, KnownScale, Profile, data_folder
from tests.support.participant_files import NAMES

DAY = "2026-11-24T10:00:00+00:00"
SCALE = KnownScale("shimmer LL-RA 512 Hz", 0.1 + 0.2, 1 / 3, 417, DAY)


def baseline(encoder: str = "e1", date: str = DAY) -> KnownBaseline:
    rng = np.random.default_rng(0)
    hrv = rng.normal(size=(3, 3))
    hrv[1] = np.nan
    return KnownBaseline(encoder, rng.normal(size=(3, 128)), hrv, date)


def test_numbers_come_back_to_the_bit_and_what_is_unknown_is_none(tmp_path: Path) -> None:
    profile, kept = Profile("P01", tmp_path), baseline()
    profile.save(SCALE)
    profile.save(kept)
    again = Profile("P01", tmp_path)
    assert again.scale(SCALE.device) == SCALE
    found = again.baseline("e1")
    assert found is not None
    np.testing.assert_array_equal(found.embeddings, kept.embeddings)
    np.testing.assert_array_equal(found.hrv, kept.hrv)
    assert again.scale("polar ECG 130 Hz") is None
    assert again.baseline("e2") is None
    assert Profile("P02", tmp_path).scale(SCALE.device) is None


def test_a_level_comes_back_to_the_bit_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    profile = Profile("P01", tmp_path)
    rng = np.random.default_rng(0)
    path = profile.save(KnownLevel("e1", rng.normal(size=131), np.full(131, 7.0), DAY))
    found = Profile("P01", tmp_path).level("e1")
    assert found is not None
    assert found.total.tobytes() == np.random.default_rng(0).normal(size=131).tobytes()
    assert [each.encoder for each in profile.levels()] == ["e1"]
    assert profile.level("e2") is None
    path.write_text(path.read_text().replace('"count": [7.0', '"count": [-7.0'))
    with pytest.raises(FormatError, match="lacks or garbles sums of"):
        profile.level("e1")


def test_the_newest_baseline_comes_first_by_the_clock_not_by_the_text(tmp_path: Path) -> None:
    profile = Profile("P01", tmp_path)
    profile.save(baseline("late", "2026-11-24T09:30:00-02:00"))
    profile.save(baseline("early", "2026-11-24T10:00:00+00:00"))
    assert [each.encoder for each in profile.baselines()] == ["late", "early"]


def test_sessions_that_end_together_lose_nothing_of_each_other(tmp_path: Path) -> None:
    devices = [f"device {k}" for k in range(40)]

    def session(device: str) -> None:
        Profile("P01", tmp_path).save(KnownScale(device, float(device[7:]), 1.0, 60, DAY))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(session, devices))
    profile = Profile("P01", tmp_path)
    assert [getattr(profile.scale(device), "mean", None) for device in devices] == list(range(40))
    assert not [path for path in profile.files() if path.suffix == ".part"]


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "7", '"x"', "\x00", "[" * 100_000, "{}", '{"schema": 2}', '{"schema": 1}',
        '{"schema": 1, "participant": "P02", "device": "d", "mean": 0, "var": 1, "blocks": 60, "date": "2026-11-24"}',
        '{"schema": 1, "participant": "P01", "device": "d", "mean": NaN, "var": 1, "blocks": 60, "date": "2026-11-24"}',
        '{"schema": 1, "participant": "P01", "device": "d", "mean": 0, "var": -1, "blocks": 60, "date": "2026-11-24"}',
        '{"schema": 1, "participant": "P01", "device": "d", "mean": 0, "var": 1, "blocks": 0, "date": "2026-11-24"}',
        '{"schema": 1, "participant": "P01", "device": "d", "mean": 0, "var": 1, "blocks": 60, "date": "yesterday"}',
        '{"schema": 1, "participant": "P01", "encoder": "e", "embeddings": [[1], [1, 2]], "hrv": [[1], [1]]}',
    ],
)  # fmt: skip
def test_a_damaged_entry_is_one_line_that_names_the_file_and_what_to_do(tmp_path: Path, text: str) -> None:
    profile = Profile("P01", tmp_path)
    files = [profile.save(SCALE), profile.save(baseline())]
    reads: list[Callable[[], object]] = [lambda: profile.scale(SCALE.device), profile.baselines]
    for path, read in zip(files, reads, strict=True):
        path.write_text(text)
        with pytest.raises(FormatError) as caught:
            read()
        assert path.name in caught.value.message
        assert "\n" not in str(caught.value)
        assert "remove" in caught.value.remedy
    profile.save(SCALE)  # a new session mends it
    assert profile.scale(SCALE.device) == SCALE


def test_a_cut_entry_is_damaged_wherever_it_is_cut(tmp_path: Path) -> None:
    profile = Profile("P01", tmp_path)
    path = profile.save(SCALE)
    whole = path.read_text()
    assert json.loads(whole)["schema"] == 1
    for end in range(len(whole.rstrip())):
        path.write_text(whole[:end])
        with pytest.raises(FormatError):
            profile.scale(SCALE.device)


def test_recordings_are_remembered_once_each_and_a_damaged_entry_hides_no_other(tmp_path: Path) -> None:
    profile, paths = Profile("P01", tmp_path), ["/a/b.xdf", "/a/\udcff.xdf", "/a/\udcfe.xdf"]
    saved = [profile.save(KnownRecording(path, DAY)) for path in [*paths, paths[0]]]
    profile.save(SCALE)
    assert len(set(saved)) == 3
    assert sorted(map(str, profile.recordings())) == sorted(paths)
    saved[0].write_text("{}")
    assert sorted(map(str, profile.recordings())) == sorted(paths[1:])
    assert Profile("P02", tmp_path).recordings() == []


@given(NAMES, NAMES)
@example("..", ".")
@example("a/b", "a%2Fb")
def test_any_name_stays_in_the_folder_and_no_two_share_one(one: str, other: str) -> None:
    folders = [Profile(name, Path("/data")).folder for name in (one, other)]
    for folder in folders:
        assert folder.parent == Path("/data/profiles")
        assert folder.name not in {"", ".", ".."}
        assert "/" not in folder.name
    assert (one == other) == (folders[0] == folders[1])


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[2J", "x" * 201, "\u00e9" * 100, " P01", "P01 "])
def test_no_one_is_called_that(name: str) -> None:
    with pytest.raises(ConfigError, match="not a valid participant"):
        Profile(name, Path("/data"))


def test_where_the_data_lie(tmp_path: Path) -> None:
    assert data_folder({"ECG_LIVE_DATA": str(tmp_path)}) == tmp_path
    assert data_folder({}).name == "ecg-live"


def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text("a file")
    with pytest.raises(RecordingError, match="cannot be kept"):
        Profile("P01", tmp_path).save(SCALE)


def test_an_entry_of_another_is_not_written_over(tmp_path: Path) -> None:
    mine, theirs = Profile("P1", tmp_path), Profile("p1", tmp_path)
    theirs.folder = mine.folder  # as on macOS and Windows
    mine.save(SCALE)
    with pytest.raises(FormatError, match="belongs to 'P1', not 'p1'") as refused:
        theirs.save(KnownScale(SCALE.device, 5.0, 5.0, 60, DAY))
    assert "name one of them otherwise" in str(refused.value)
    assert mine.scale(SCALE.device) == SCALE
    with pytest.raises(FormatError, match="name one of them otherwise"):
        theirs.scale(SCALE.device)


@pytest.mark.skipif(os.name != "posix", reason="no modes")
def test_a_profile_is_its_users_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        for entry in (SCALE, baseline(), KnownRecording("/tmp/a.xdf", DAY)):  # noqa: S108 - a name only
            Profile("P01", tmp_path / "data").save(entry)
    finally:
        os.umask(before)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {True: 0o700, False: 0o600}
