"""A session's doors for markers, and those who knock: programs, slow ones, and enemies."""

from __future__ import annotations

import socket
import stat
import threading
import time
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecg_live.errors import ConfigError
from ecg_live.events import Marker
from ecg_live.markers import connection
from ecg_live.markers import server as marks_server
from ecg_live.markers.protocol import MAX_LINE_BYTES
from ecg_live.markers.registry import MarkerEndpoint, running_sessions
from ecg_live.markers.server import MAX_CONNECTIONS, MAX_UNAUTHENTICATED, MarkerServer
from tests.ecg_live.markers.conftest import Open
from tests.support.marker_desk import NOW, Desk, Program, free
from tests.support.xdf_recordings import until


def tcp(server: MarkerServer) -> MarkerEndpoint:
    return MarkerEndpoint(0, "tcp", port=server.port, token=server.token)


def test_a_program_on_tcp(opened: Open, desk: Desk) -> None:
    server = opened(port=free())
    with Program(tcp(server)) as program:
        assert program.ask(f"TOKEN {server.token}") == "OK"
        assert program.ask("MARK stimulus on") == "OK 100.000000"
        assert program.ask("MARK@4990.5 earlier") == "OK 90.500000"
        assert program.ask("MARK") == "ERR a marker needs a text"
        assert program.ask("MARK again") == "OK 100.000000"
    assert desk.noted == [
        Marker(NOW, "stimulus on", 100.0),
        Marker(4990.5, "earlier", 90.5),
        Marker(NOW, "again", 100.0),
    ]


def test_the_users_own_socket_asks_for_no_token(opened: Open, desk: Desk, runtime: Path) -> None:
    opened(session="S1")
    (door,) = running_sessions()
    assert (door.source, door.session, door.port) == ("supine_1min.txt", "S1", None)
    with Program(door) as program:
        assert program.ask("MARK x") == "OK 100.000000"
    assert desk.texts == ["x"]
    assert stat.S_IMODE((runtime / "ecg-live").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (runtime / "ecg-live").iterdir()} == {0o600}


def test_no_port_is_open_unless_asked_for(opened: Open) -> None:
    assert opened().port is None


@pytest.mark.parametrize("first", ["TOKEN", "TOKEN x", "MARK x", "GET / HTTP/1.1", "TOKEN é", "\x00"])
def test_without_the_token_nothing_is_noted(opened: Open, desk: Desk, first: str) -> None:
    with Program(tcp(opened(port=free()))) as program:
        assert program.ask(first).startswith("ERR the first line must be TOKEN")
        assert program.answer() == ""  # hung up
    assert desk.noted == []


def test_before_the_first_sample_and_after_the_last(opened: Open, desk: Desk) -> None:
    opened()
    desk.silent = True
    with Program(running_sessions()[0]) as program:
        assert program.ask("MARK early") == "OK -"
        desk.ended = True
        assert program.ask("MARK late") == "ERR the session has ended"
    assert desk.texts == ["early"]


def test_a_session_that_is_busy(opened: Open, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MARK_TIMEOUT_S", 0.05)
    opened()
    desk.deaf = True
    with Program(running_sessions()[0]) as program:
        assert program.ask("MARK x").startswith("ERR the session is busy")
    assert desk.texts == ["x"]


def test_the_last_line_needs_no_end(opened: Open, desk: Desk) -> None:
    opened()
    with Program(running_sessions()[0]) as program:
        program.send(b"MARK one\nMARK two")
        program.done()
        assert [program.answer(), program.answer(), program.answer()] == ["OK 100.000000", "OK 100.000000", ""]
    assert desk.texts == ["one", "two"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 60), max_size=6))
def test_answers_do_not_depend_on_how_lines_are_cut(opened: Open, cuts: list[int]) -> None:
    if not running_sessions():
        opened()
    said = "MARK ä\nMARK@4990 b\nNO\nMARK\nMARK c\n".encode()
    edges = [0, *sorted(cuts), len(said)]
    with Program(running_sessions()[0]) as program:
        program.line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        for begin, end in pairwise(edges):
            program.send(said[begin:end])
        program.done()
        answers = [program.answer() for _ in range(6)]
    assert [answer.split(" ")[0] for answer in answers] == ["OK", "OK", "ERR", "ERR", "OK", ""]
    assert answers[:2] == ["OK 100.000000", "OK 90.000000"]


