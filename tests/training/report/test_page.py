"""The report is one safe, whole page that says plainly what was found."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_live.errors import DatasetError
from tests.emulators.full_disk import FULL, full_disk
from tests.support.html_pages import ELSEWHERE, TAGS, body, words
from tests.support.invented_report import label, report, row, scores
from training.report import write_report
from training.report.page import page
from training.results import (
    DataSummary,
    ExampleWindow,
    LabelResult,
    MapPoint,
    PairedComparison,
    PretextLog,
    ScoreCheck,
    TrainingReport,
)

EMPTY = TrainingReport("name", {}, (), None, (), (), (), "", "", 0.0)


def headlines(*labels: LabelResult) -> list[str]:
    made = body(page(replace(report(), labels=labels)))
    return [words(one) for one in made.iter("p") if one.get("class") == "headline"]


def test_the_page_needs_nothing_else() -> None:
    html = page(report())
    assert not re.search(ELSEWHERE, html)
    assert "default-src 'none'" in html
    assert len(html) < 300_000


def test_sections_come_in_order() -> None:
    titles = [words(one) for one in body(page(report())).iter("h2")]
    assert [title.split(":")[0] for title in titles] == [
        "Data", "Scores", "Pretext task", "Embedding map", "Example windows", "Settings",
    ]  # fmt: skip


def test_every_picture_has_words_and_every_table_a_caption() -> None:
    made = body(page(report()))
    figures = [one for figure in made.iter("figure") for one in figure.iter("svg") if figure.find(".//ul") is None]
    assert len(figures) >= 4
    assert all(one.get("aria-label") and one.get("role") == "img" for one in figures)
    tables = list(made.iter("table"))
    assert len(tables) >= 9
    assert all(one.find("caption") is not None for one in tables)
    assert all(head.get("scope") for one in tables for head in one.iter("th"))


def test_the_headline_says_that_the_encoder_does_not_beat_its_rivals() -> None:
    population, personal = headlines(label())
    assert population == (
        "mental_load (population set): on subjects it has never seen, this encoder separates rest and load with AUROC "
        "0.741, 95 % interval 0.67 to 0.80 (24 subjects, 606 windows); it does not beat HR + HRV (+0.022, \u22120.008 "
        "to 0.052, p = 0.61) and it does not beat a random encoder (+0.001, \u22120.029 to 0.031, p = 0.61)."
    )
    assert "after 60 s of the wearer's own rest" in personal
    assert "it beats a random encoder (+0.086" in personal


@pytest.mark.parametrize(
    ("paired", "said"),
    [
        (PairedComparison(0.1, (0.02, 0.2), 0.01), "it beats HR + HRV (+0.100, 0.020 to 0.200, p = 0.010)"),
        (PairedComparison(0.1, (0.02, 0.2), 0.0004), "it beats HR + HRV (+0.100, 0.020 to 0.200, p < 0.001)"),
        (PairedComparison(0.1, (0.02, 0.2), 0.05), "it does not beat HR + HRV"),
        (PairedComparison(0.1, (-0.01, 0.2), 0.01), "it does not beat HR + HRV"),
        (PairedComparison(-0.1, (-0.2, -0.02), 0.01), "it is worse than HR + HRV (\u22120.100"),
        (PairedComparison(0.0, (0.0, 0.0), 1.0), "it does not beat HR + HRV (+0.000, 0.000 to 0.000, p = 1.00)"),
        (
            PairedComparison(math.nan, (math.nan, math.nan), math.nan),
            "it could not be compared with HR + HRV (\u2013, \u2013",
        ),
    ],
)
def test_verdicts(paired: PairedComparison, said: str) -> None:
    one = replace(row("embedding", 0.0, 0.7), versus={"hrv": paired})
    (headline,) = headlines(replace(label(), rows=(one,), chosen={"population": "embedding"}))
    assert said in headline
    assert "it was not compared with a random encoder" in headline


def test_an_encoder_that_the_bundle_does_not_use_is_judged_all_the_same() -> None:
    (headline,) = headlines(replace(label(), chosen={"personal": "hrv"}))
    assert "HR + HRV separates rest and load with AUROC 0.904" in headline
    assert "this encoder is worse than HR + HRV" in headline


def test_embedding_with_heart_rate_is_compared_with_its_random_twin() -> None:
    one = row("both", 0.0, 0.772)
    twin = replace(one, versus={**one.versus, "random encoder + hrv": PairedComparison(0.01, (-0.1, 0.1), 0.8)})
    (headline,) = headlines(replace(label(), rows=(twin,), chosen={"population": "both"}))
    assert "does not beat a random encoder + HR + HRV" in headline


def test_shuffled_segments_are_never_sold_as_new_subjects() -> None:
    one = row("embedding", 0.0, 0.93, "kfold")
    mixed = replace(label(), rows=(one,), chosen={"population": "embedding"})
    (headline,) = headlines(mixed)
    assert "on shuffled segments, not on new subjects" in headline
    assert "never seen" not in headline
    assert "segments mixed: not a score for new subjects" in page(replace(report(), labels=(mixed,)))


def test_subjects_of_the_pretext_data_are_not_sold_as_unseen() -> None:
    html = page(replace(report(), settings={"evaluate": {"transductive": True}}))
    assert "on subjects it has never seen" not in html
    assert html.count("but signals that its encoder may have learnt from, this encoder") == 2


def test_how_rivals_compare_is_folded_and_said_once() -> None:
    hrv, random = row("hrv", 0.0, 0.72), row("random encoder", 0.0, 0.74)
    rivals = (
        replace(hrv, versus={"random encoder": PairedComparison(-0.02, (-0.1, 0.1), 0.7)}),
        replace(random, versus={"hrv": PairedComparison(0.02, (-0.1, 0.1), 0.7)}),
    )
    made = body(page(replace(EMPTY, labels=(replace(label(), rows=(*rivals, row("embedding", 0.0, 0.75))),))))
    (fold,) = (one for one in made.iter("details") if "other features" in words(one))
    lines = {id(each): " ".join(map(words, each)) for each in made.iter("tr")}
    inside = [lines[id(each)] for each in fold.iter("tr")][1:]
    assert inside == ["HR + HRV does not beat random encoder none \u22120.020 (\u22120.100 to 0.100) p = 0.70"]
    assert sum("beat" in line for line in lines.values()) == 3  # and the encoder's own two


def test_several_data_sets_say_each_thing_once() -> None:
    labelled, unlabelled = report().data
    twin = replace(labelled, labels={}, remarks=(*labelled.remarks, "more"))
    many = replace(unlabelled, remarks=tuple(f"A{i:04}: left out" for i in range(40)), caveats=labelled.caveats)
    made = body(page(replace(EMPTY, data=(labelled, twin, many))))
    said = [words(one) for one in made.iter("li")]
    assert said.count(labelled.remarks[0]) == 1
    assert "more" in said
    (caveat,) = (one for one in said if labelled.caveats[0] in one)
    assert caveat.startswith(f"{labelled.title}, CinC 2017: ")
    (fold,) = (one for one in made.iter("details") if words(one).startswith("40 remarks"))
    assert len(list(fold.iter("li"))) == 40
    title = labelled.title
    assert [words(one) for one in made.iter("h3")][1:4] == [
        title, f"{title}, for the pretext task", "CinC 2017, for the pretext task",
    ]  # fmt: skip


def test_subjects_left_out_come_before_shuffled_segments() -> None:
    made = body(page(report()))
    parts = [words(one) for one in made.iter("tr") if one.get("class") == "part"]
    assert parts == [
        "leave one subject out: a score for new subjects", "k-fold, segments mixed: not a score for new subjects",
    ]  # fmt: skip
    assert sum(one.get("class") == "mixed" for one in made.iter("tr")) == 2
    assert sum(one.get("class") == "in-use" for one in made.iter("tr")) == 2


def test_rows_say_how_subjects_differ() -> None:
    each = {"a": scores(0.6), "b": scores(0.8), "c": scores(0.7), "d": replace(scores(None), balanced_accuracy=0.66)}
    several = replace(row("embedding", 0.0, 0.65), per_subject=each)
    one = replace(row("hrv", 0.0, 0.62), per_subject={"a": scores(0.6), "b": scores(math.nan)})
    made = body(page(replace(EMPTY, labels=(replace(label(), rows=(several, one)),))))
    rows = [list(map(words, each)) for each in made.iter("tr")]
    at = [i for i, name in enumerate(rows[1]) if "per subject" in name]
    shown = {cells[0]: [cells[i] for i in at] for cells in rows if len(cells) == len(rows[1])}
    assert shown["this encoder"] == ["0.70 \u00b1 0.10", "0.66 \u00b1 0.08"]
    assert shown["HR + HRV"] == ["0.60 \u00b1 \u2013", "0.56 \u00b1 \u2013"]


def test_tasks_that_were_not_learnt_are_marked() -> None:
    rows = [" ".join(map(words, one)) for one in body(page(report())).iter("tr")]
    assert "original 0.857 not learnt: no better than always saying no" in rows
    assert "negation 0.910 learnt in part" in rows
    assert "permutation 1.000 learnt" in rows


@pytest.mark.parametrize(
    ("tasks", "no"), [(("noise",), 0.5), (("original", "noise"), 0.5), (("noise", "negation", "inversion"), 0.75)]
)
def test_fewer_tasks_are_easier_to_beat(tasks: tuple[str, ...], no: float) -> None:
    log = PretextLog((1, 2), (0.5, 0.4), dict.fromkeys(tasks, (no, 0.8)), dict.fromkeys(tasks, 0.86), 9, 1.0, "")
    made = body(page(replace(EMPTY, pretext=log)))
    assert f"{tasks[0]} 0.860 learnt in part" in [" ".join(map(words, one)) for one in made.iter("tr")]
    assert f"always saying no is right {no:.3f} of the time" in words(made)
    assert f"Dashed: always saying no, {no:.3f}." in words(made)
    (dashed,) = (one for one in made.iter("path") if one.get("class") == "chance")
    assert 10 < float(re.findall(r" ([0-9.]+)L", dashed.get("d", ""))[0]) < 220  # inside the plot


def test_what_is_no_number_is_a_dash() -> None:
    nothing = replace(scores(None), balanced_accuracy=None, macro_f1=None, ece=math.nan, brier=math.nan)
    one = replace(
        row("embedding", 0.0, 0.7),
        scores=nothing,
        interval={"auroc": (math.nan, math.nan)},
        per_subject={"a": nothing, "b": scores(math.nan)},
        reliability=((math.nan, 0.5, 3), (0.7, 0.6, 4)),
        confusion=((0, 0), (0, 0)),
    )
    others = (row("hrv", 0.0, 0.7), replace(row("hrv", 0.0, 0.7), scores=scores(math.nan)))
    rows = (one, *(replace(each, interval=one.interval) for each in others))
    html = page(replace(report(), labels=(replace(label(), rows=rows, chosen={"population": "embedding"}),)))
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", words(body(html)))
    assert "with AUROC \u2013" in html.replace("<b>", "")
    assert not re.search(r'"[^"]*\bnan\b[^"]*"', html)


def test_a_trace_with_holes_is_broken_not_spoilt() -> None:
    holes = ExampleWindow("holes", (0.0, 1.0, math.nan, math.inf, 0.5, 0.25))
    html = page(replace(EMPTY, examples=(holes, ExampleWindow("flat", (0.0,) * 20), ExampleWindow("none", ()))))
    paths = [one.get("d", "") for one in body(html).iter("path") if "trace" in one.get("class", "")]
    assert [path.count("M") for path in paths] == [2, 1, 0]


def test_an_empty_report_is_a_page() -> None:
    assert "No label was scored" in words(body(page(EMPTY)))
    assert "The encoder was not trained in this run." in words(body(page(EMPTY)))


def test_three_classes_and_many_subjects_fit() -> None:
    three = label("affect", ("baseline", "stress", "amusement"))
    many = {f"person {i}": scores(0.5 + i / 1000) for i in range(300)}
    wide = replace(three, rows=tuple(replace(one, per_subject=many) for one in three.rows))
    made = body(page(replace(report(), labels=(wide,))))
    assert "separates baseline, stress and amusement" in words(made)
    assert all(float((one.get("viewBox") or "").split()[2]) <= 920 for one in made.iter("svg"))


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_no_text_becomes_markup(text: str) -> None:
    nasty = f"<script>&\"'{text}"
    answered = replace(row("embedding", 0.0, 0.7), per_subject={nasty: scores(0.6)})
    one = LabelResult(nasty, (nasty, "load"), nasty, (answered,), {"population": "embedding"}, (nasty,))
    reasons, labels, notes = {nasty: 1}, {nasty: {nasty: 2}}, (nasty,)
    data = DataSummary(nasty, nasty, nasty, 1, 1, 1.0, 1, 1, reasons, labels, notes, notes)
    points, examples = (MapPoint(0, 0, nasty, nasty), MapPoint(1, 1, "b", "c")), (ExampleWindow(nasty, (0.0, 1.0)),)
    made = TrainingReport(nasty, {nasty: {nasty: 1}}, (data,), None, (one,), points, examples, nasty, nasty, 1.0, notes)
    html = page(made)
    html.encode()
    assert "<script" not in html
    assert {one.tag for one in body(html).iter()} <= TAGS


def test_file_names_that_are_no_text_are_written(tmp_path: Path) -> None:
    write_report(replace(EMPTY, name="S\udcff2\x00"), tmp_path / "r.html", tmp_path / "r.json")
    assert "<h1>S\ufffd2\ufffd</h1>" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_same_report_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_report(report(), tmp_path / f"{name}.html", tmp_path / f"{name}.json")
    for end in ("html", "json"):
        assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.json", "b.html", "b.json"]


@pytest.mark.parametrize("where", ["file/r.html", "folder"])
def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DatasetError, match=f"{tmp_path / where}: .*choose a place"):
        write_report(EMPTY, tmp_path / where, tmp_path / "r.json")
    assert list(tmp_path.glob("**/*.part")) == []


def test_a_full_disk_keeps_the_report_that_was_there(tmp_path: Path) -> None:
    html = tmp_path / "r.html"
    html.write_text("before")
    with full_disk(1000), pytest.raises(DatasetError, match=rf"r\.(html|json): {FULL}"):
        write_report(report(), html, tmp_path / "r.json")
    assert html.read_text() == "before"


def test_features_that_were_chosen_are_named_with_those_in_the_bundle() -> None:
    """The headline's score is that of the choice made in each fold; who was kept back has a sentence of its own."""
    made = report()
    (one,) = made.labels
    nested, kept = row("auto", 0.0, 0.7), replace(row("embedding", 0.0, 0.66), protocol="kept back")
    text = page(replace(made, labels=(replace(one, rows=(*one.rows, nested, kept)),)))
    assert "features chosen in each fold (in the bundle: this encoder) separate rest and load with AUROC" in text
    assert "(population set): on 24 subjects that no choice looked at, AUROC <b>0.660</b>" in text
    assert "better than a constant" in text
    assert "Risk and coverage: the share of wrong labels" in text
    failed = replace(one, checks=(ScoreCheck("permuted labels", "above chance", passed=False),))
    assert '<span class="no">failed</span> permuted labels: above chance.' in page(replace(made, labels=(failed,)))
