"""A card as one HTML file that needs no other. Equal cards give equal bytes.

Belongs here: the order of the page. Does not belong here: its looks, which are those of all pages.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import polars as pl

from rs_assets.contract.report.markup import text
from rs_assets.contract.report.style import STYLE
from rs_assets.models.card.card import Card, Section


def page(of: Card) -> str:
    """The page, whole."""
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{text(of.model)}</title><style>{STYLE}{PLOTS}</style></head>"
    )
    parts = [head, f'<body><h1>{text(of.model)}</h1><p class="soft">{text(of.purpose)}</p>']
    for section in of.sections:
        parts += _section(section)
    parts += ["<h2>Limits</h2><ul>", *(f"<li>{text(says)}</li>" for says in of.limits), "</ul>"]
    return "\n".join([*parts, "</body></html>\n"])


PLOTS = (
    "img{max-width:100%;height:auto;background:#fff;border-radius:.5rem;margin:.4rem 0}"
    "td:first-child,th:first-child{width:auto}.pairs td{overflow-wrap:anywhere}"
    "@media(min-width:34.01rem){.pairs td:first-child{width:13rem}}"
)


def _section(section: Section) -> Iterator[str]:
    yield f"<h2>{text(section.title)}</h2>"
    if section.says:
        yield f'<p class="soft">{text(section.says)}</p>'
    if section.facts:
        rows = (f"<tr><td>{text(name)}</td><td>{text(value)}</td></tr>" for name, value in section.facts)
        yield f'<table class="pairs"><tbody>{"".join(rows)}</tbody></table>'
    if section.table is not None:
        yield from _table(section.table)
    for says, png in section.plots:
        yield f'<img alt="{text(says)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _table(frame: pl.DataFrame) -> Iterator[str]:
    if frame.is_empty():
        yield "<p>Nothing to show.</p>"
        return
    numbers = {name for name, kind in frame.schema.items() if kind.is_numeric()}
    kinds = {name: ' class="n"' if name in numbers else "" for name in frame.columns}
    heads = "".join(f"<th{kinds[name]}>{text(name.replace('_', ' '))}</th>" for name in frame.columns)
    yield f'<div style="overflow-x:auto"><table><thead><tr>{heads}</tr></thead><tbody>'
    for row in frame.iter_rows(named=True):
        yield (
            "<tr>" + "".join(f"<td{kinds[name]}>{_cell(value)}</td>" for name, value in row.items()) + "</tr>"
        )
    yield "</tbody></table></div>"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else text(str(value))
