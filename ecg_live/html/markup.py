"""HTML and SVG that is escaped by construction: what is not `Markup` is text, and text cannot become markup."""

from __future__ import annotations

import html
import math
import re
import statistics
from collections.abc import Iterable, Sequence

NO_VALUE_DASH, MINUS_SIGN = "\u2013", "\u2212"
FORBIDDEN_CHARACTERS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
)  # in HTML, or in UTF-8


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *parts: str | Sequence[str], **attributes: object) -> Markup:
    """An element; ``class_`` is class, an underscore inside a name a hyphen, None leaves an attribute out."""
    inner = join(part if isinstance(part, str) else join(part) for part in parts)
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{inner}</{name}>")


def join(parts: Iterable[str]) -> Markup:
    """Pieces one after the other."""
    return Markup("".join(part if isinstance(part, Markup) else _escape(part) for part in parts))


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str] | Markup], class_: str = "") -> Markup:
    """A table whose rows are cells, the first of which heads its row; or a whole row as markup."""
    head = tag("tr", [tag("th", cell, scope="col") for cell in header])
    body = [row if isinstance(row, Markup) else table_row(row) for row in rows]
    content = (tag("caption", caption), tag("thead", head), tag("tbody", body))
    return tag("div", tag("table", *content, class_=class_ or None), class_="wide")


def table_row(cells: Sequence[str], class_: str | None = None) -> Markup:
    """A row of a table."""
    return tag("tr", tag("th", cells[0], scope="row"), [tag("td", cell) for cell in cells[1:]], class_=class_)


def bullet_list(items: Iterable[str]) -> Markup:
    """A list of points; nothing if there are none."""
    made = [tag("li", item) for item in items]
    return tag("ul", made) if made else Markup("")


def collapsible(summary: str, *content: str) -> Markup:
    """What is shown on request, and in print."""
    return tag("details", tag("summary", summary), *content)


def number(value: float | None, digits: int = 3) -> str:
    """A number, a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NO_VALUE_DASH
    return f"{value:.{digits}f}".replace("-", MINUS_SIGN)


def signed_number(value: float) -> str:
    """A difference with its sign."""
    return number(value) if not math.isfinite(value) or value < 0 else f"+{number(value)}"


def interval_text(interval: tuple[float, float], digits: int = 2) -> str:
    """An interval in words."""
    return f"{number(interval[0], digits)} to {number(interval[1], digits)}"


def with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    """A score, and its interval if there is one."""
    return number(value) if interval is None else f"{number(value)} ({interval_text(interval)})"


def mean_and_sd(values: Iterable[float | None]) -> str:
    """Mean and standard deviation (of a sample) of those that are numbers."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return NO_VALUE_DASH
    spread = statistics.stdev(known) if len(known) > 1 else None
    return f"{number(statistics.fmean(known), 2)} \u00b1 {number(spread, 2)}"


def p_value_text(p: float) -> str:
    """A p-value."""
    if not math.isfinite(p):
        return f"p {NO_VALUE_DASH}"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def count(value: int, thing: str, things: str = "") -> str:
    """How many, with the right word."""
    return f"{value:,} {thing if value == 1 else things or thing + 's'}"


def _escape(text: str) -> str:
    return html.escape(FORBIDDEN_CHARACTERS.sub("\ufffd", text))
