"""What the manual and README state is what the project does."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ecg_live import __version__
from ecg_live.config import LiveSettings
from ecg_live.dashboard.keys import KEYS
from ecg_live.events import Battery, Beats, Gap, LeadOff, Marker, SelfReportAnswer, SetChange, State, StreamInfo
from ecg_live.nats import options as server_settings
from ecg_live.results import HeadInfo, HeadResult, Hrv, HrvResult, Item, Prediction, Quality, RrInterval, Summary
from ecg_live.sinks.jsonl import line_fields, round_floats
from ecg_live.sinks.stream_layout import stream_specs

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "pages"
SERVER_VARIABLES = [value for name, value in vars(server_settings).items() if name.endswith("_VARIABLE")]
HEAD = {"mental_load": HeadResult({"rest": 0.5, "load": 0.5}, "rest")}
ITEMS: tuple[Item, ...] = (
    Prediction(0.0, 10.0, 0.0, HEAD, None, None, Quality("good")),
    RrInterval(0.0, 0.0, 0.8, "normal", "ecg"),
    HrvResult(0.0, 180.0, Hrv(120.0, 118, 0.985, 1)),
    Gap(0, 1, "", time=0.0),
    Marker(0.0, "", 0.0),
    SelfReportAnswer("mood", "sam", 0.0, 0.0),
    State("streaming"),
    SetChange(0.0, 0.0, "mental_load", "adaptive", "personal"),
    Beats(0.0, 60.0),
    LeadOff(0, off=True),
    Battery(0.0, 1.0),
    Summary(0, 0, 0, 0, 0, 0.0, 1.0),
)


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """A section of a page of the manual."""
    return text(PAGES / page).split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def keys(value: Any) -> Any:
    """The keys of an object in their order, at any depth."""
    return {key: keys(inner) for key, inner in value.items()} if isinstance(value, dict) else None


def test_json_lines_have_the_documented_keys() -> None:
    block = re.search(r"```json\n(.*?)```", section("outputs.md", "JSON lines"), re.DOTALL)
    assert block is not None
    documented = [json.loads(line) for line in block[1].splitlines()]
    written = [round_floats(line_fields(item, 256.0) or {}) for item in ITEMS]
    assert [list(line) for line in documented] == [list(line) for line in written]
    assert keys(documented[0]) == keys(written[0])
    assert [line["type"] for line in documented] == [line["type"] for line in written]


def test_every_xdf_stream_is_documented() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| (\w+) \|", section("outputs.md", "XDF"), re.MULTILINE)
    streams = stream_specs(StreamInfo(256.0, ("ECG",), name="device"), [HeadInfo("HEAD", ("CLASS",))])
    recorded = {(each.name, each.kind, each.form) for each in streams if each.key not in {"ecg", "filtered"}}
    assert set(rows) == recorded


def test_folders_that_the_architecture_page_names_exist() -> None:
    first_cells = re.findall(r"^\| (`.+?`) \|", text(PAGES / "architecture.md"), re.MULTILINE)
    folders = re.findall(r"`([\w/]+/)`", "".join(first_cells))
    assert len(folders) >= 20
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_readme_is_short_and_its_links_lead_somewhere() -> None:
    readme = text(ROOT / "README.md")
    assert len(readme.splitlines()) <= 160
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", readme)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_readme_has_the_two_commands_that_ci_runs() -> None:
    lines = text(ROOT / "README.md").splitlines()
    for command in ("pytest", "ecg-live demo"):
        assert sum(bool(re.match(f"python -m pip install .* && {command}", line)) for line in lines) == 1


@pytest.mark.parametrize("page", ["README.md", "docs/pages/index.md", "docs/pages/model.md"])
def test_the_weakness_of_the_bundled_model_is_said_where_subjects_look_first(page: str) -> None:
    """The scores without a baseline on subjects kept back: AUROC in the worst order, Brier and that of a constant."""
    assert {".782", ".142", ".202"} <= set(re.findall(r"\.\d{3}", text(ROOT / page)))


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r": ([\w-]+\.md)$", text(ROOT / "docs" / "mkdocs.yml"), re.MULTILINE))
    assert listed == {page.name for page in PAGES.glob("*.md")}


def test_version_is_the_same_everywhere() -> None:
    newest = re.search(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)$", text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    citation = text(ROOT / "CITATION.cff")
    assert newest is not None
    assert newest[1] == __version__
    assert f"\nversion: {newest[1]}\ndate-released: {newest[2]}\n" in citation


def test_the_portable_part_of_ci_names_tests_that_exist_and_runs_in_the_workflow() -> None:
    portable = runpy.run_path(str(ROOT / ".ci" / "portable.py"))
    assert [test for test in portable["TESTS"] if not (ROOT / test).exists()] == []
    assert re.findall(r"run: (.+)", text(ROOT / ".github" / "workflows" / "ci.yml")) == [
        ".ci/run",
        "python .ci/portable.py",
    ]


def test_every_extra_that_pages_name_exists() -> None:
    extras = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    named = {extra for page in PAGES.glob("*.md") for extra in re.findall(r"(?:\.|ecg-live)\[(\w+)\]", text(page))}
    assert {"train", "test", "docs"} <= named <= set(extras)


def test_messages_that_troubleshooting_quotes_are_in_the_code() -> None:
    first_cells = re.findall(r"^\| (.+?) \|", text(PAGES / "troubleshooting.md"), re.MULTILINE)
    quoted = [phrase for cell in first_cells for phrase in re.findall(r"\*([^*]+)\*", cell)]
    pieces = {piece.strip(" :;") for phrase in quoted for piece in re.split(r"\.\.\.|[:;]", phrase)}
    code = "".join(text(path) for folder in ("ecg_live", "devices") for path in (ROOT / folder).rglob("*.py"))
    assert len(pieces) >= 8
    assert {piece for piece in pieces if piece and piece not in code} == set()


def test_settings_that_pages_name_exist() -> None:
    known = {field.name for field in fields(LiveSettings)}
    named = {name.lower() for page in PAGES.glob("*.md") for name in re.findall(r"ECG_LIVE_(\w+)", text(page))}
    assert "hop" in named
    assert named - {"config"} <= known | {name.removeprefix("ECG_LIVE_").lower() for name in SERVER_VARIABLES}


def test_keys_of_the_dashboard_are_those_of_its_help() -> None:
    page = section("dashboard.md", "Keys")
    documented = set(re.findall(r"`([^`]+)`", page.split("\n\n")[0]))
    shown = {key.strip() for line in KEYS for key in re.split(r",\s+| or | to ", line.keys)} - {"Tab", "Enter"}
    assert documented == shown
