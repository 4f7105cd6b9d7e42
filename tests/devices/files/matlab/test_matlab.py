"""DREAMER and AMIGOS: which column is read, where each trial lies on its person's stream, and what is left out."""

from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from devices import open_recording, open_source
from devices.files.matlab.matlab import Trial, list_trials
from devices.read_options import ReadOptions
from ecg_live.constants import PART_GAP_S
from ecg_live.errors import ConfigError, EcgLiveError, FormatError, RecordingError
from ecg_live.events import F64, PAUSE_CAUSE, Chunk, Gap, Marker
from tests.support.decoding import DecodedRecording, decode
from tests.support.files import mat_files
from tests.support.files.mat_files import beats, cells, counts, dreamer_subject, original_video, rated

FILMS, RATE = 4, 256
ALL_ONE = rated(1, 1, 1, 1, 1)
SCORES = {"ScoreValence": [1, 2, 3, 4], "ScoreArousal": [5, 4, 3, 2], "ScoreDominance": [2, 2, 5, 5]}


def pair(seconds: float, mark: float, rate: float = RATE) -> F64:
    """Two channels in counts; the second is 0.5 mV higher."""
    one = beats(seconds, rate, mark)
    return np.stack([counts(one), counts(one + 0.5)], axis=1)


@pytest.fixture(scope="module")
def dreamer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people; person p's film k lies at p + k / 10 mV and lasts 4 + k s, its baseline 0.05 mV higher, 3 s."""
    people = [
        dreamer_subject(
            [pair(4 + k, p + k / 10) for k in range(FILMS)], [pair(3, p + k / 10 + 0.05) for k in range(FILMS)], SCORES
        )
        for p in (-1, 0, 1)
    ]
    return mat_files.write_dreamer(tmp_path_factory.mktemp("dreamer") / "DREAMER.mat", people)


def level(got: DecodedRecording, trial: Trial) -> float:
    """Where the line lies in a trial, in mV; the trial must be there without a hole."""
    counter = np.array(got.counter)
    inside = (counter >= round(trial.start * got.info.rate)) & (counter < round(trial.stop * got.info.rate))
    assert inside.sum() == round((trial.stop - trial.start) * got.info.rate)
    return float(np.median(got.samples[inside]))


@pytest.mark.parametrize("person", [1, 2, 3])
@pytest.mark.parametrize(("channel", "higher"), [(None, 0.0), ("ECG 1", 0.0), ("ecg 2", 0.5), ("2", 0.5)])
def test_every_trial_of_dreamer_lies_where_the_listing_says(
    dreamer: Path, person: int, channel: str | None, higher: float
) -> None:
    got = decode(dreamer, ReadOptions(part=str(person), channel=channel))
    course = list_trials(dreamer)[person - 1]
    assert [trial.name for trial in course.trials] == [
        f"{kind} {k}" for k in range(1, FILMS + 1) for kind in ("baseline", "film")
    ]
    for trial in course.trials:
        extra = 0.05 if trial.kind == "baseline" else 0.0
        expected = person - 2 + (trial.number - 1) / 10 + extra + higher
        assert level(got, trial) == pytest.approx(expected, abs=0.005)
        assert trial.stop - trial.start == (3 if trial.kind == "baseline" else 3 + trial.number)


def test_gaps_and_markers_stand_between_and_at_the_starts_of_trials(dreamer: Path) -> None:
    course = list_trials(dreamer)[0]
    got = decode(dreamer, ReadOptions(part="1"))
    assert [(marker.time, marker.text) for marker in got.markers] == [(t.start, t.name) for t in course.trials]
    ends = [round(trial.stop * RATE) for trial in course.trials[:-1]]
    assert got.gaps == [(end, round(PART_GAP_S * RATE)) for end in ends]
    assert got.info.duration == course.trials[-1].stop
    with open_source(f"{dreamer}#1", ReadOptions(speed=inf)) as source:
        items = [item for item in source if isinstance(item, Gap | Marker)]
    kinds = [item.cause if isinstance(item, Gap) else item.text for item in items]
    assert kinds[:4] == ["baseline 1", f"{PAUSE_CAUSE}, next film", "film 1", f"{PAUSE_CAUSE}, next baseline"]


