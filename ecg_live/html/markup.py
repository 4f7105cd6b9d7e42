"""HTML and SVG that is escaped by construction: what is not `Html` is text, and text cannot become markup."""

from __future__ import annotations

import html
import math
import re
import statistics
from collections.abc import Iterable, Sequence

DASH, MINUS = "\u2013", "\u2212"
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # in HTML, or in UTF-8


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *parts: str | Sequence[str], **attributes: object) -> Html:
    """An element; ``class_`` is class, an underscore inside a name a hyphen, None leaves an attribute out."""
    inner = join(part if isinstance(part, str) else join(part) for part in parts)
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{given}>{inner}</{name}>")


def join(parts: Iterable[str]) -> Html:
    """Pieces one after the other."""
    return Html("".join(part if isinstance(part, Html) else _escape(part) for part in parts))


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str] | Html], class_: str = "") -> Html:
    """A table whose rows are cells, the first of which heads its row; or a whole row as markup."""
    head = tag("tr", [tag("th", cell, scope="col") for cell in header])
    body = [row if isinstance(row, Html) else table_row(row) for row in rows]
    content = (tag("caption", caption), tag("thead", head), tag("tbody", body))
    return tag("div", tag("table", *content, class_=class_ or None), class_="wide")


def table_row(cells: Sequence[str], class_: str | None = None) -> Html:
    """A row of a table."""
    return tag("tr", tag("th", cells[0], scope="row"), [tag("td", cell) for cell in cells[1:]], class_=class_)


def bullets(items: Iterable[str]) -> Html:
    """A list of points; nothing if there are none."""
    made = [tag("li", item) for item in items]
    return tag("ul", made) if made else Html("")


def folded(summary: str, *content: str) -> Html:
    """What is shown on request, and in print."""
    return tag("details", tag("summary", summary), *content)


def number(value: float | None, digits: int = 3) -> str:
    """A number, a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:.{digits}f}".replace("-", MINUS)


def signed(value: float) -> str:
    """A difference with its sign."""
    return number(value) if not math.isfinite(value) or value < 0 else f"+{number(value)}"


def between(interval: tuple[float, float], digits: int = 2) -> str:
    """An interval in words."""
    return f"{number(interval[0], digits)} to {number(interval[1], digits)}"


def with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    """A score, and its interval if there is one."""
    return number(value) if interval is None else f"{number(value)} ({between(interval)})"


def mean_and_spread(values: Iterable[float | None]) -> str:
    """Mean and standard deviation (of a sample) of those that are numbers."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return DASH
    spread = statistics.stdev(known) if len(known) > 1 else None
    return f"{number(statistics.fmean(known), 2)} \u00b1 {number(spread, 2)}"


def chance(p: float) -> str:
    """A p-value."""
    if not math.isfinite(p):
        return f"p {DASH}"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def count(value: int, thing: str, things: str = "") -> str:
    """How many, with the right word."""
    return f"{value:,} {thing if value == 1 else things or thing + 's'}"


def _escape(text: str) -> str:
    return html.escape(FORBIDDEN.sub("\ufffd", text))
