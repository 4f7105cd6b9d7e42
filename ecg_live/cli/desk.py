"""Run the start page and the sessions that it begins, one after the other."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ecg_live.cli import print_error
from ecg_live.cli.desk_services import CommandLineServices
from ecg_live.cli.qt_check import why_no_display
from ecg_live.cli.signals import CaughtSignals
from ecg_live.config import window_file
from ecg_live.errors import ConfigError, EcgLiveError
from ecg_live.presentation.desk import split_ids
from ecg_live.preview_items import SessionPlan
from ecg_live.protocols import DeskServices

if TYPE_CHECKING:
    from ecg_live.dashboard.desk.app import Desk


def run_desk(log: str | None = None, services: DeskServices | None = None, *, debug: bool = False) -> int:
    """Show the start page before and after each session, until it is closed; return the exit code.

    Without ``services`` they are those of the command line.

    Raises
    ------
    ConfigError
        There is no display.
    """
    if reason := why_no_display(os.environ):
        raise ConfigError(f"no start page: {reason}", "name a source: ecg-live run SOURCE; ecg-live devices lists them")
    from ecg_live.dashboard.desk.app import Desk

    caught = CaughtSignals()
    desk = Desk(services or CommandLineServices(), window_file(), lambda: bool(caught))
    while not caught:
        with caught.handled(lambda: None, signal.SIGINT, signal.SIGTERM):
            plan = desk.choose()
        if plan is None:
            break
        run_plan(plan, desk, log, debug=debug)
    return caught.exit_code


def run_plan(plan: SessionPlan, desk: Desk, log: str | None, *, debug: bool) -> None:
    """Run a session as ``ecg-live run`` does; what goes wrong is shown on the start page."""
    from ecg_live.cli.live import SessionStart, live

    desk.show_message("")

    def report(error: Exception) -> None:
        print_error(error)
        desk.show_error(error)

    start = SessionStart(report, desk.hide, plan.note)
    try:
        if plan.others:
            from ecg_live.cli.live_wearers import live_wearers

            sources = (plan.source, *plan.others)
            live_wearers(sources, split_ids(plan.participant), wearers_options(plan, log), debug=debug, start=start)
        elif plan.study:
            from ecg_live.cli.desk_studies import planned_session

            planned = planned_session(plan, {"log": log})
            live(planned.source, planned.options, study=planned, debug=debug, start=start)
        else:
            live(plan.source, plan_options(plan) | {"log": log}, debug=debug, start=start)
    except EcgLiveError as error:
        report(error)
    except OSError as error:
        report(EcgLiveError(f"{error.filename or 'a file'}: {error.strerror}", "check the path"))


def wearers_options(plan: SessionPlan, log: str | None) -> dict[str, object]:
    """Options of ``run`` for several wearers, whose recordings go to a folder."""
    options = plan_options(replace(plan, participant="", record=False))
    return options | {"record": plan.folder if plan.record else None, "log": log}


def plan_options(plan: SessionPlan) -> dict[str, object]:
    """Options of ``run`` for a plan.

    A recording from the start has its name already, so that a second one of the same name is refused, not overwritten.
    """
    from ecg_live.cli.recording_names import recording_name

    ids = (plan.participant or None, plan.session or None)
    return {
        "model": plan.model or None,
        "participant": ids[0],
        "session": ids[1],
        "recordings": plan.folder or None,
        "record": str(Path(plan.folder) / recording_name(*ids)) if plan.record else None,
    }
