"""What the model may claim about this session: what it was trained on, how well it does, and what limits it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from ecg_live.constants import MODEL_RATE_HZ, WINDOW_SAMPLES
from ecg_live.html.markup import count, table, tag
from ecg_live.model.card import HeadCard, parse_card
from ecg_live.model.chance import describe_evidence, scored_row
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.paper import overview_list
from ecg_live.recorded.report.session import RecordedSession, finite_number, parse_json_object
from ecg_live.recorded.report.statistics import set_masks

WINDOW_S = WINDOW_SAMPLES / MODEL_RATE_HZ
MAX_PRINTED_LIMITS = 6
NO_FINDING = (
    "An estimate is a model's, not a measurement of an emotion: it ranks moments, and may be wrong in any of them."
)
_COMPLETE = re.compile(r"personal baseline complete: (\d+) windows?")


def claims_section(session: RecordedSession) -> Markup:
    """Make the section on the model."""
    card = parse_json_object(session.header_texts.get("model", ""))
    if not card:
        return Markup("")
    rows = list(_rows(session, card))
    parts: list[Markup] = [tag("p", NO_FINDING)]
    if rows:
        header = ("head", "set", "windows", "shown on subjects left out of training", "what that means")
        parts.append(table("What the answers rest on", header, rows, "words fixed"))
    parts.append(tag("p", f"Baseline: {baseline_text(session)}."))
    limits = list(_caveats(card))
    parts += (
        [tag("h3", "Limitations that the model's card states"), overview_list(limits, MAX_PRINTED_LIMITS)]
        if limits
        else []
    )
    return tag("section", tag("h2", "What the model may claim"), parts, class_="claims")


def _caveats(card: Mapping[str, Any]) -> Iterator[str]:
    heads = card.get("heads")
    for name, fields in heads.items() if isinstance(heads, dict) else ():
        listed = fields.get("caveats") if isinstance(fields, dict) else None
        yield from (f"{name}: {caveat}" for caveat in listed) if isinstance(listed, list) else ()


def _rows(session: RecordedSession, card: Mapping[str, Any]) -> Iterator[list[str]]:
    try:
        heads: Mapping[str, HeadCard] = parse_card(card).heads
    except (KeyError, TypeError, ValueError):  # of another version; its text is in the details
        return
    for head in session.windows.heads:
        known = heads.get(head.name)
        for name, mask in set_masks(head):
            if known is not None and name in known.sets:
                answered = f"{int((mask & head.answered).sum()):,} of {int(mask.sum()):,} answered"
                yield [head.name, name, answered, _score_text(scored_row(known, name)), describe_evidence(known, name)]


def _score_text(row: Mapping[str, Any]) -> str:
    """The score of a set in words."""
    if not row:
        return "no score"
    interval = row.get("interval")
    subjects = f", {count(int(row['people']), 'subject')}" if isinstance(row.get("people"), int) else ""
    name, value = ("RMSE", row.get("rmse")) if "rmse" in row else ("AUROC", row.get("auroc"))
    span = (
        f" [{interval[0]:.2f}, {interval[1]:.2f}]" if isinstance(interval, list | tuple) and len(interval) == 2 else ""
    )
    score = f"{name} {value:.2f}{span}{subjects}" if isinstance(value, int | float) else "no score"
    wrong = row.get("false_positive_rate")
    return f"{score}; {wrong:.0%} of rest given another class" if isinstance(wrong, int | float) else score


def baseline_text(session: RecordedSession) -> str:
    """When a resting baseline was taken, of how many windows, and whether it is complete."""
    events = [event for event in session.events if event.kind == "baseline"]
    asked = finite_number(session.configuration, "baseline")
    length = f" ({asked:g} s of rest asked for)" if asked else ""
    about = "about " if session.header_texts.get("speed", "1.0") != "1.0" else ""  # events of a replay come late
    begun: float | None = None
    texts = []
    for event in events:
        if found := _COMPLETE.fullmatch(event.text):
            since = f"from {about}{clock_text(begun)} " if begun is not None else ""
            texts.append(
                f"complete, {since}to {clock_text(event.time)}, {count(int(found[1]), 'window')} of 10 s{length}"
            )
            begun = None
        elif "to go" in event.text:
            begun = max(0.0, event.time - WINDOW_S) if begun is None else begun
        else:
            texts.append(f"{event.text}, at {clock_text(event.time)}")
    if begun is not None:
        last = next(event for event in reversed(events) if "to go" in event.text)
        texts.append(
            f"begun at {clock_text(begun)} and not complete: no answer is relative to it{length}; last: {last.text}"
        )
    if texts:
        return "; ".join(texts)
    if any("personal" in head.set for head in session.windows.heads):
        reused = session.configuration.get("reuse_profile") is True
        earlier = "an earlier session's" if reused else "taken before this recording begins"
        return f"{earlier}; when, and of how many windows, is not in this recording"
    return f"asked for, and none was begun{length}" if asked else "none"
