"""XML of an XDF file: file header, stream headers and stream footers."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from datetime import datetime
from html import escape
from uuid import uuid4

from ecg_live import __version__
from ecg_live.events import StreamInfo
from ecg_live.xdf.encode import ECG_LIVE_ELEMENT
from ecg_live.xdf.stream_spec import StreamSpec

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_PROLOGUE = '<?xml version="1.0"?>'


def element(name: str, *content: str) -> str:
    """An element around others."""
    return f"<{name}>{''.join(content)}</{name}>"


def leaf(name: str, value: object) -> str:
    """An element around a text; what XML cannot hold becomes a question mark."""
    return element(name, escape(_FORBIDDEN.sub("?", str(value)), quote=False))


def file_header(now: datetime, part: int, session: str) -> bytes:
    """XML of the file; ``part`` counts the files of a recording from 1, ``session`` is the same in all of them."""
    fields = (
        leaf("version", "1.0"),
        leaf("datetime", now.strftime("%Y-%m-%dT%H:%M:%S%z")),  # LabRecorder's form; MNELAB reads no other
        leaf("software", f"ecg-live {__version__}"),
        leaf("recording", session),
        leaf("part", part),
    )
    return _document(*fields)


def stream_header(spec: StreamSpec, info: StreamInfo, created: float, texts: Mapping[str, str]) -> bytes:
    """XML of a stream's header.

    Parameters
    ----------
    spec : StreamSpec
    info : StreamInfo
        Of the source.
    created : float
        Session clock when the stream was created.
    texts : mapping of str to str
        Further fields of every stream; ``model``, the model's card, goes to the predictions only.
    """
    fields = {
        "name": spec.name,
        "type": spec.kind,
        "channel_count": len(spec.channels),
        "channel_format": spec.form,
        "source_id": spec.source_id or f"{info.source_id}/{spec.key}",
        "nominal_srate": repr(float(spec.rate)),
        "version": "1.10",
        "created_at": repr(created),
        "uid": uuid4(),
        "session_id": texts.get("session", "default"),
        "hostname": socket.gethostname(),
    }
    own = {"key": spec.key, "software": f"ecg-live {__version__}", "speed": info.speed}
    if spec.key == "ecg":
        own["ecg"] = info.channels[info.ecg]
        own |= dict(zip(("lowest", "highest"), map(repr, info.full_scale), strict=True)) if info.full_scale else {}
    own |= {key: text for key, text in texts.items() if key != "model" or spec.key == "predictions"}
    described = [
        element("channel", leaf("label", each.label), leaf("unit", each.unit), leaf("type", each.kind))
        for each in spec.channels
    ]
    desc = element("desc", element("channels", *described), element(ECG_LIVE_ELEMENT, *_leaves(own)))
    return _document(*_leaves(fields), desc)


def stream_footer(first: float, last: float, count: int) -> bytes:
    """XML of a stream's footer."""
    fields = {"first_timestamp": repr(first), "last_timestamp": repr(last), "sample_count": count}
    return _document(*_leaves(fields))


def _document(*content: str) -> bytes:
    """In ASCII with character references: EEGLAB's ``load_xdf.m`` reads as many characters as there are bytes."""
    return (_PROLOGUE + element("info", *content)).encode("ascii", "xmlcharrefreplace")


def _leaves(values: Mapping[str, object]) -> list[str]:
    return [leaf(name, value) for name, value in values.items()]
