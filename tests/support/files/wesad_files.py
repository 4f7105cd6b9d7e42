"""WESAD's pickles, instruction by instruction as Python 2 wrote them, or by numpy as a copy saved again is."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
SPECIAL = {9: b"\\t", 10: b"\\n", 13: b"\\r", 39: b"\\'", 92: b"\\\\"}
SPELT = [SPECIAL.get(b) or (bytes([b]) if 32 <= b < 127 else b"\\x%02x" % b) for b in range(256)]  # as repr does


def short(text: bytes) -> bytes:
    """A text of Python 2, protocol 2."""
    return b"U" + bytes([len(text)]) + text


def array2(values: Numbers, raw: bytes | None = None, code: bytes | None = None) -> bytes:
    """An array as Python 2 and protocol 2 write it."""
    data = values.tobytes() if raw is None else raw
    made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
    made += b"(" + b"".join(b"J" + struct.pack("<i", length) for length in values.shape) + b"t"
    made += b"cnumpy\ndtype\n" + short(code or values.dtype.str[1:].encode()) + b"K\x00K\x01\x87R(K\x03"
    made += short(values.dtype.str[:1].encode()) + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    return made + b"\x89T" + struct.pack("<i", len(data)) + data + b"tb"


def array0(values: Numbers) -> bytes:
    """An array as Python 2 writes it if nobody says how: protocol 0, data as the text of a string in source code."""
    data = b"".join(map(SPELT.__getitem__, values.tobytes()))
    shape = b"".join(b"I%d\n" % length if i else b"L%dL\n" % length for i, length in enumerate(values.shape))
    order, code = values.dtype.str[:1].encode(), values.dtype.str[1:].encode()
    made = b"cnumpy.core.multiarray\n_reconstruct\np5\n(cnumpy\nndarray\np6\n(I0\ntp7\nS'b'\np8\ntp9\nRp10\n(I1\n("
    made += shape + b"tp11\ncnumpy\ndtype\np12\n(S'" + code + b"'\np13\nI0\nI1\ntp14\nRp15\n(I3\nS'" + order
    made += b"'\np16\nNNNI-1\nI-1\nI0\ntp17\nbI00\nS'" + data + b"'\np18\ntp19\nb"
    return made


def mapping2(items: Mapping[str, Any]) -> bytes:
    """Dictionaries of arrays and texts, protocol 2; what is bytes is taken as it is."""
    made = b"}q\x01("
    for key, value in items.items():
        made += short(key.encode())
        made += mapping2(value) if isinstance(value, Mapping) else value if isinstance(value, bytes) else array2(value)
    return made + b"u"


def mapping0(items: Mapping[str, Any]) -> bytes:
    """Dictionaries of arrays and texts, protocol 0."""
    made = b"(dp1\n"
    for key, value in items.items():
        made += b"S'" + key.encode() + b"'\np2\n"
        made += mapping0(value) if isinstance(value, Mapping) else value if isinstance(value, bytes) else array0(value)
        made += b"s"
    return made


def content(ecg: Numbers, label: Numbers) -> dict[str, Any]:
    """What a pickle of one person holds, as far as anyone reads it, and some of what nobody does."""
    acc = np.full((len(ecg), 3), 0.5)
    wrist = {"BVP": np.zeros((3, 1)), "TEMP": np.zeros((2, 1))}
    chest = {"ACC": acc, "ECG": ecg, "Temp": np.full((len(ecg), 1), 33, np.float32)}
    return {"signal": {"wrist": wrist, "chest": chest}, "label": label}


def counted(n: int) -> Numbers:
    """An ECG (n, 1) whose samples are their own index."""
    return np.arange(float(n))[:, None]


def write2(path: Path, items: Mapping[str, Any]) -> Path:
    """Protocol 2."""
    path.write_bytes(b"\x80\x02" + mapping2({**items, "subject": short(path.stem.encode())}) + b".")
    return path


def write0(path: Path, items: Mapping[str, Any]) -> Path:
    """Protocol 0."""
    path.write_bytes(mapping0({**items, "subject": b"S'" + path.stem.encode() + b"'\n"}) + b".")
    return path


def labels(*runs: tuple[int, int]) -> Numbers:
    """Labels as code and number of samples, run by run."""
    return np.concatenate([np.full(count, code, np.int32) for code, count in runs])
