"""The report on boxes as one HTML file that needs no other, and as a Markdown table.

Belongs here: what they say, in which order. Does not belong here: its numbers (`report`), what all pages share
(`rs_assets.pages`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rs_assets.compute.prices import Prices
from rs_assets.compute.report import Row
from rs_assets.pages import document, facts, table_of
from rs_assets.pages.markup import table, text

COLUMNS = (
    "step",
    "runs",
    "used p50",
    "used max",
    "cores",
    "asked",
    "killed",
    "proposed",
    "saved",
    "cost",
    "then",
)
WIDE = ("runs", "used p50", "cores", "killed", "saved", "cost", "then")
"""Columns that a phone has no room for: what a step uses, asks for and should ask for is left."""
BAR = (
    ".bar{display:block;height:.45rem;background:var(--then);border-radius:3px;margin-top:.2rem}"
    ".bar i{display:block;height:100%;background:var(--now);border-radius:3px}"
    "@media(max-width:34rem){tbody th{white-space:normal;overflow-wrap:anywhere}}"
)


def page(rows: Sequence[Row], prices: Prices) -> str:
    """The page, whole."""
    saved = sum(row.saved_gib for row in rows)
    counted = [
        (f"{sum(row.asked.memory_gib for row in rows):g} GiB", "asked for by all steps together"),
        (f"{saved:+g} GiB", "saved by the proposals"),
        (f"{sum(row.kills for row in rows)}", "kills for memory"),
        (f"{sum(1 for row in rows if row.runs)} of {len(rows)}", "steps have run"),
    ]
    return document(
        "Boxes: asked for, used, proposed",
        [
            '<p class="soft">Memory in GiB. Proposed is a quarter more than a step has used at most, in steps of '
            "0.25 GiB; after a kill for memory, half as much again as its limit. "
            "<code>rs-assets boxes --apply</code> writes the proposals into the declarations.</p>",
            facts(counted),
            table_of(
                "What each step asks for and uses", COLUMNS, map(_row, rows), numbers=COLUMNS[1:], wide=WIDE
            ),
            f"<p><small>Cost: {text(prices.currency)} for 1,000 runs of median length, in the box asked for and in "
            f"the one proposed, by the list of {text(prices.name)} ({text(prices.source)}, {prices.date})."
            "</small></p>",
        ],
        style=BAR,
    )


def markdown(rows: Sequence[Row]) -> str:
    """The table for Dagster's UI."""
    return table(COLUMNS, ([row.step, *cells(row)] for row in rows))


def _row(row: Row) -> list[str]:
    assets = f"<small>{text(', '.join(row.assets))}</small>" if row.assets != (row.step,) else ""
    bar = ""
    if row.memory_max_mib is not None:
        used = min(100, row.memory_max_mib / row.asked.memory_mib * 100)
        says = f"{used:.0f} % of what it asks for"
        told = f'role="img" aria-label="{says}" title="{says}"'
        bar = f'<span class="bar" {told}><i style="width:{used:.0f}%"></i></span>'
    return [f"<code>{text(row.step)}</code>{assets}{bar}", *map(text, cells(row))]


def cells(row: Row) -> Iterator[str]:
    """What stands in the columns after the first."""
    yield f"{row.runs}"
    yield from (_gib(row.memory_p50_mib), _gib(row.memory_max_mib))
    yield "-" if row.cores_p50 is None else f"{row.cores_p50:.1f} of {row.asked.cpu}"
    yield f"{row.asked.memory_gib:g}"
    yield f"{row.kills}" if row.kills else ""
    yield f"{row.proposed.memory_gib:g}" if row.proposed != row.asked else ""
    yield f"{row.saved_gib:+g}" if row.saved_gib else ""
    yield from ("-" if cost is None else f"{cost:.2f}" for cost in (row.cost, row.proposed_cost))


def _gib(mib: float | None) -> str:
    return "-" if mib is None else f"{mib / 1024:.2f}"