@pytest.mark.parametrize(
    "flood", [b"x" * (MAX_LINE_BYTES + 1), b"MARK " + b"y" * 1_000_000, bytes(range(9, 256)) * 300]
)
def test_a_flood_ends_the_connection_and_nothing_else(opened: Open, desk: Desk, flood: bytes) -> None:
    opened()
    with Program(running_sessions()[0]) as program, Program(running_sessions()[0]) as other:
        with suppress(BrokenPipeError, ConnectionResetError):
            program.send(flood)
            program.done()
        while program.answer():
            pass
        assert other.ask("MARK fine") == "OK 100.000000"
    assert desk.texts == ["fine"]


def test_a_thousand_connections(opened: Open) -> None:
    """Those beyond the limit are told so; they take no room from the user's own socket, and who leaves makes some."""
    server = opened(port=free())
    with ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            assert stack.enter_context(Program(tcp(server))).ask(f"TOKEN {server.token}") == "OK"
        for _ in range(3):
            with Program(tcp(server)) as late:
                assert late.answer() == "ERR too many connections"
        with Program(running_sessions()[0]) as own:
            assert own.ask("MARK x") == "OK 100.000000"
    threads = threading.active_count()
    for _ in range(1000 - MAX_CONNECTIONS):
        with Program(tcp(server)) as stranger:
            assert stranger.ask("let me in").startswith("ERR")
    assert threading.active_count() == threads
    with Program(tcp(server)) as program:
        assert program.ask(f"TOKEN {server.token}") == "OK"


def test_strangers_lock_no_one_out_and_the_session_says_so(opened: Open, desk: Desk) -> None:
    server = opened(port=free())
    with ExitStack() as stack:
        silent = [stack.enter_context(Program(tcp(server))) for _ in range(MAX_UNAUTHENTICATED + 40)]
        for _ in range(3):
            with Program(tcp(server)) as program:
                assert program.ask(f"TOKEN {server.token}") == "OK"
                assert program.ask("MARK x") == "OK 100.000000"
        assert silent[0].answer() == "ERR too many connections that show no token"
        assert silent[0].answer() == ""  # hung up
        assert silent[-1].ask(f"TOKEN {server.token}") == "OK"  # late, and in time
    assert desk.texts == ["x"] * 3
    (warning,) = desk.states
    assert (warning.state, warning.time) == ("warning", NOW)
    assert f"port {server.port}: 1 connection without the session's token turned away" in warning.detail


def test_who_shows_no_token_in_time_is_hung_up_on(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TOKEN_TIMEOUT_S", 0.05)
    with Program(tcp(opened(port=free()))) as program:
        program.send(b"TOK")
        assert program.answer() == "ERR no token within 0.05 s"
        assert program.answer() == ""


def test_it_closes_at_once_whoever_hangs_on(opened: Open, desk: Desk, runtime: Path) -> None:
    server = opened(port=free())
    desk.deaf = True
    with (
        Program(running_sessions()[0]) as waiting,
        Program(tcp(server)) as half,
        Program(running_sessions()[0]) as reader,
    ):
        waiting.send(b"MARK never answered\n")
        half.send(b"TOKEN")
        reader.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        reader.send(b"\n" * 5000)  # and reads no answer
        until(lambda: bool(desk.noted))
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < connection.MARK_TIMEOUT_S
        assert waiting.answer() == ""
    assert list((runtime / "ecg-live").iterdir()) == []
    server.close()  # once more does nothing
    assert not [thread for thread in threading.enumerate() if thread.name == "marks"]


def test_closing_is_no_news(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    server = opened(port=free())
    with Program(tcp(server)) as program, Program(tcp(server)):
        program.ask(f"TOKEN {server.token}")
        server.close()
    assert not caplog.records


def test_a_port_that_is_taken(opened: Open) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"port {port} cannot be opened .*choose another --mark-port"):
            opened(port=port)


def test_where_sockets_have_no_room_there_is_a_port_with_a_token(
    opened: Open, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path too long, or a system without them."""
    monkeypatch.setattr(marks_server, "MAX_SOCKET_PATH_BYTES", 5)
    server = opened()
    (door,) = running_sessions()
    assert (door.path, door.port, door.token) == (None, server.port, server.token)
    with Program(door) as program:
        assert program.ask(f"TOKEN {door.token}") == "OK"
        assert program.ask("MARK x") == "OK 100.000000"


def test_without_a_folder_the_session_goes_on_and_says_so(opened: Open, runtime: Path) -> None:
    (runtime / "ecg-live").write_text("in the way")
    server = opened(port=free())
    assert server.warning is not None
    assert "ecg-live mark will not find this session" in server.warning
    with Program(tcp(server)) as program:
        assert program.ask(f"TOKEN {server.token}") == "OK"
