"""A wearer's profile, from one session to the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecg_live.cli.participant import ParticipantState, device_key, encoder_id
from ecg_live.config import LiveSettings
from ecg_live.events import StreamInfo
from ecg_live.model.bundle import save_bundle
from tests.support.command_line import ecg_live, of, write_csv
from tests.support.random_bundles import random_bundle
from tests.support.synthetic_signals import ecg

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("ecg") / "a.csv", ecg(75, 250)[:, 0])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path) -> Run:
    def command(path: Path, *options: object) -> tuple[int, list[dict[str, Any]], str]:
        fixed = ("--headless", "--json", "--speed", "max")
        done = ecg_live("run", path, *fixed, *options, environ={"ECG_LIVE_DATA": str(data)})
        assert "Traceback" not in done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return command


def test_a_strap_teaches_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It gives no ECG, so that nothing is fitted out; that once ended in a traceback."""
    wearer = ParticipantState(LiveSettings(participant="P01"), "hr:TICKR", data)
    assert wearer.save() == 0
    assert "profile of P01: kept nothing: this source gives no ECG" in capsys.readouterr().err
    assert not list(data.glob("profiles/P01/*"))


def test_scale_and_baseline_are_kept_and_reused_on_request(run: Run, recording: Path, data: Path) -> None:
    who = ("--participant", "P01")
    code, first, said = run(recording, *who, "--baseline", "30")
    assert code == 0
    assert "P01: kept scale of 75 s" in said
    assert "baseline of 3 windows" in said
    _, again, said = run(recording, *who, "--reuse-profile")
    assert "P01: reused scale of 75 s" in said
    assert "kept scale of 150 s" in said
    sets = [line["heads"]["mental_load"]["set"] for line in of(again, "prediction")]
    assert set(sets) == {"personal"}
    assert any("personal baseline of" in line["detail"] for line in of(again, "state"))
    _, plain, said = run(recording, *who)
    assert {line["heads"]["mental_load"]["set"] for line in of(plain, "prediction")} == {"adaptive"}
    assert "reused" not in said
    assert of(first, "prediction")[0]["heads"] == of(plain, "prediction")[0]["heads"]
    assert {path.name.split("-")[0] for path in data.glob("profiles/P01/*")} == {"scale", "baseline", "level"}


def test_another_encoder_takes_heart_rate_alone_from_a_baseline(run: Run, recording: Path, tmp_path: Path) -> None:
    who = ("--participant", "P01")
    run(recording, *who, "--baseline", "30")
    for inputs, which in (("hrv", "personal"), ("both", "population")):
        model = tmp_path / f"{inputs}.safetensors"
        save_bundle(random_bundle(personal={"mental_load": inputs}), model)  # type: ignore[dict-item]
        _, lines, _ = run(recording, *who, "--reuse-profile", "--model", model)
        assert {line["heads"]["mental_load"]["set"] for line in of(lines, "prediction")} == {which}


def test_a_level_is_kept_and_reused_by_the_adaptive_set(run: Run, recording: Path, tmp_path: Path) -> None:
    """The wearer needs no introduction in a second session; another wearer does."""
    model = tmp_path / "adaptive.safetensors"
    save_bundle(random_bundle(adaptive={"mental_load": "both"}), model)
    with_model = ("--model", model)
    _, first, said = run(recording, "--participant", "P01", *with_model)
    assert "level of 7 windows" in said
    _, again, said = run(recording, "--participant", "P01", "--reuse-profile", *with_model)
    assert "P01: reused scale of 75 s" in said
    assert "level of 7 windows" in said
    _, other, _ = run(recording, "--participant", "P02", "--reuse-profile", *with_model)
    starts = [of(lines, "prediction")[0]["heads"]["mental_load"] for lines in (first, again, other)]
    assert [each["abstain"] for each in starts] == ["still getting to know you", None, "still getting to know you"]
    assert [each.get("seconds_left") for each in starts] == [10.0, None, 10.0]
    assert {each["set"] for each in starts} == {"adaptive"}


def test_nothing_known_is_reported_with_the_likely_cause(run: Run, recording: Path) -> None:
    code, _, said = run(recording, "--participant", "p01", "--reuse-profile")
    assert code == 0
    assert "profile of p01: reused nothing: there is none of this device and model (is the id right?" in said


def test_too_little_signal_keeps_no_scale(run: Run, tmp_path: Path, data: Path) -> None:
    code, _, said = run(write_csv(tmp_path / "a.csv", ecg(40, 250)[:, 0]), "--participant", "P01")
    assert code == 0
    assert "kept nothing" in said
    assert not data.exists()


def test_a_damaged_profile_and_a_full_disk_are_one_line(run: Run, recording: Path, data: Path) -> None:
    run(recording, "--participant", "P01")
    (path,) = data.glob("profiles/P01/scale-*.json")
    path.write_text("{")
    code, lines, said = run(recording, "--participant", "P01", "--reuse-profile")
    assert (code, lines) == (4, [])
    assert "the profile is damaged" in said
    path.unlink()
    path.mkdir()
    code, lines, said = run(recording, "--participant", "P01")
    assert code == 4
    assert "cannot be kept" in said
    assert of(lines, "summary")


@pytest.mark.parametrize("options", [("--reuse-profile",), ("--participant", "a\nb"), ("--participant", "")])
def test_who_cannot_be_is_the_users_mistake(run: Run, recording: Path, options: tuple[str, ...]) -> None:
    code, lines, said = run(recording, *options)
    assert (code, lines) == (2, [])
    assert "participant" in said


def test_a_scale_belongs_to_kind_lead_and_rate(tmp_path: Path) -> None:
    info = StreamInfo(512.0, ("LL-RA", "LA-RA"), ecg=1)
    assert device_key("shimmer:Shimmer3-1234", info) == "shimmer LA-RA 512 Hz"
    assert (
        device_key("a.txt", info)
        == device_key("file:a.txt", info)
        == device_key(r"C:\a.txt", info)
        == "file LA-RA 512 Hz"
    )
    path = tmp_path / "lsl:a.txt"
    path.touch()
    assert device_key(str(path), info) == "file LA-RA 512 Hz"


def test_an_encoder_is_its_weights_and_its_padding() -> None:
    one, other, same = random_bundle(), random_bundle(), random_bundle("same")
    assert encoder_id(one) == encoder_id(other)
    assert encoder_id(one) != encoder_id(same)
    other.encoder["convs.0.bias"][0] += 1
    assert encoder_id(one) != encoder_id(other)
