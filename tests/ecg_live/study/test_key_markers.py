"""Named keys: what they note, intervals, undo."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ecg_live.study.key_markers import KeyMarkers, NamedKeyStatus
from ecg_live.study.marker_texts import spans, without_undone
from ecg_live.study.plan import KeyMarker

KEYS = {"1": KeyMarker("stimulus on"), "2": KeyMarker("cold", interval=True)}


def test_a_key_notes_its_text_and_an_interval_its_start_and_stop_by_turns() -> None:
    keys = KeyMarkers(KEYS)
    assert [keys.press(key) for key in "12213"] == [
        "stimulus on", "interval/cold/start", "interval/cold/stop", "stimulus on", None,
    ]  # fmt: skip
    assert keys.status() == (
        NamedKeyStatus("1", "stimulus on", interval=False, count=2, open=False),
        NamedKeyStatus("2", "cold", interval=True, count=1, open=False),
    )


def test_undo_takes_back_the_newest_and_opens_an_interval_again() -> None:
    keys = KeyMarkers(KEYS)
    for key in "122":
        keys.press(key)
    keys.noted("coughed")
    assert keys.undo() == "undo/coughed"
    assert keys.undo() == "undo/interval/cold/stop"
    assert keys.status()[1].open
    assert keys.undo() == "undo/interval/cold/start"
    assert not keys.status()[1].open
    assert keys.undo() == "undo/stimulus on"
    assert keys.undo() is None
    assert [each.count for each in keys.status()] == [0, 0]


def test_the_end_of_a_session_closes_open_intervals() -> None:
    keys = KeyMarkers(KEYS)
    keys.press("2")
    assert keys.close() == ("interval/cold/stop",)
    assert keys.close() == ()


@given(st.lists(st.sampled_from(["1", "2", "undo"]), max_size=30))
def test_legend_and_file_agree(presses: list[str]) -> None:
    keys, texts = KeyMarkers(KEYS), []
    for press in presses:
        text = keys.undo() if press == "undo" else keys.press(press)
        texts += [] if text is None else [text]
    markers = [(float(k), text) for k, text in enumerate(texts)]
    stimulus, cold = keys.status()
    assert stimulus.count == sum(text == "stimulus on" for _, text in without_undone(markers))
    assert cold.count == len(spans(markers))
    assert cold.open == any(span.stop is None for span in spans(markers))
