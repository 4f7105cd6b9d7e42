"""Studies on the start page: whose turn it is, and what is known of a participant in a study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecg_live.cli.desk_studies import planned_session, study_choice, study_note
from ecg_live.errors import ConfigError
from ecg_live.preview_items import SessionPlan
from tests.support.check_signals import clean_ecg
from tests.support.command_line import ecg_live, write_csv

STUDY = """\
name = "Tiny"
source = "ecg.csv"
participants = ["P01", "P02"]
model = "stress"

[[blocks]]
name = "rest"
seconds = 1

[[blocks]]
name = "task"
seconds = 1
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of two short blocks on a recording beside it."""
    write_csv(tmp_path / "ecg.csv", np.asarray(clean_ecg(8).round(5)))
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def run(study: Path, participant: str, *options: str) -> None:
    done = ecg_live("run", "--study", study, "--participant", participant, "--unit", "mV", "--headless", "--json",
                    "--speed", "max", *options)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_next_open_participant_is_found_and_one_used_before_is_said(study: Path) -> None:
    choice = study_choice(study, "")
    assert (choice.name, choice.participants, choice.following) == ("Tiny", ("P01", "P02"), "P01")
    assert (choice.source, choice.model, choice.error) == (str(study.parent / "ecg.csv"), "stress", "")
    assert study_note(study, "P01", "").text == "P01, session S1: rest, task"
    assert study_note(study, "", "").error
    run(study, "P01")
    assert study_choice(study, "").following == "P02"
    assert study_choice(study, "S2").following == "P01"
    note = study_note(study, "P01", "")
    assert note.error
    assert note.text == ("P01 was used before: session S1 is complete; choose another participant or session")
    with pytest.raises(ConfigError, match="it is complete"):
        planned_session(SessionPlan(choice.source, "P01", study=str(study)), {})


def test_a_recording_that_was_moved_counts(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECG_LIVE_DATA", str(study.parent / "data"))
    run(study, "P01")
    moved = study.parent / "data" / "recordings" / "Tiny_P01_S1.xdf"
    moved.parent.mkdir(parents=True)
    (study.parent / moved.name).rename(moved)
    assert study_choice(study, "").following == "P02"
    assert "session S1 is complete" in study_note(study, "P01", "").text
    with pytest.raises(ConfigError, match="it is complete"):
        planned_session(SessionPlan("ecg.csv", "P01", study=str(study)), {})


def test_a_plan_of_a_study_is_that_of_run(study: Path) -> None:
    plan = SessionPlan("lsl:Lab", "P02", "S3", "mental_load", study=str(study))
    planned = planned_session(plan, {"log": None})
    assert (planned.source, planned.participant, planned.session, planned.first) == ("lsl:Lab", "P02", "S3", 0)
    assert planned.options["model"] == "mental_load"
    assert planned.options["record"] == str(study.parent / "Tiny_P02_S3.xdf")


@pytest.mark.parametrize("text", ["name = 5\n", "[[blocks]]\nname = \n", ""])
def test_a_study_with_a_fault_names_it(study: Path, text: str) -> None:
    study.write_text(text)
    choice = study_choice(study, "")
    assert "study.toml" in choice.error
    assert study_note(study, "P01", "").error
    assert study_choice(study.with_name("gone.toml"), "").error
