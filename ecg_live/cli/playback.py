"""Play recordings back for ``open``: in a window, as lines of JSON, or as lines of text."""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cli import print_notice
from ecg_live.cli.qt_check import why_no_display
from ecg_live.cli.signals import CaughtSignals, session_signals
from ecg_live.config import window_file
from ecg_live.errors import ConfigError, RecordingError
from ecg_live.resources import model_path
from ecg_live.text import sanitize

if TYPE_CHECKING:
    from ecg_live.recorded.playback.opened import OpenedSession
    from ecg_live.recorded.playback.timed_items import RecordedItems


def user_name() -> str:
    """The user's name on this machine; empty if it is unknown."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def open_paths(
    paths: Sequence[Path], model: str | None, *, with_model: bool, headless: bool, as_json: bool, author: str | None
) -> int:
    """Open a session, two to be compared, or a folder; parameters are those of ``ecg-live open``.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    ConfigError
        The paths, or the options for them, cannot be.
    EcgLiveError
        A session cannot be opened.
    """
    in_terminal = headless or as_json
    if not in_terminal and (reason := why_no_display(os.environ)):
        print_notice(f"no window: {reason}; what is recorded is listed in the terminal")
        in_terminal = True
    bundle = model_path(model) if with_model or model else None
    name = author or user_name()
    if bundle is not None and (len(paths) > 1 or paths[0].is_dir()):
        raise ConfigError("--with-model is for one session", "open that session alone")
    if len(paths) == 1 and not paths[0].is_dir():
        return (
            _list_session(paths[0], bundle, name, as_json=as_json)
            if in_terminal
            else _show_session(paths[0], bundle, name)
        )
    from ecg_live.cli.browsing import browse, compare, list_folder

    if len(paths) == 1:
        return list_folder(paths[0], as_json=as_json) if in_terminal else browse(paths[0])
    if len(paths) > 2 or any(path.is_dir() for path in paths):
        raise ConfigError(f"{len(paths)} paths; one session, two sessions, or one folder can be opened", "name fewer")
    if in_terminal:
        raise ConfigError("two sessions are compared in a window", "as a table: ecg-live table A B --out FILE.csv")
    return compare(paths, name)


def _show_session(path: Path, bundle: Path | None, author: str) -> int:
    """Show a session in a window; return the exit code."""
    from ecg_live.dashboard.searching import search

    caught = CaughtSignals()
    with caught.handled(request_quit_later, *session_signals()):
        text = f"opening {path.name}" + (f"; {bundle.stem} answers for it, too" if bundle else "")
        found = search(
            lambda: _open(path, bundle, author, lambda: bool(caught)), "ecg-live", sanitize(text), lambda: bool(caught)
        )
        if found is None:
            print_notice("nothing was opened")
            return 0
        opened, recorded = found
        for warning in opened.warnings:
            print_notice(warning)
        _run_window(opened, recorded, bundle)
    return caught.exit_code


def request_quit_later() -> None:
    """Close the window, if there is one."""
    from ecg_live.dashboard.app import request_quit

    request_quit()


def _run_window(opened: OpenedSession, recorded: RecordedItems, bundle: Path | None) -> None:
    from ecg_live.dashboard.app import run_dashboard
    from ecg_live.dashboard.playback.window import PlaybackWindow
    from ecg_live.presentation.formatting import session_title
    from ecg_live.recorded.playback.trace import RecordedTrace
    from ecg_live.recorded.playback.view import RecordedView

    trace = RecordedTrace(opened.session.files, opened.session.duration)
    view = RecordedView(recorded, trace, time.monotonic, opened.editor)
    texts = opened.session.header_texts
    trace.start()
    run_dashboard(
        view,
        title=session_title(texts.get("participant"), texts.get("session")),
        source=opened.session.files[0].path.name,
        model=_models_text(opened, bundle),
        memory=window_file(),
        make_window=partial(PlaybackWindow, editor=opened.editor),
    )


def _models_text(opened: OpenedSession, bundle: Path | None) -> str:
    """Names of the model that answered in the session, and of today's."""
    from ecg_live.recorded.report.session import parse_json_object

    card = parse_json_object(opened.session.header_texts.get("model", ""))
    recorded = " ".join(str(card[key]) for key in ("name", "created") if card.get(key)) or "not named"
    return f"{recorded} (recorded)" + (f" and {bundle.stem} (today)" if bundle else "")


def _open(
    path: Path, bundle: Path | None, author: str, stopped: Callable[[], bool] = lambda: False
) -> tuple[OpenedSession, RecordedItems]:
    """The session, and its items, with a model's answers if one is given."""
    from ecg_live.recorded.playback.opened import open_session

    opened = open_session(path, author)
    if bundle is None:
        return opened, opened.recorded
    from ecg_live.recorded.playback.other_model import add_todays_answers

    return opened, add_todays_answers(opened.recorded, opened.session, bundle, stopped)


def _list_session(path: Path, bundle: Path | None, author: str, *, as_json: bool) -> int:
    """Print all items of a session; return the exit code, which states whether it is damaged."""
    opened, recorded = _open(path, bundle, author)
    for warning in opened.warnings:
        print_notice(warning)
    if as_json:
        from ecg_live.sinks.jsonl import JsonLines

        lines = JsonLines(sys.stdout, recorded.info.rate)
        for each in recorded.items:
            lines.write(each.item)
        lines.write(recorded.summary)
    else:
        for line in _text_lines(opened, recorded):
            print(sanitize(line))
    damaged = any(not file.checked.sound or file.contents.damage for file in opened.session.files)
    return RecordingError.exit_code if damaged else 0


def _text_lines(opened: OpenedSession, recorded: RecordedItems) -> Iterator[str]:
    """Events of a session as text, and what its windows and heads amount to."""
    from ecg_live.presentation.formatting import capitalise, clock_text, event_text, number_text, session_title
    from ecg_live.results import HrvResult, Prediction, RrInterval

    texts = opened.session.header_texts
    yield f"{session_title(texts.get('participant'), texts.get('session'))}: {clock_text(opened.session.duration)}"
    for each in recorded.items:
        if isinstance(each.item, Prediction | RrInterval | HrvResult):
            continue
        if text := capitalise(event_text(each.item, recorded.info.rate)):
            yield text if text.startswith(clock_text(each.at)) else f"{clock_text(each.at)}  {text}"
    summary, windows = recorded.summary, [each.item for each in recorded.items if isinstance(each.item, Prediction)]
    usable = sum(window.quality.grade != "unusable" for window in windows)
    yield f"{summary.samples:,} samples, {summary.lost:,} lost; {len(windows)} windows, {usable} usable"
    for head in recorded.heads:
        answers = [window.heads[head.name] for window in windows]
        labels = Counter(answer.label for answer in answers if answer.label)
        values = [answer.value for answer in answers if answer.value is not None]
        shares = [f"{label} in {count}" for label, count in sorted(labels.items())]
        shares += [f"mean {number_text(sum(values) / len(values), 2)}"] if values else []
        abstained = sum(answer.abstain is not None for answer in answers)
        yield f"{head.name}: {', '.join([*shares, f'abstained in {abstained}'])}"
