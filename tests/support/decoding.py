"""What the tests of decoders share: a whole recording, read at once and checked for order on the way."""

from pathlib import Path

import numpy as np
import pytest

from devices.files import open_recording
from devices.read_options import ReadOptions
from ecg_live.contracts.decoding import DecodedRecording, decode
from ecg_live.errors import FormatError
from ecg_live.events import F64, Chunk

__all__ = ["DecodedRecording", "decode", "decode_until_error"]


def decode_until_error(path: Path, opening: ReadOptions | None = None, *, match: str) -> F64:
    """All samples before the row that is wrong."""
    parts: list[F64] = []

    def run() -> None:
        for item in open_recording(path, opening or ReadOptions()).chunks(7):
            if isinstance(item, Chunk):
                parts.append(item.samples[:, 0])  # noqa: PERF401 - what came before the error is kept

    with pytest.raises(FormatError, match=match):
        run()
    return np.concatenate(parts)
