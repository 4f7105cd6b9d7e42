"""HTML and SVG elements that escape their text (`markupsafe`), and numbers as pages show them.

Every ``str`` that is not a `markupsafe.Markup` is text: it is escaped, and cannot become markup.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Sequence

import markupsafe
from markupsafe import Markup

NO_VALUE_DASH, MINUS_SIGN = "\u2013", "\u2212"
# control characters, surrogates and non-characters, which neither HTML nor UTF-8 allows
FORBIDDEN_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> Markup:
    """Escape text, and replace characters that a page must not contain; return `Markup` as it is."""
    return text if isinstance(text, Markup) else markupsafe.escape(FORBIDDEN_CHARACTERS.sub("\ufffd", text))


def tag(name: str, *parts: str | Sequence[str], **attributes: object) -> Markup:
    """Make an element.

    Parameters
    ----------
    name : str
        Name of the element.
    *parts : str or sequence of str
        Its content; text is escaped.
    **attributes : object
        ``class_`` is written ``class``, an underscore inside a name becomes a hyphen, None leaves the attribute out.
    """
    inner = join(part if isinstance(part, str) else join(part) for part in parts)
    given = join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), escape(str(value)))
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>{inner}</{name}>")  # noqa: S704 - both are escaped


def join(parts: Iterable[str]) -> Markup:
    """Concatenate markup and text; text is escaped."""
    return Markup().join(map(escape, parts))


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str] | Markup], class_: str = "") -> Markup:
    """Make a table.

    Parameters
    ----------
    caption : str
        Title of the table.
    header : sequence of str
        Names of the columns.
    rows : iterable
        Each row as its cells, the first of which is the row's header, or as a complete ``tr`` element.
    class_ : str, optional
        Class of the table in the style sheet.
    """
    head = tag("tr", [tag("th", cell, scope="col") for cell in header])
    body = [row if isinstance(row, Markup) else table_row(row) for row in rows]
    content = (tag("caption", caption), tag("thead", head), tag("tbody", body))
    return tag("div", tag("table", *content, class_=class_ or None), class_="wide")


def table_row(cells: Sequence[str], class_: str | None = None) -> Markup:
    """Make a row of a table; its first cell is the header of the row."""
    return tag("tr", tag("th", cells[0], scope="row"), [tag("td", cell) for cell in cells[1:]], class_=class_)


def bullet_list(items: Iterable[str]) -> Markup:
    """Make a list of points; empty without items."""
    points = [tag("li", item) for item in items]
    return tag("ul", points) if points else Markup()


def collapsible(summary: str, *content: str) -> Markup:
    """Make a part that opens on request, and in print."""
    return tag("details", tag("summary", summary), *content)


def number(value: float | None, digits: int = 3) -> str:
    """Format a number; None and NaN become a dash."""
    if value is None or not math.isfinite(value):
        return NO_VALUE_DASH
    return f"{value:.{digits}f}".replace("-", MINUS_SIGN)


def signed_number(value: float) -> str:
    """Format a difference with its sign."""
    return number(value) if not math.isfinite(value) or value < 0 else f"+{number(value)}"


def interval_text(interval: tuple[float, float], digits: int = 2) -> str:
    """Format an interval as "low to high"."""
    return f"{number(interval[0], digits)} to {number(interval[1], digits)}"


def with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    """Format a score, and its interval if there is one."""
    return number(value) if interval is None else f"{number(value)} ({interval_text(interval)})"


def mean_and_sd(values: Iterable[float | None]) -> str:
    """Format mean and sample standard deviation of the finite values."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return NO_VALUE_DASH
    deviation = statistics.stdev(finite) if len(finite) > 1 else None
    return f"{number(statistics.fmean(finite), 2)} \u00b1 {number(deviation, 2)}"


def p_value_text(p: float) -> str:
    """Format a p-value."""
    if not math.isfinite(p):
        return f"p {NO_VALUE_DASH}"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def count(value: int, singular: str, plural: str = "") -> str:
    """Format how many there are, with singular or plural (default: singular + "s")."""
    return f"{value:,} {singular if value == 1 else plural or singular + 's'}"
