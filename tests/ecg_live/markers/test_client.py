"""Finding a running session, and noting a marker in it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from ecg_live.errors import ConfigError, DeviceError, DeviceNotFound
from ecg_live.markers import client
from ecg_live.markers.client import NotedMarker, find_session, send_marker
from ecg_live.markers.registry import MarkerEndpoint, running_sessions, socket_folder
from tests.ecg_live.markers.conftest import Open
from tests.support.marker_desk import NOW, Desk, Program, free


def meant(
    port: int | None = None, token: str | None = None, pid: int | None = None, session: str | None = None
) -> MarkerEndpoint:
    return find_session(port, token, pid, session)


def test_the_one_session_is_found_by_itself(opened: Open, desk: Desk) -> None:
    opened()
    assert send_marker(meant(), "stimulus on", NOW - 1) == NotedMarker(99.0, saved=True)
    desk.silent = True
    assert send_marker(meant(pid=os.getpid()), "a\nb", NOW) == NotedMarker(None, saved=True)
    assert desk.texts == ["stimulus on", "a b"]


def test_none_runs() -> None:
    with pytest.raises(DeviceNotFound, match="no session runs on this machine"):
        meant()
    with pytest.raises(DeviceNotFound, match="no session with process id 1 runs"):
        meant(pid=1)


def test_of_several_one_is_chosen(opened: Open) -> None:
    first, second = opened(session="A"), opened(session="B", port=free())
    with pytest.raises(ConfigError, match=r"several sessions run: .*session A.*session B|B.*A.*choose one"):
        meant()
    assert meant(session="A").session == "A"
    assert meant(port=second.port).session == "B"
    with pytest.raises(DeviceNotFound, match=r"no session named C.*choose one that runs: .*session A.*session B|B.*A"):
        meant(session="C")
    first.close()
    assert meant().session == "B"


def test_by_port_and_token(opened: Open, desk: Desk) -> None:
    server = opened(port=free())
    assert send_marker(meant(port=server.port), "token looked up", NOW).raw == 100.0
    assert send_marker(meant(port=server.port, token=server.token), "token given", NOW).raw == 100.0
    with pytest.raises(ConfigError, match=r"must be TOKEN.*give the --token"):
        send_marker(meant(port=server.port, token=server.token[1:]), "x", NOW)
    assert desk.texts == ["token looked up", "token given"]
    port = free()
    with pytest.raises(DeviceNotFound, match=f"^port {port} does not answer"):
        send_marker(meant(port=port), "x", NOW)


def test_a_session_that_hangs_may_note_it_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as hung, pytest.raises(DeviceNotFound, match="may note the marker"):
        send_marker(MarkerEndpoint(7, "x", port=hung.getsockname()[1]), "x", NOW)


def test_a_session_that_refuses(opened: Open, desk: Desk) -> None:
    opened()
    with pytest.raises(DeviceError, match="is not on the session clock"):
        send_marker(meant(), "x", NOW + 100)
    desk.ended = True
    with pytest.raises(DeviceError, match="the session has ended"):
        send_marker(meant(), "x", NOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "the text is empty"), (" \x00", "is empty.*give one"), ("x" * 5000, "a line holds 4096 bytes")],
)
def test_a_text_that_is_none(opened: Open, desk: Desk, text: str, why: str) -> None:
    opened()
    with pytest.raises(ConfigError, match=why):
        send_marker(meant(), text, NOW)
    assert desk.noted == []


def test_what_killed_sessions_left_is_removed(runtime: Path) -> None:
    place = socket_folder()
    path = place / "1-aa.sock"
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(path))
    (place / "1-aa.json").write_text(json.dumps({"pid": 1, "source": "x", "path": str(path)}))
    (place / "2-bb.json").write_text(json.dumps({"pid": 2, "source": "y", "port": free(), "token": "t"}))
    (place / "3-cc.json").write_text(json.dumps({"pid": 3, "source": "y", "path": str(place / "gone.sock")}))
    (place / "4-dd.json").write_text('{"later": "version"}')
    (place / "5-ee.json").write_text("torn")
    assert running_sessions() == []
    assert sorted(each.name for each in place.iterdir()) == ["4-dd.json", "5-ee.json"]


def test_a_folder_of_somebody_else_is_not_used(runtime: Path) -> None:
    (runtime / "elsewhere").mkdir()
    (runtime / "ecg-live").symlink_to(runtime / "elsewhere")
    with pytest.raises(OSError, match=r"belongs to another user|runtime"):
        socket_folder()
    assert running_sessions() == []


def test_a_marker_that_no_recording_has_is_noted_and_not_saved(opened: Open, desk: Desk) -> None:
    opened()
    desk.recorded = False
    assert send_marker(meant(), "x", NOW) == NotedMarker(100.0, saved=False)
    with Program(running_sessions()[0]) as program:
        assert [program.ask(text) for text in ("MARK y", "SAVED")] == ["OK 100.000000", "OK no"]
        desk.recorded = True
        assert program.ask("SAVED") == "OK yes"
    assert desk.texts == ["x", "y"]
