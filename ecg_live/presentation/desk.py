"""Words of the start page: sources, what is being looked for, the state of a preview."""

from __future__ import annotations

from pathlib import Path

from ecg_live.presentation.formatting import capitalise
from ecg_live.presentation.signal_check import fault_line, progress_line, with_silence
from ecg_live.presentation.status import TEXT_SEPARATOR, StatusLine
from ecg_live.preview_items import FoundSource, FoundSources, PreviewStatus

RECORDING_KIND = "recording"


def source_line(source: FoundSource) -> str:
    """Kind, rate and place of a source, in a row."""
    rate = f"{source.rate:g} Hz" if source.rate else ""
    return TEXT_SEPARATOR.join(part for part in (source.kind, rate, source.detail) if part)


def signal_bars(rssi: int | None) -> int:
    """Strength of a radio signal from 0 to 4: a receiver works down to about -95 dBm, and well above -65."""
    if rssi is None:
        return 0
    return sum(rssi >= limit for limit in (-95, -85, -75, -65))


def searching_line(found: FoundSources) -> str:
    """What is being looked for now, or what a finished search found."""
    if found.searching:
        return f"Looking for {_listed(found.searching)} ..."
    return "Not looking" if found.problems else "Nothing is in reach" if not found.sources else ""


def problem_line(found: FoundSources) -> str:
    """The searches that failed, with what to do; empty without any."""
    return "\n".join(error_line(problem.message, problem.remedy) for problem in found.problems)


def error_line(message: str, remedy: str) -> str:
    """What went wrong, and what to do about it."""
    return f"{message}: {remedy}" if remedy else message


def recording_source(path: str) -> FoundSource:
    """A recording as a source, which is replayed."""
    where = Path(path)
    return FoundSource(path, RECORDING_KIND, where.name, detail=str(where.parent))


def preview_line(status: PreviewStatus | None, age: float) -> StatusLine:
    """State of the preview; its newest sample is ``age`` seconds old."""
    if status is None:
        return StatusLine("neutral", "NO SOURCE", "Choose a device, a stream or a recording")
    if status.error:
        return StatusLine("fault", "ERROR", error_line(status.error, status.remedy))
    if status.ended:
        return StatusLine("neutral", "ENDED", "The recording has ended")
    if status.state or status.info is None:
        return StatusLine("info", "CONNECTING", capitalise(status.state))
    verdict = with_silence(status.verdict, age)
    if verdict.faults:
        return StatusLine("warn", "CHECK", "   ".join(fault_line(fault) for fault in verdict.faults))
    if verdict.go:
        return StatusLine("live", "GOOD", _good_text(status))
    return StatusLine("info", "STREAMING", progress_line(verdict))


def split_ids(text: str) -> tuple[str, ...]:
    """Ids of several participants, separated by commas."""
    return tuple(part for each in text.split(",") if (part := each.strip()))


def _good_text(status: PreviewStatus) -> str:
    verdict = status.verdict
    rate = "" if verdict.heart_rate is None else f"{verdict.heart_rate:.0f} bpm"
    size = "" if verdict.amplitude is None else f"QRS {verdict.amplitude:.1f} mV"
    return TEXT_SEPARATOR.join(part for part in (progress_line(verdict), rate, size) if part)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
