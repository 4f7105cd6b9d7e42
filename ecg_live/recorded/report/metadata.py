"""Metadata of a session: title, table of the header's fields, settings, and the model's card."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from ecg_live.html.markup import collapsible, count, number, table, tag
from ecg_live.presentation.formatting import clock_text
from ecg_live.recorded.report.claims import baseline_text
from ecg_live.recorded.report.sentences import ending_text, files_text
from ecg_live.recorded.report.session import RecordedSession, finite_number, parse_json_object

NOT_GIVEN = "not given"


def session_title(session: RecordedSession) -> str:
    """Return the title of the report: session and participant, or else the file's name."""
    name, participant = (session.header_texts.get(key, "").strip() for key in ("session", "participant"))
    named = f"Session {name}" if name else "Session"
    if participant:
        return f"{named} of {participant}"
    return named if name else f"Session in {session.files[0].path.name}"


def recorded_at(session: RecordedSession) -> str:
    """Return date and time at which the recording began, from its header."""
    text = session.files[0].contents.file_header.get("datetime", "")
    try:
        return dt.datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S %z").strip()
    except ValueError:
        return text or NOT_GIVEN


def metadata_table(session: RecordedSession) -> Markup:
    """Make a table of the header's fields."""
    return table("Metadata of the recording", ("what", "value"), list(map(list, _rows(session))), "words")


def settings_section(session: RecordedSession) -> Markup:
    """Make the section with all settings and the model's card."""
    rows = [[name, _json_text(value)] for name, value in session.configuration.items()]
    card = parse_json_object(session.header_texts.get("model", ""))
    about = [[name, _json_text(value)] for name, value in card.items() if name != "heads"]
    heads = [
        [f"{head}: {name}", _json_text(value)] for head, fields in _head_cards(card) for name, value in fields.items()
    ]
    parts = []
    if rows:
        settings = table("Settings", ("setting", "value"), rows, "words")
        parts.append(collapsible("All settings of this session", settings))
    if card:
        parts.append(collapsible("The model's card", table("Card", ("field", "value"), about + heads, "words")))
    return tag("section", tag("h2", "Settings"), parts) if parts else Markup("")


def _rows(session: RecordedSession) -> Iterator[tuple[str, str]]:
    texts, settings, first = session.header_texts, session.configuration, session.files[0].contents
    yield "participant", texts.get("participant") or NOT_GIVEN
    yield "session", texts.get("session") or NOT_GIVEN
    yield "recorded", recorded_at(session)
    yield "length", clock_text(session.duration)
    yield "end", ending_text(session)
    yield count(len(session.files), "file"), files_text(session)
    if settings.get("source"):
        yield "source", str(settings["source"])
    yield from _device(session)
    yield "model", _model_name(parse_json_object(texts.get("model", "")))
    asked = finite_number(settings, "baseline")  # a study's block, the key and a profile ask for none here
    yield "baseline", f"{asked:g} s of rest asked for" if asked else baseline_text(session)
    yield "predictions", f"every {session.hop:.3g} s{_latency(session)}"
    if texts.get("speed", "1.0") != "1.0":
        yield (
            "replay",
            f"at speed {texts['speed'].replace('inf', 'max')}: latency and clock times are those of the replay",
        )
    yield "software", first.file_header.get("software") or texts.get("software") or NOT_GIVEN


def _latency(session: RecordedSession) -> str:
    latency = session.windows.latency[np.isfinite(session.windows.latency)]
    if not len(latency):
        return ""
    median, p95 = (float(np.percentile(latency, each)) * 1000 for each in (50, 95))
    return f", {median:.0f} ms (median) to {p95:.0f} ms (95 %) after the last sample of a window"


def _device(session: RecordedSession) -> Iterator[tuple[str, str]]:
    stream = session.files[0].contents.streams.get("ecg")
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
