"""Frames: whole ones are read, damaged and torn ones are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_live.errors import ProtocolError
from ecg_live.nats.frames import FrameKind, StreamFrame, decode_frames, intact_frames

FRAMES = st.builds(
    StreamFrame,
    st.sampled_from(FrameKind),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=80),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.integers(0, 2**32 - 1),
)


@given(st.lists(FRAMES, max_size=5), st.data())
def test_frames_come_back_and_a_torn_end_is_left_out(frames: list[StreamFrame], data: st.DataObject) -> None:
    whole = b"".join(frame.encode() for frame in frames)
    assert decode_frames(whole) == frames
    assert sum(frame.size for frame in frames) == len(whole)
    cut = data.draw(st.integers(0, len(whole)))
    found, used = intact_frames(whole[:cut])
    assert found == frames[: len(found)]
    assert used <= cut < used + (frames[len(found)].size if len(found) < len(frames) else 1)


@given(FRAMES, st.data())
def test_a_changed_byte_is_noticed(frame: StreamFrame, data: st.DataObject) -> None:
    whole = bytearray(frame.encode())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ProtocolError):
        decode_frames(bytes(whole))


def test_another_version_is_named() -> None:
    whole = bytearray(StreamFrame(FrameKind.END, 1, 1, b"{}").encode())
    whole[2] = 2
    with pytest.raises(ProtocolError, match=r"version 2; this ecg-live reads version 1.*one version"):
        decode_frames(bytes(whole))
