"""Self-reports that were answered after a cut: they are in the next recording, and belong to the block before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ecg_live.recorded.table.measures import SessionMeasures, answer_values
from ecg_live.xdf.self_reports import SelfReportRow

RECORDING = "recording"  # of a row: when its recording began, and its path; orders the rows, and is no column


@dataclass(frozen=True, slots=True)
class LaterAnswer:
    """An answer to a block that its own recording does not have, and where it was given."""

    participant: str
    session: str
    recording: tuple[str, str]
    row: SelfReportRow


def later_answers(measures: SessionMeasures, rows: Sequence[dict[str, Any]]) -> list[LaterAnswer]:
    """Answers of a recording, with these rows, that name a block which did not begin in it before."""
    ids = rows[0]["participant_id"], rows[0]["session_id"], rows[0][RECORDING]
    return [
        LaterAnswer(*ids, row)
        for time, row in measures.reports
        if row.block and not any(each["block"] == row.block and each["onset"] <= time for each in rows)
    ]


def add_later_answers(rows: Iterable[dict[str, Any]], answers: Sequence[LaterAnswer]) -> None:
    """Give each answer to the newest run of its block in an earlier recording of the same session."""
    ordered = sorted(rows, key=lambda row: (row[RECORDING], row["onset"]))
    found: dict[int, list[SelfReportRow]] = {}
    for answer in answers:
        ids = answer.participant, answer.session, answer.row.block
        runs = [
            place
            for place, row in enumerate(ordered)
            if (row["participant_id"], row["session_id"], row["block"]) == ids and row[RECORDING] < answer.recording
        ]
        if runs and answer.participant:
            found.setdefault(runs[-1], []).append(answer.row)
    for place, reports in found.items():
        ordered[place].update(answer_values(reports))
