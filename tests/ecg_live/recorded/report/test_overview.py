"""What a supervisor reads first: one line, blocks, the session over time, the heart, answers, the model; two pages."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ecg_live.annotations.change import MarkerKey
from ecg_live.events import Chunk, State
from ecg_live.recorded.annotated import open_annotations
from ecg_live.recorded.report import write_report
from ecg_live.recorded.report.claims import baseline_text
from ecg_live.recorded.report.metadata import metadata_table
from ecg_live.recorded.report.recording_parts import read_recording_files
from ecg_live.recorded.report.session import RecordedSession, load_session
from ecg_live.recorded.rr_intervals import read_rr_intervals
from ecg_live.results import Item, Prediction, RrInterval
from ecg_live.signal.hrv import compute_hrv
from tests.support.blocked_session import record_blocks
from tests.support.html_pages import body, rows, words
from tests.support.recorded_sessions import STRAP, chunk, reported, strap_story
from tests.support.study_sessions import record_study, study_items
from tests.support.xdf_recordings import BEGAN, record

BLOCKS = [("rest", 5, 80), ("arithmetic", 90, 220), ("rest", 225, 270), ("questions", 275, 400)]
SECONDS = 300
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five minutes: two blocks that are whole, one of them run twice, and one that is cut."""
    return record_study(tmp_path_factory.mktemp("study") / "a.xdf", study_items(BLOCKS, SECONDS, answers=3))


@pytest.fixture(scope="module")
def page(study: Path) -> ET.Element:
    return reported(study)


def overview(page: ET.Element) -> ET.Element:
    return next(each for each in page.iter("div") if each.get("class") == "overview")


def headlines(page: ET.Element) -> list[str]:
    return [words(each) for each in page.iter("p") if each.get("class") == "headline"]


def test_the_session_in_one_line(page: ET.Element) -> None:
    (line,) = headlines(page)
    assert line == (
        "0:05:00 of ECG in 4 blocks, 3 of them complete; 100% of the time usable; no sample lost; "
        "heart rate 75 bpm (75 to 75), RMSSD 21 ms; mental_load: load in 0% of rest, 100% of arithmetic, "
        "0% of rest (2), 0% of questions; file whole."
    )
    assert "Stress pilot" in words(page)


def test_a_row_for_each_run_of_a_block(page: ET.Element, study: Path) -> None:
    header, *found = rows(page, "Blocks")
    assert header[:6] == ["block", "at", "length", "windows", "good", "usable"]
    assert [row[:4] for row in found] == [
        ["rest", "0:00:05", "0:01:15", "66"],
        ["arithmetic", "0:01:30", "0:02:10", "121"],
        ["rest (2)", "0:03:45", "0:00:45", "36"],
        ["questions \u2013 not closed", "0:04:35", "0:00:25", "16"],
    ]
    series = read_rr_intervals(study)
    expected = compute_hrv(series.stop, series.rr, series.normal, (90.0, 220.0))
    assert expected.rmssd is not None
    assert expected.sdnn is not None
    assert found[1][6:] == [
        "75.0", f"{expected.rmssd:.0f}", f"{expected.sdnn:.0f}", "0.75", "100%", "100%", "personal",
    ]  # fmt: skip
    assert [found[2][7], found[2][8]] == ["\u2013", "\u2013"]  # 45 s are too short
    assert found[0][-1] == "adaptive"  # that answered most of it; its mean is of no other set


def test_the_heart_by_block_with_the_reason_where_there_is_no_value(page: ET.Element, study: Path) -> None:
    found = rows(page, "Heart rate variability")[1:]
    assert [row[0] for row in found] == ["rest", "arithmetic", "rest (2)", "questions"]
    series = read_rr_intervals(study)
    expected = compute_hrv(series.stop, series.rr, series.normal, (90.0, 220.0))
    assert expected.lf_hf is not None
    assert expected.hf is not None
    assert (found[1][8], found[1][9], found[1][-1]) == (f"{expected.hf:.0f}", f"{expected.lf_hf:.2f}", "")
    assert found[0][-1] == "75 s long; LF needs 120 s"
    assert found[2][-1] == "45 s long; 60 s are needed"
    assert set(found[2][4:11]) == {"\u2013"}


