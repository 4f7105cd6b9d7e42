"""The report as one HTML page without external files."""

from __future__ import annotations

from markupsafe import Markup

from ecg_live.html.document import document
from ecg_live.html.markup import bullet_list, join, tag
from training.report.rating_scores import rating_headline, rating_section
from training.report.scores import label_section
from training.report.sections import data_section, example_section, map_section, pretext_section, settings_section
from training.report.sentences import chosen_rows, headline, kept_back_rows, kept_back_sentence
from training.results import TrainingReport

SCORE_TERMS = (
    "AUROC: chance that a window of one class is ranked above one of the other; 0.5 is guessing.",
    "AUROC is over the windows of all subjects; per subject, over each one's own, without differences between them.",
    "With more than two classes, AUROC is the mean of each class against the rest.",
    "Balanced accuracy: mean over classes of the share of windows that were recognised.",
    "False positives at rest: the share of windows of rest that are given another class.",
    "Label never changes: the share of subjects with windows of several classes who get one label for all of them.",
    "ECE: expected calibration error, over 15 bins; Brier: mean squared error of the probabilities. Lower is better.",
    "In brackets beside it the Brier score of a constant: always the shares that the classes have in these windows.",
    "Chosen in each fold: features by the training subjects of each fold, so that no scored subject has a say in them.",
    "Intervals: 95 %, bootstrap over subjects, not windows.",
    "CCC: Lin's concordance, 1 for ratings that are predicted exactly, 0 for chance; RMSE: root mean squared error.",
    "HR + HRV: heart rate and its variability; random encoder: the same network before training.",
)


def page(report: TrainingReport) -> str:
    """The report as HTML."""
    content = (
        _top(report),
        data_section(report.data),
        *(rating_section(label) if label.scale else label_section(label) for label in report.labels),
        pretext_section(report.pretext),
        map_section(report),
        example_section(report),
        settings_section(report.settings),
        tag("footer", tag("h3", "Terms"), bullet_list(SCORE_TERMS), class_="note"),
    )
    return document(report.name, content, __package__)


def _top(report: TrainingReport) -> Markup:
    made = f"{report.created} \u00b7 {report.software} \u00b7 {report.seconds / 60:,.1f} minutes of computing"
    together = bool(report.settings.get("evaluate", {}).get("transductive"))
    sentences = [
        headline(label, name, row, transductive=together)
        for label in report.labels
        for name, row in chosen_rows(label).items()
    ]
    sentences += [rating_headline(label, name) for label in report.labels if label.scale for name in label.chosen]
    sentences += [
        kept_back_sentence(label, name, row) for label in report.labels for name, row in kept_back_rows(label).items()
    ]
    if not sentences:
        sentences = [tag("p", "No label was scored in this run.", class_="headline")]
    return join(
        (
            tag("header", tag("h1", report.name), tag("p", made, class_="meta")),
            *sentences,
            bullet_list(report.remarks),
            _caveats(report),
        )
    )


def _caveats(report: TrainingReport) -> Markup:
    """Each caveat once, with the names of its data sets if the run has several."""
    about: dict[str, dict[str, None]] = {}
    for one in report.data:
        for caveat in one.caveats:
            about.setdefault(caveat, {})[one.title or one.name] = None
    several = len({one.title or one.name for one in report.data}) > 1
    items = [f"{', '.join(names)}: {caveat}" if several else caveat for caveat, names in about.items()]
    if not items:
        return Markup("")
    return tag("div", tag("h3", "Read this with the scores"), bullet_list(items), class_="caveats")
