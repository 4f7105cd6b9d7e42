"""Tables and lists of the overview: whole on a screen, cut on paper, so that it prints to two pages."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ecg_live.html.markup import join, table, table_row, tag

BEYOND_CLASS = "beyond"  # class of what is not printed, in the style sheet


def overview_table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], most: int, class_: str
) -> Markup:
    """Make a table of which paper has the first ``most`` rows, and says so."""
    shown = [table_row(row, BEYOND_CLASS if k >= most else None) for k, row in enumerate(rows)]
    return join((table(caption, header, shown, class_), _remark(len(rows), most)))


def overview_list(items: Sequence[str], most: int) -> Markup:
    """Make a list of points of which paper has the first ``most``, and says so."""
    points = [tag("li", item, class_=BEYOND_CLASS if k >= most else None) for k, item in enumerate(items)]
    return join((tag("ul", points), _remark(len(items), most)))


def _remark(count: int, most: int) -> Markup:
    text = f"On paper the first {most} of {count:,}; the page on a screen has all."
    return tag("p", text, class_="note paper") if count > most else Markup("")