def test_ratings_stand_beside_the_film_that_they_are_of(dreamer: Path) -> None:
    films = [trial for trial in list_trials(dreamer)[2].trials if trial.kind == "film"]
    assert [film.ratings for film in films] == [
        {"valence": v, "arousal": a, "dominance": d} for v, a, d in zip(*SCORES.values(), strict=True)
    ]


def test_one_of_several_subjects_must_be_chosen(dreamer: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds 3 subjects.*DREAMER\.mat#1 to DREAMER\.mat#3"):
        open_recording(dreamer, ReadOptions())
    for part in ("0", "4", "x", "-1", "1.0", ""):
        with pytest.raises(ConfigError, match="there is no part"):
            open_recording(dreamer, ReadOptions(part=part))
    with pytest.raises(ConfigError, match="no channel 'V5'"):
        open_recording(dreamer, ReadOptions(part="1", channel="V5"))
    with pytest.raises(ConfigError, match="256 Hz, --rate says 500"):
        open_recording(dreamer, ReadOptions(part="1", rate=500))


def test_trials_without_a_signal_are_left_out_and_named(tmp_path: Path) -> None:
    films = [pair(4, 0.1), np.empty((0, 0)), np.full((900, 2), np.nan), np.ones((900, 3)), pair(4, 0.5).T, "none"]
    scores = {name: [*values, 1, 1] for name, values in SCORES.items()} | {"ScoreArousal": [1.0, 2.0]}
    person = dreamer_subject(films, [pair(3, 0)], scores)
    path = mat_files.write_dreamer(tmp_path / "d.mat", [person])
    course = list_trials(path)[0]
    assert [trial.name for trial in course.trials] == ["baseline 1", "film 1", "film 5"]
    assert course.trials[2].ratings == {"valence": 1, "dominance": 1}
    got = decode(path)
    assert level(got, course.trials[2]) == pytest.approx(0.5, abs=0.005)
    said = "\n".join(got.warnings)
    assert "12-bit converter" in said
    assert "film 2: empty" in said
    assert "film 3: no ECG but NaN" in said
    assert "film 4: of shape (900, 3)" in said
    assert "film 6: no numbers" in said
    assert "ScoreArousal: 2 values for 6 films" in said


def test_a_rating_that_is_nan_is_left_out(tmp_path: Path) -> None:
    person = dreamer_subject([pair(4, 0)] * 2, [], {name: [np.nan, 3] for name in SCORES})
    (course,) = list_trials(mat_files.write_dreamer(tmp_path / "d.mat", [person]))
    assert [trial.ratings for trial in course.trials] == [{}, {"valence": 3, "arousal": 3, "dominance": 3}]


def test_a_subject_of_whom_nothing_is_left(tmp_path: Path) -> None:
    people = [dreamer_subject([np.empty((0, 0))] * 4, [], SCORES), dreamer_subject([pair(4, 0)] * 4, [], SCORES)]
    path = mat_files.write_dreamer(tmp_path / "d.mat", people)
    with pytest.raises(FormatError, match=r"d.mat#1: no trial with an ECG: film 1, film 2, film 3, film 4: empty"):
        open_recording(path, ReadOptions(part="1"))
    assert len(decode(path, ReadOptions(part="2")).samples) == 4 * 4 * RATE


def amigos_videos(rate: float = 128) -> list[F64]:
    return [mat_files.amigos_video(beats(7 + k, rate, k / 10), beats(7 + k, rate, 1 + k / 10)) for k in range(FILMS)]


@pytest.mark.parametrize(("channel", "higher"), [(None, 0), ("ECG right", 0), ("ECG left", 1)])
def test_columns_and_ratings_of_amigos(tmp_path: Path, channel: str | None, higher: float) -> None:
    ratings = [rated(1 + k, 2 + k, 3 + k, 4 + k, 5 + k) for k in range(FILMS)]
    path = mat_files.write_amigos(tmp_path / "a.mat", amigos_videos(), ratings)
    got = decode(path, ReadOptions(channel=channel))
    (course,) = list_trials(path)
    assert (got.info.rate, got.info.channels) == (128, (channel or "ECG right",))
    assert [m.text for m in got.markers] == ["video 1", "video 2", "video 3", "video 4"]
    for k, trial in enumerate(course.trials):
        assert level(got, trial) == pytest.approx(k / 10 + higher, abs=0.005)
        assert list(trial.ratings.items()) == [
            ("arousal", 1 + k), ("valence", 2 + k), ("dominance", 3 + k), ("liking", 4 + k), ("familiarity", 5 + k)
        ]  # fmt: skip
    assert [w for w in got.warnings if "mV" in w]
    assert decode(path, ReadOptions(part="1")).counter == got.counter
    with pytest.raises(ConfigError, match="it holds 1 subject"):
        open_recording(path, ReadOptions(part="2"))


def test_videos_that_were_not_seen(tmp_path: Path) -> None:
    videos = [*amigos_videos(), np.empty((0, 0)), np.full((1000, 17), np.nan)]
    ratings = [
        rated(1, 2, 3, 4, 5),
        np.empty((0, 0)),
        rated(np.nan, 2, 3, 4, 5),
        np.ones((1, 2)),
        *[rated(1, 1, 1, 1, 1)] * 2,
    ]
    (course,) = list_trials(mat_files.write_amigos(tmp_path / "a.mat", videos, ratings))
    assert [trial.number for trial in course.trials] == [1, 2, 3, 4]
    assert [sorted(trial.ratings) for trial in course.trials] == [
        ["arousal", "dominance", "familiarity", "liking", "valence"], [],
        ["dominance", "familiarity", "liking", "valence"], [],
    ]  # fmt: skip
    assert course.remarks == ("video 5: empty", "video 6: no ECG but NaN")
    (course,) = list_trials(mat_files.write_amigos(tmp_path / "b.mat", videos, ratings[:3]))
    assert not any(trial.ratings for trial in course.trials)
    assert "labels_selfassessment: 3 cells for 6 videos" in course.remarks


@pytest.mark.parametrize("second", [1.0, 1e3, 32768.0])
def test_amigos_original_with_time_stamps(tmp_path: Path, second: float) -> None:
    times = 1e4 + np.arange(2560) * second / 256
    videos = [original_video(beats(10, 256, k), beats(10, 256, k + 0.5), times) for k in range(3)]
    path = mat_files.write_amigos_original(tmp_path / "o.mat", videos)
    got = decode(path, ReadOptions(channel="ECG left"))
    assert (got.info.rate, got.info.duration) == (256, 3 * 10 + 2 * PART_GAP_S)
    assert [level(got, trial) for trial in list_trials(path)[0].trials] == pytest.approx([0.5, 1.5, 2.5], abs=0.005)
    assert len([w for w in got.warnings if "ECG right and which is ECG left is unsure" in w]) == 1
    assert not [w for w in got.warnings if "time stamps" in w]


def test_time_stamps_that_show_something_else(tmp_path: Path) -> None:
    ramp = np.arange(2560)
    shapes = {
        "the time stamps show no rate: 256 Hz is assumed": [np.zeros(2560)] * 2,
        "the rate: 128 Hz by the time stamps, expected 256 Hz": [ramp / 128, ramp / 128],
        "video 3: left out: recorded with 128 Hz, the others with 256 Hz": [ramp / 256, ramp / 256, ramp / 128],
        "video 2: time stamps and number of samples differ by 5.0 s": [ramp / 256, ramp / 256 + 5 * (ramp > 1000)],
    }
    for i, (remark, stamps) in enumerate(shapes.items()):
        videos = [original_video(beats(10, 256), beats(10, 256), times) for times in stamps]
        path = mat_files.write_amigos_original(tmp_path / f"{i}.mat", videos)
        assert remark in list_trials(path)[0].remarks
        assert decode(path).info.rate == (128 if i == 1 else 256)


@pytest.mark.parametrize(("factor", "word"), [(1.0, "mV"), (1e3, "microvolt")])
def test_units_are_weighed_and_said(tmp_path: Path, factor: float, word: str) -> None:
    signal = beats(20, 128, -0.3, 1.5)
    path = mat_files.write_amigos(
        tmp_path / "a.mat", [mat_files.amigos_video(signal * factor, signal)], [rated(1, 1, 1, 1, 1)]
    )
    got = decode(path)
    np.testing.assert_allclose(got.samples, signal, rtol=1e-12)
    assert got.warnings == [f"a.mat: states no unit; taken for {word}"]
    given = decode(path, ReadOptions(unit="uV"))
    np.testing.assert_allclose(given.samples, signal * factor / 1000, rtol=1e-12)
    assert given.warnings == []
    with pytest.raises(ConfigError, match="expected V, mV, uV or nV"):
        open_recording(path, ReadOptions(unit="counts"))


def test_counts_say_their_full_scale(dreamer: Path) -> None:
    low, high = decode(dreamer, ReadOptions(part="1")).info.full_scale or (0, 0)
    assert (low, high) == pytest.approx((-2060 * 3000 / 4095 / 175, 2035 * 3000 / 4095 / 175))


def test_holes_in_one_channel_stay_in_place(tmp_path: Path) -> None:
    signal = beats(10, 128)
    holed = signal.copy()
    holed[200:300], holed[400] = np.nan, np.inf
    path = mat_files.write_amigos(tmp_path / "a.mat", [mat_files.amigos_video(holed, signal)], [ALL_ONE])
    got = decode(path)
    assert np.flatnonzero(np.isnan(got.samples)).tolist() == [*range(200, 300), 400]
    assert len(decode(path, ReadOptions(channel="2")).samples) == 1280


def test_files_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    savemat(path, {"ecg": np.ones((100, 1)), "fs": 250.0})
    with pytest.raises(FormatError, match=r"found ecg, fs, expected one of DREAMER, joined_data"):
        open_recording(path, ReadOptions())
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF\r\n\x1a\n" + bytes(500))
    with pytest.raises(FormatError, match=r"found MATLAB 7\.3, expected MATLAB 5 \(save it with -v7"):
        open_recording(path, ReadOptions())
    for variables in (
        {"DREAMER": np.ones(3)},
        {"DREAMER": {"Data": np.ones((2, 2))}},
        {"DREAMER": {"Data": cells([{"ECG": {"stimuli": np.ones(3)}}])}},
        {"joined_data": np.ones((3, 17))},
        {"labels_selfassessment": cells([np.ones((1, 12))])},
    ):
        savemat(path, variables)
        with pytest.raises(FormatError, match="expected") as caught:
            list_trials(path)
        assert caught.value.remedy
    with pytest.raises(RecordingError, match="cannot be read"):
        list_trials(tmp_path / "none.mat")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_damage_is_a_typed_error_or_harmless(
    dreamer: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(dreamer.read_bytes())
    at = data.draw(st.integers(19, len(whole) - 1))
    if data.draw(st.booleans()):
        del whole[at:]
    else:
        whole[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("damaged") / "DREAMER.mat"
    path.write_bytes(whole)
    try:
        list(open_recording(path, ReadOptions(part="1")).chunks(500))
    except EcgLiveError as error:
        assert error.remedy  # noqa: PT017 - damage may as well be harmless


def test_chunks_do_not_cross_trials(dreamer: Path) -> None:
    starts = {round(trial.start * RATE) for trial in list_trials(dreamer)[0].trials}
    found = [item for item in open_recording(dreamer, ReadOptions(part="1")).chunks(10**6) if isinstance(item, Chunk)]
    assert {chunk.start for chunk in found} == starts
