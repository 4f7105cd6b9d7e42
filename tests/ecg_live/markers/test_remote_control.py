"""LabRecorder's remote control: its lines, where files go, and who may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.errors import EcgLiveError, RecordingError
from ecg_live.markers.protocol import RequestRefused
from ecg_live.markers.registry import MarkerEndpoint
from ecg_live.markers.remote_control import RemoteControl, recording_path
from ecg_live.markers.server import MarkerServer
from tests.support.marker_desk import NOW, Desk, Program, free


@dataclass
class Recordings:
    """Begins and ends recordings; refuses a file that it had before."""

    asked: list[tuple[bool, Path | None]] = field(default_factory=list)

    def record(self, on: bool, path: Path | None, on_done: Callable[[EcgLiveError | None], object] | None) -> None:
        assert on_done is not None
        there = on and path is not None and (True, path) in self.asked
        self.asked.append((on, path))
        on_done(RecordingError(f"{path} exists", "give another name") if there else None)


@contextmanager
def controlled(desk: Desk, recordings: Recordings, root: Path) -> Iterator[tuple[Program, MarkerServer]]:
    """A program at the remote control of a server."""
    port = free()
    control = RemoteControl(recordings.record, desk.over, root)
    with (
        MarkerServer(desk.mark, lambda: NOW, desk.over, "x", remote=(port, control)) as server,
        Program(MarkerEndpoint(0, "tcp", port=port, token=server.token)) as program,
    ):
        yield program, server


def test_a_stimulus_program_starts_and_stops_recordings(desk: Desk, tmp_path: Path) -> None:
    recordings = Recordings()
    with controlled(desk, recordings, tmp_path) as (program, server):
        assert program.ask(f"TOKEN {server.token}") == "OK"
        assert program.ask("select all") == program.ask("update") == "OK"
        assert program.ask("filename {template:%p_%b.xdf}{participant:P01}{task:rest}") == "OK"
        assert program.ask("start") == program.ask("stop") == program.ask("start") == program.ask("stop") == "OK"
        assert program.ask("filename {template:P01_rest.xdf}") == "OK"
        assert program.ask("start").startswith(f"ERR {tmp_path / 'P01_rest.xdf'} exists")
    named = tmp_path / "P01_rest.xdf"
    assert recordings.asked == [(True, named), (False, None), (True, None), (False, None), (True, named)]


def test_without_the_token_nothing_is_recorded(desk: Desk, tmp_path: Path) -> None:
    recordings = Recordings()
    with controlled(desk, recordings, tmp_path) as (program, _):
        assert program.ask("start").startswith("ERR the first line must be TOKEN")
        assert program.answer() == ""  # hung up
    assert recordings.asked == []


@pytest.mark.parametrize("line", ["Start", "select none", "MARK x", "", "filename", "filename a.xdf"])
def test_what_is_no_command_is_refused_and_the_next_is_served(desk: Desk, tmp_path: Path, line: str) -> None:
    recordings = Recordings()
    with controlled(desk, recordings, tmp_path) as (program, server):
        program.ask(f"TOKEN {server.token}")
        assert program.ask(line).startswith("ERR ")
        assert program.ask("start") == "OK"
    assert recordings.asked == [(True, None)]


def test_after_the_session_nothing_begins(desk: Desk, tmp_path: Path) -> None:
    with controlled(desk, Recordings(), tmp_path) as (program, server):
        program.ask(f"TOKEN {server.token}")
        desk.ended = True
        assert program.ask("start") == "ERR the session has ended"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ("{participant:P01}{task:rest}", "sub-P01/ses-S001/physio/sub-P01_ses-S001_task-rest_run-001_physio.xdf"),
        (r"{template:exp%n\%p_block_%b.xdf}{run:2}{participant:P3}{task:Memory}", "exp2/P3_block_Memory.xdf"),
        ("{template:%p.XDF}{participant:../P1}", ".._P1.XDF"),
    ],
)
def test_templates(tmp_path: Path, fields: str, name: str) -> None:
    assert recording_path(fields, tmp_path) == tmp_path / name
    other = tmp_path / "elsewhere"
    assert recording_path(f"{{root:{other}}}{fields}", tmp_path) == other / name


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("{template:../%p.xdf}", "does not name a file below its root"),
        ("{template:/etc/%p.xdf}", "does not name a file below its root"),
        ("{template:%p.csv}", "does not end in .xdf"),
        ("{template:a.xdf}{root:data}", "is not the whole path of a folder"),
        ("{templat:a.xdf}", "has no field 'templat'"),
        ("{template:a.xdf} and more", "needs fields such as"),
    ],
)
def test_what_names_no_file_of_ours_is_refused(tmp_path: Path, fields: str, reason: str) -> None:
    with pytest.raises(RequestRefused, match=reason):
        recording_path(fields, tmp_path)


@given(st.dictionaries(st.sampled_from(["participant", "session", "task", "run", "template"]), st.text(max_size=20)))
def test_no_value_leads_out_of_the_root(values: dict[str, str]) -> None:
    root = Path("/data")
    try:
        path = recording_path("".join(f"{{{name}:{value}}}" for name, value in values.items()), root)
    except RequestRefused:
        return
    assert root in path.parents
    assert ".." not in path.parts
