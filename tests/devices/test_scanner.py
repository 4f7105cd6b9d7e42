"""The scan of the start page: what is found, what failed, and what rests."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event

from devices.discovery import BluetoothDevice, LslStream, SerialPort, lsl_streams
from devices.scanner import Searcher, SourceScanner, found_devices, found_ports, found_streams
from ecg_live.errors import DeviceError
from ecg_live.preview_items import FoundSource, ScanProblem
from tests.emulators.lsl_outlets import outlet
from tests.support.lsl_streams import name

PATIENCE_S = 20.0
STRAP = FoundSource("polar:H10", "Polar H10", "H10")


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for a condition that another thread makes true."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Looks:
    """What a search gives, round by round; the last answer is given again and again."""

    def __init__(self, *answers: Sequence[FoundSource] | Exception) -> None:
        self.answers = list(answers)
        self.rounds = 0

    def __call__(self) -> Sequence[FoundSource]:
        self.rounds += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_what_is_looked_for_is_said_at_once_and_what_is_found_is_published() -> None:
    go = Event()

    def look() -> Sequence[FoundSource]:
        go.wait(PATIENCE_S)
        return [STRAP]

    scanner = SourceScanner([Searcher("Bluetooth devices", look)], between=0.01)
    assert scanner.found.searching == ("Bluetooth devices",)
    assert scanner.found.sources == ()
    go.set()
    wait_until(lambda: scanner.found.sources == (STRAP,))
    scanner.close()


def test_a_search_that_fails_is_a_problem_until_it_is_retried_and_the_others_go_on() -> None:
    failing = Looks(DeviceError("no adapter", "plug one in"), [STRAP])
    broken = Looks(ImportError("liblsl.so is missing"))
    scanner = SourceScanner([Searcher("Bluetooth devices", failing), Searcher("LSL streams", broken)], between=0.01)
    wait_until(lambda: len(scanner.found.problems) == 2 and not scanner.found.searching)
    assert ScanProblem("no adapter", "plug one in") in scanner.found.problems
    assert any("liblsl.so is missing" in problem.message for problem in scanner.found.problems)
    scanner.retry()
    wait_until(lambda: scanner.found.sources == (STRAP,))
    scanner.close()


def test_the_radio_rests_while_a_device_is_connected_and_what_was_found_stays() -> None:
    now = [0.0]
    radio, cable = Looks([STRAP]), Looks([])
    searchers = [Searcher("Bluetooth devices", radio, radio=True), Searcher("serial ports", cable)]
    scanner = SourceScanner(searchers, lambda: now[0], between=0.01)
    wait_until(lambda: bool(scanner.found.sources))
    scanner.pause(True)
    wait_until(lambda: "Bluetooth devices" not in scanner.found.searching)
    rounds, others = radio.rounds, cable.rounds
    now[0] = 1000.0
    wait_until(lambda: cable.rounds > others + 2)
    assert (radio.rounds, scanner.found.sources) == (rounds, (STRAP,))
    scanner.pause(False)
    wait_until(lambda: radio.rounds > rounds)
    scanner.close()


def test_a_source_without_a_sign_is_forgotten() -> None:
    now = [0.0]
    looks = Looks([STRAP], [])
    scanner = SourceScanner([Searcher("LSL streams", looks)], lambda: now[0], between=0.01)
    wait_until(lambda: looks.rounds > 3)
    assert scanner.found.sources == (STRAP,)  # a scan may miss one
    now[0] = 60.0
    wait_until(lambda: scanner.found.sources == ())
    scanner.close()


def test_a_real_stream_appears_with_kind_and_rate() -> None:
    stream = name()
    with outlet("--name", stream):
        searcher = Searcher("LSL streams", lambda: found_streams(lsl_streams(0.3)))
        scanner = SourceScanner([searcher], between=0.01)
        wait_until(lambda: any(each.name == stream for each in scanner.found.sources))
        (found,) = [each for each in scanner.found.sources if each.name == stream]
        assert (found.source, found.kind, found.rate) == (f"lsl:{stream}", "LSL, ECG", 256.0)
        scanner.close()


def test_rows_of_devices_leave_out_what_gives_no_ecg() -> None:
    marks = LslStream("", "Marks", "Markers", 1, 0.0, "pc", "", "u1")
    eeg = LslStream("lsl:Cap", "Cap", "EEG", 32, 500.0, "pc", "", "u2")
    ecg = LslStream("lsl:Lab", "Lab", "ECG", 1, 256.0, "pc", "", "u3")
    assert [row.name for row in found_streams([marks, eeg, ecg])] == ["Lab", "Cap"]
    devices = [BluetoothDevice("polar:H10", "Polar H10", "H10", "AA", -60), BluetoothDevice("", "", "TV", "BB", -40)]
    assert [(row.name, row.rate, row.rssi) for row in found_devices(devices)] == [("H10", 130.0, -60)]
    bare = SerialPort("shimmer:/dev/ttyS0", "/dev/ttyS0", "n/a")
    bound = SerialPort("shimmer:/dev/rfcomm0", "/dev/rfcomm0", "n/a")
    assert [row.name for row in found_ports([bare, bound])] == ["/dev/rfcomm0"]


def test_closing_ends_the_rounds() -> None:
    looks = Looks([])
    scanner = SourceScanner([Searcher("LSL streams", looks)], between=0.0)
    wait_until(lambda: looks.rounds > 2)
    scanner.close()
    wait_until(lambda: scanner.found.searching == ())
