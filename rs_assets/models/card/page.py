"""A card as one HTML file that needs no other. Equal cards give equal bytes.

Belongs here: the order of the page. Does not belong here: what all pages share (`rs_assets.pages`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import polars as pl

from rs_assets.models.card.card import Card, Section
from rs_assets.pages import document, table_of
from rs_assets.pages.markup import text


def page(of: Card) -> str:
    """The page, whole."""
    parts = [f'<p class="soft">{text(of.purpose)}</p>']
    for section in of.sections:
        parts += _section(section)
    parts += ["<h2>Limits</h2><ul>", *(f"<li>{text(says)}</li>" for says in of.limits), "</ul>"]
    return document(text(of.model), parts, style=PLOTS)


PLOTS = (
    "img{max-width:100%;height:auto;background:#fff;border-radius:.5rem;margin:.4rem 0}"
    "td:first-child,thead th:first-child,.table tbody th{width:auto}"
    ".long{display:block;min-width:14rem}@media(min-width:34.01rem){.pairs th{width:13rem}}"
)


LONG = 40
"""Characters from which on a cell has the room of a few words a line, however narrow the screen."""


def _section(section: Section) -> Iterator[str]:
    yield f"<h2>{text(section.title)}</h2>"
    if section.says:
        yield f'<p class="soft">{text(section.says)}</p>'
    if section.facts:
        rows = (
            f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>'
            for name, value in section.facts
        )
        yield f'<table class="pairs"><caption>{text(section.title)}</caption><tbody>{"".join(rows)}</tbody></table>'
    if section.table is not None:
        yield _table(section.title, section.table)
    for says, png in section.plots:
        yield f'<img alt="{text(says)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _table(title: str, frame: pl.DataFrame) -> str:
    if frame.is_empty():
        return "<p>Nothing to show.</p>"
    names = {name: text(name.replace("_", " ")) for name in frame.columns}
    numbers = [names[name] for name, kind in frame.schema.items() if kind.is_numeric()]
    rows = ([_cell(value) for value in row] for row in frame.iter_rows())
    return table_of(text(title), list(names.values()), rows, numbers=numbers)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    shown = text(str(value))
    return f'<span class="long">{shown}</span>' if len(shown) > LONG else shown