def test_answers_and_what_the_model_may_claim(page: ET.Element) -> None:
    found = rows(page, "Answers")[1:]
    assert found[0] == ["rest", "mood", "0:00:20", "3.0", "valence 2, arousal 5 (1 to 9)"]
    assert len(found) == 3
    claims = rows(page, "What the answers rest on")[1:]
    assert [row[:3] for row in claims] == [
        ["mental_load", "adaptive", "61 of 61 answered"], ["mental_load", "personal", "230 of 230 answered"],
    ]  # fmt: skip
    assert all(re.match(r"AUROC 0\.\d\d \[0\.\d\d, [01]\.\d\d\], \d+ subjects; \d+% of rest", row[3]) for row in claims)
    assert {row[4] for row in claims} == {"ranks better than chance"}
    text = words(overview(page))
    assert "Baseline: complete, from 0:00:10 to 0:01:10, 6 windows of 10 s (60 s of rest asked for)." in text
    assert "Limitations that the model's card states" in text


def test_the_figure_has_blocks_and_the_markers_of_no_block(page: ET.Element) -> None:
    (figure,) = [svg for svg in page.iter("svg") if (svg.get("aria-label") or "").startswith("The session over time")]
    assert "blocks rest, arithmetic, rest (2), questions" in (figure.get("aria-label") or "")
    texts = ["".join(each.itertext()) for each in figure.iter("text")]
    assert {"rest", "arithmetic", "mental_load", "p of load", "heart rate", "RMSSD"} <= set(texts)
    assert not [text for text in texts if "block/" in text]
    assert len([path for path in figure.iter("path") if (path.get("class") or "").startswith("block b")]) == 4


def session_of(path: Path, items: Sequence[Item], **settings: object) -> RecordedSession:
    return load_session(read_recording_files([record_study(path, items, **settings)]))


def test_a_baseline_that_was_not_completed_or_came_from_elsewhere(tmp_path: Path) -> None:
    items = list(study_items([], 100))
    begun = session_of(tmp_path / "a.xdf", [item for item in items if getattr(item, "time", 0) < BEGAN + 50])
    assert baseline_text(begun) == (
        "begun at 0:00:10 and not complete: no answer is relative to it (60 s of rest asked for); "
        "last: resting baseline: 50 s to go"
    )
    silent = [item for item in items if not isinstance(item, State)]
    assert baseline_text(session_of(tmp_path / "b.xdf", silent)).startswith("taken before this recording begins; when")
    earlier = session_of(tmp_path / "c.xdf", silent, reuse_profile=True)
    assert baseline_text(earlier).startswith("an earlier session's; when, and of how many windows")
    short = [item for item in silent if not isinstance(item, Prediction)]
    asked = session_of(tmp_path / "d.xdf", short)
    assert baseline_text(asked) == "asked for, and none was begun (60 s of rest asked for)"
    assert baseline_text(session_of(tmp_path / "e.xdf", short, baseline=0.0)) == "none"
    by_key = session_of(tmp_path / "f.xdf", items, baseline=0.0)
    facts = dict(rows(ET.fromstring(f"<div>{metadata_table(by_key)}</div>"), "Metadata"))  # noqa: S314 - ours
    assert facts["baseline"] == baseline_text(by_key) == "complete, from 0:00:10 to 0:01:10, 6 windows of 10 s"


def test_without_a_study_the_heart_is_cut_into_five_minutes(tmp_path: Path) -> None:
    page = reported(record_study(tmp_path / "a.xdf", study_items([], 700)))
    assert not [each for each in page.iter("h2") if words(each) == "Blocks"]
    assert [row[:2] for row in rows(page, "Heart rate variability")[1:]] == [
        ["0:00:00", "300 s"],
        ["0:05:00", "300 s"],
        ["0:10:00", "100 s"],
    ]
    (line,) = headlines(page)
    assert "mental_load: load in 0% of answers (adaptive set), 0% of answers (personal set)" in line


