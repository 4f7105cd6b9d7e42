"""Streams of several wearers in one file: each header names its wearer, and its key has a field of its own.

A stream ``ECG`` of wearer ann is ``ann/ECG``. Our readers of one session look for the field ``key``; in such a file it
is ``wearer_key``, so that none of them takes one wearer's stream for another's.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from ecg_live.errors import FormatError
from ecg_live.xdf.decode import DAMAGED_REMEDY, StreamHeader
from ecg_live.xdf.encode import ECG_LIVE_ELEMENT

WEARER_FIELD, WEARER_KEY_FIELD, KEY_FIELD = "wearer", "wearer_key", "key"
WEARER_DATE_FIELD = "wearer_datetime"  # of the wearer's recording: the file has that of the first
NAME_JOINT = "/"  # between wearer and stream
_PROLOGUE = b'<?xml version="1.0"?>'


def joined_header(header: bytes, wearer: str, date: str) -> bytes:
    """XML of a stream's header in a file of several wearers; ``date`` is that of the wearer's own file.

    Raises
    ------
    FormatError
        The stream is not our recorder's.
    """
    root, own = _parse(header)
    key = own.find(KEY_FIELD)
    if key is None:
        raise FormatError("a stream of another program", "join recordings of ecg-live only")
    key.tag = WEARER_KEY_FIELD
    ET.SubElement(own, WEARER_FIELD).text = wearer
    ET.SubElement(own, WEARER_DATE_FIELD).text = date
    name = root.find("name")
    if name is not None:
        name.text = f"{wearer}{NAME_JOINT}{name.text or ''}"
    return _document(root)


def single_header(header: bytes) -> bytes:
    """XML of a stream's header as it was before it was joined.

    Raises
    ------
    FormatError
        The stream is none of several wearers.
    """
    root, own = _parse(header)
    key, wearer, name = own.find(WEARER_KEY_FIELD), own.find(WEARER_FIELD), root.find("name")
    if key is None or wearer is None:
        raise FormatError("a stream that names no wearer", DAMAGED_REMEDY)
    key.tag = KEY_FIELD
    for each in (wearer, own.find(WEARER_DATE_FIELD)):
        if each is not None:  # older files have no date
            own.remove(each)
    if name is not None:
        name.text = (name.text or "").removeprefix(f"{wearer.text}{NAME_JOINT}")
    return _document(root)


def wearers_of(streams: Iterable[StreamHeader]) -> list[str]:
    """The wearers that streams name, in their order."""
    return list(dict.fromkeys(stream.own[WEARER_FIELD] for stream in streams if WEARER_KEY_FIELD in stream.own))


def several_wearers_error(name: str, wearers: Iterable[str]) -> FormatError:
    """The error of a reader of one session for a file of several wearers."""
    listed = list(wearers)
    found = f"{len(listed)} wearers: {', '.join(listed)}"
    return FormatError(f"{name} holds the recordings of {found}", f"ecg-live split {name} makes a file of each")


def _parse(header: bytes) -> tuple[ET.Element, ET.Element]:
    try:
        root = ET.fromstring(header.decode("utf-8", "replace").strip("\0 \r\n"))  # noqa: S314 - expat refuses bombs
    except ET.ParseError as error:
        raise FormatError(f"a stream header is not XML: {error}", DAMAGED_REMEDY) from error
    own = root.find(f"desc/{ECG_LIVE_ELEMENT}")
    if own is None:
        raise FormatError("a stream of another program", "join recordings of ecg-live only")
    return root, own


def _document(root: ET.Element) -> bytes:
    """In ASCII with character references, as all our headers."""
    content: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=False)
    return _PROLOGUE + content
