"""Who, when, with what: the head of a session's report, and what was set."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from ecg_live.html.markup import bullet_list, collapsible, count, number, table, tag
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.sentences import ending_text, files_text
from ecg_live.recorded.report.session import RecordedSession, finite_number, parse_json_object

NOT_GIVEN = "not given"


def session_title(session: RecordedSession) -> str:
    """Name of the session, as far as it was given one."""
    name, who = (session.own.get(key, "").strip() for key in ("session", "participant"))
    named = f"Session {name}" if name else "Session"
    return f"{named} of {who}" if who else named if name else f"Session in {session.parts[0].path.name}"


def recorded_at(session: RecordedSession) -> str:
    """Date and time at which the recording began, as the header says."""
    said = session.parts[0].contents.file_header.get("datetime", "")
    try:
        return dt.datetime.fromisoformat(said).strftime("%Y-%m-%d %H:%M:%S %z").strip()
    except ValueError:
        return said or NOT_GIVEN


def metadata_table(session: RecordedSession) -> Markup:
    """A table of what the headers say."""
    return table("What the recording says of itself", ("what", "value"), list(map(list, _rows(session))), "words")


def settings_section(session: RecordedSession) -> Markup:
    """All that was set, and what the model says of itself."""
    rows = [[name, _json_text(value)] for name, value in session.configuration.items()]
    card = parse_json_object(session.own.get("model", ""))
    about = [[name, _json_text(value)] for name, value in card.items() if name != "heads"]
    heads = [
        [f"{head}: {name}", _json_text(value)] for head, fields in _head_cards(card) for name, value in fields.items()
    ]
    parts = [
        collapsible("All settings of this session", table("Settings", ("setting", "value"), rows, "words"))
        if rows
        else "",
        collapsible("The model's card", table("Card", ("field", "value"), about + heads, "words")) if card else "",
    ]
    return tag("section", tag("h2", "Settings"), [part for part in parts if part]) if any(parts) else Markup("")


def model_caveats(session: RecordedSession) -> Markup:
    """What the model's makers say against its answers."""
    said = []
    for head, fields in _head_cards(parse_json_object(session.own.get("model", ""))):
        listed = fields.get("caveats")
        said += [f"{head}: {caveat}" for caveat in listed] if isinstance(listed, list) else []
    return (
        tag("div", tag("h3", "What the model's card says against its answers"), bullet_list(said))
        if said
        else Markup("")
    )


def _rows(session: RecordedSession) -> Iterator[tuple[str, str]]:
    own, settings, first = session.own, session.configuration, session.parts[0].contents
    yield "participant", own.get("participant") or NOT_GIVEN
    yield "session", own.get("session") or NOT_GIVEN
    yield "recorded", recorded_at(session)
    yield "length", clock_text(session.duration)
    yield "end", ending_text(session)
    yield count(len(session.parts), "file"), files_text(session)
    if settings.get("source"):
        yield "source", str(settings["source"])
    yield from _device(session)
    yield "model", _model_name(parse_json_object(own.get("model", "")))
    yield (
        "baseline",
        f"{rest:g} s of rest asked for" if (rest := finite_number(settings, "baseline")) else "none asked for",
    )
    yield "predictions", f"every {session.hop:.3g} s{_latency(session)}"
    if own.get("speed", "1.0") != "1.0":
        yield (
            "replay",
            f"at speed {own['speed'].replace('inf', 'max')}: latency and clock times are those of the replay",
        )
    yield "software", first.file_header.get("software") or own.get("software") or NOT_GIVEN


def _latency(session: RecordedSession) -> str:
    found = session.windows.latency[np.isfinite(session.windows.latency)]
    if not len(found):
        return ""
    middle, late = (float(np.percentile(found, each)) * 1000 for each in (50, 95))
    return f", {middle:.0f} ms (median) to {late:.0f} ms (95 %) after the last sample of a window"


def _device(session: RecordedSession) -> Iterator[tuple[str, str]]:
    stream = session.parts[0].contents.streams.get("ecg")
    if stream is None:
        yield "device", "no ECG: heart rate and intervals from a strap, so that all heads abstain"
        return
    yield "device", stream.name or NOT_GIVEN
    yield "ECG", f"{stream.own.get('ecg') or ', '.join(stream.labels)} at {stream.rate:g} Hz"
    if len(stream.labels) > 1:
        yield "channels", ", ".join(stream.labels)
    if "lowest" in stream.own and "highest" in stream.own:
        low, high = stream.own["lowest"], stream.own["highest"]
        yield "converter", f"{_number_or_text(low)} to {_number_or_text(high)} mV"


def _number_or_text(text: str) -> str:
    try:
        return number(float(text), 3)
    except ValueError:
        return text


def _model_name(card: Mapping[str, Any]) -> str:
    if not card:
        return NOT_GIVEN
    made = f" ({card['created']})" if card.get("created") else ""
    return f"{card.get('name') or 'without a name'}{made}"


def _head_cards(card: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    heads = card.get("heads")
    if isinstance(heads, dict):
        yield from ((name, fields) for name, fields in heads.items() if isinstance(fields, dict))


def _json_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
