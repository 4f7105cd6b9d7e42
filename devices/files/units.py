"""Units of voltage as recorders, exports and LSL outlets write them: one parser for all of them."""

from __future__ import annotations

import re
import unicodedata

# Factors to mV by prefix. "MV" is millivolt in capitals: no ECG is in megavolts.
_PREFIX_TO_MV = {"": 1e3, "m": 1.0, "milli": 1.0, "u": 1e-3, "\u03bc": 1e-3, "mc": 1e-3, "micro": 1e-3, "mikro": 1e-3,
             "n": 1e-6, "nano": 1e-6}  # fmt: skip
_PREFIX_PATTERN = "|".join(sorted(filter(None, _PREFIX_TO_MV), key=len, reverse=True))
_VOLT_PATTERN = re.compile(rf"({_PREFIX_PATTERN}|)[\s_-]*v(?:olts?)?")
# Micro signs read in the wrong encoding: UTF-8 (micro sign, Greek letter) as Latin-1, DOS (0xE6) as Latin-1, Mac's
# Greek, Shift-JIS and GBK as Latin-1, and the replacement character for bytes that cannot be decoded.
_MISREAD_MICRO_SIGNS = (
    "\u00c2\u00b5",
    "\u00ce\u00bc",
    "\u00e6",
    "\u0083\u00ca",
    "\u00a6\u00cc",
    "\ufffd\ufffd",
    "\ufffd",
)
_NO_UNIT_PATTERN = re.compile(
    r"|-+|none|nil|null|n/?a|n\.a\.?|unknown|unspecified|not?[ _-]?(?:set|units?)|unitless|\?"
)
# In brackets, or after the name: "ECG uV", "ecg_v"; "lead V" has no unit.
_UNIT_IN_NAME_PATTERN = re.compile(
    r"[\[(]\s*([^\])\[(]+?)\s*[\])]\s*$"
    r"|((?:(?<=[\s_,/:;-])|(?<=ecg)|(?<=ekg))(?:[mun\u00b5\u03bc\ufffd]|milli|micro)v(?:olts?)?|(?<=_)v(?:olts?)?)$",
    re.IGNORECASE,
)


def to_millivolts(unit: str) -> float | None:
    """Return the factor from a unit of voltage to mV; None for any other text.

    Known are V, mV, µV and nV in either case, in words (``microvolts``, ``uVolt``, ``milli volt``), in brackets,
    and with a micro sign in any of its forms and usual misreadings.
    """
    found = _VOLT_PATTERN.fullmatch(_normalise_unit(unit))
    return _PREFIX_TO_MV[found[1]] if found else None


def is_unit_missing(unit: str) -> bool:
    """Whether a unit's field is empty, or holds a placeholder such as ``n/a``."""
    return _NO_UNIT_PATTERN.fullmatch(_normalise_unit(unit)) is not None


def decode_text(field: bytes) -> str:
    """Decode a header's field of unknown encoding: UTF-8, or else Windows-1252."""
    try:
        return field.decode("utf-8")
    except UnicodeDecodeError:
        return field.decode("cp1252", "replace")


def unit_in_name(name: str) -> str:
    """Return the unit at the end of a column's name, as in ``ECG (mV)``, ``ECG [µV]`` or ``ecg_uV``, or ``""``.

    Text in brackets is returned even if it is not a known unit.
    """
    found = _UNIT_IN_NAME_PATTERN.search(name.strip())
    return found[1] or found[2] if found else ""


def _normalise_unit(unit: str) -> str:
    """Lower-case, with Greek mu for every micro sign, without brackets, dots and padding."""
    for misread in _MISREAD_MICRO_SIGNS:
        unit = unit.replace(misread, "\u03bc")
    text = unicodedata.normalize("NFKC", unit).casefold().strip("\0 \t\r\n")
    return text.strip("[](){}<>\"' ").removesuffix(".")