def test_a_strap_without_ecg(tmp_path: Path) -> None:
    items = [*strap_story(100), *(RrInterval(BEGAN + k, float(k), 1.0, "normal", "device") for k in range(1, 100))]
    record(tmp_path / "a.xdf", items, STRAP)
    page = reported(tmp_path / "a.xdf")
    (line,) = headlines(page)
    assert line.startswith("0:01:39 of a strap's heart rate, no ECG; ")
    assert "load never answered" in line
    (row,) = rows(page, "Heart rate variability")[1:]
    assert row[4] == "0"  # SDNN of a heart like a clock


def test_files_of_one_recording_and_a_damaged_one(study: Path, tmp_path: Path) -> None:
    bad = Path(shutil.copy(study, tmp_path))
    content = bytearray(bad.read_bytes())
    content[len(content) // 2] ^= 0xFF
    bad.write_bytes(content)
    made = write_report([bad])
    assert made.error is not None
    (line,) = headlines(body(made.path.read_text(encoding="utf-8")))
    assert line.endswith("file DAMAGED.")


def test_nothing_but_samples_is_said_in_a_line(tmp_path: Path) -> None:
    record(tmp_path / "a.xdf", [chunk(second) for second in range(5)])
    page = reported(tmp_path / "a.xdf")
    (line,) = headlines(page)
    assert line == (
        "0:00:05 of ECG; no window of 10 s was complete, so that there is nothing to assess; no sample lost; "
        "file whole."
    )
    assert "No RR intervals" in words(overview(page))


def test_the_figure_has_the_markers_that_count_under_their_numbers(tmp_path: Path) -> None:
    path = record_blocks(tmp_path / "s.xdf")
    open_annotations(path).move(MarkerKey.of(80.0, "sound"), 82.0)
    page = reported(path)
    named = [words(each) for each in overview(page).iter("text") if "named" in (each.get("class") or "")]
    (row,) = [row for row in rows(page, "Markers") if row[-1] == "sound"]
    assert named == [f"{row[0]} sound"]  # the one that was taken back, and what took it back, are not there
    captions = [words(each) for each in page.iter("figcaption")]
    assert "sound (as recorded)" in captions  # its picture is from where it was recorded
    assert "3 block/rest/start" in captions


def test_intervals_of_several_files_are_on_one_axis(tmp_path: Path) -> None:
    from ecg_live.recorded.report.session_intervals import session_intervals
    from tests.support.recorded_sessions import rolled

    beating = [item for item in study_items([], 60) if isinstance(item, Chunk | RrInterval)]
    files = rolled(tmp_path / "a.xdf", iter(beating), seconds=20.0)
    assert len(files) > 2
    series = session_intervals(load_session(read_recording_files(files)))
    assert np.diff(series.stop) == pytest.approx(series.rr[1:], abs=1e-6)
    assert series.stop[-1] > 55


@pytest.mark.parametrize("size", ["A4", "letter"])
@pytest.mark.parametrize("crowded", [False, True])
def test_it_prints_to_two_pages(study: Path, tmp_path: Path, size: str, crowded: bool) -> None:
    if BROWSER is None:
        pytest.skip("no Chromium is installed")
    if crowded:
        blocks = [(f"a block with a long name {k}", 5 + 20 * k, 22 + 20 * k) for k in range(20)]
        study = record_study(tmp_path / "a.xdf", study_items(blocks, 410, answers=20))
    html = write_report([study], tmp_path / "p.html").path.read_text(encoding="utf-8")
    if crowded:
        assert html.count('class="beyond"') == 20 - 12 + 20 - 12 + 20 - 10
    (tmp_path / "p.html").write_text(html.replace("@page {", f"@page {{ size: {size};"), encoding="utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [BROWSER, *options, f"--print-to-pdf={tmp_path / 'p.pdf'}", (tmp_path / "p.html").as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    pages = re.findall(rb"/Type\s*/Page[^s]", (tmp_path / "p.pdf").read_bytes())
    assert len(pages) == 2
