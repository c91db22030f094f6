"""Pieces of pages: text of strangers made safe, numbers, bars, Markdown tables.

Belongs here: what a page is made of. Does not belong here: what it says (`page`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from rs_assets.visible import visible

NAME_CHARS = 60
BAR, GAP, HEIGHT = 9, 3, 26


def text(value: str) -> str:
    """Text as HTML; what cannot be seen is an escape."""
    return html.escape(visible(value))


def lines(value: str) -> str:
    """The same for text whose lines are to be kept."""
    return "\n".join(map(text, value.splitlines()))


def short(name: str) -> str:
    """A name cut to what a table can show."""
    return name if len(name) <= NAME_CHARS else f"{name[: NAME_CHARS - 1]}…"


def percent(rate: float | None) -> str:
    """A share in percent; a dash where there is no whole."""
    return "-" if rate is None else f"{rate:.2%}"


def bars(counts: Sequence[int | None], says: str) -> str:
    """A bar a log date as inline SVG, the last one strong; None, a date that is not published, is a dot.

    Args:
        counts: from the oldest to the newest.
        says: what the picture says, for those who cannot see it.
    """
    top = max((count for count in counts if count), default=0) or 1
    drawn = []
    for at, count in enumerate(counts):
        x = at * (BAR + GAP)
        if count is None:
            drawn.append(f'<circle cx="{x + BAR / 2:g}" cy="{HEIGHT - 2}" r="1.5"/>')
            continue
        tall = max(1, round(count / top * HEIGHT)) if count else 1
        strong = ' class="now"' if at == len(counts) - 1 else ""
        drawn.append(f'<rect{strong} x="{x}" y="{HEIGHT - tall}" width="{BAR}" height="{tall}"/>')
    wide = len(counts) * (BAR + GAP) - GAP
    return (
        f'<svg class="bars" viewBox="0 0 {wide} {HEIGHT}" width="{wide}" height="{HEIGHT}" role="img" '
        f'aria-label="{text(says)}"><title>{text(says)}</title>{"".join(drawn)}</svg>'
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as a Markdown table; the first column is text, all others are numbers."""
    head = [f"| {' | '.join(columns)} |", f"|---{'|---:' * (len(columns) - 1)}|"]
    return "\n".join([*head, *(f"| {' | '.join(_cell(value) for value in row)} |" for row in rows)])


def _cell(value: object) -> str:
    """A value in a table; whatever Markdown or HTML would read in it is taken as it is."""
    shown = html.escape(visible(str(value)), quote=False)
    return re.sub(r"([\\`*_\[\]|!~#])", r"\\\1", shown)
