"""The report on boxes as one HTML file that needs no other, and as a Markdown table.

Belongs here: what they say, in which order. Does not belong here: its numbers (`report`), its looks, which are those
of all pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rs_assets.compute.prices import Prices
from rs_assets.compute.report import Row
from rs_assets.contract.report.markup import table, text
from rs_assets.contract.report.style import STYLE

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
BAR = (
    "td .bar{display:block;height:.45rem;background:var(--then);border-radius:3px;margin-top:.2rem}"
    "td .bar i{display:block;height:100%;background:var(--now);border-radius:3px}"
)


def page(rows: Sequence[Row], prices: Prices) -> str:
    """The page, whole."""
    title = "Boxes: asked for, used, proposed"
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}{BAR}</style></head>"
    )
    saved = sum(row.saved_gib for row in rows)
    facts = [
        (f"{sum(row.asked.memory_gib for row in rows):g} GiB", "asked for by all steps together"),
        (f"{saved:+g} GiB", "saved by the proposals"),
        (f"{sum(row.kills for row in rows)}", "kills for memory"),
        (f"{sum(1 for row in rows if row.runs)} of {len(rows)}", "steps have run"),
    ]
    numbers = "".join(f'<th class="n">{name}</th>' for name in COLUMNS[1:])
    return "\n".join(
        [
            head,
            f"<body><h1>{title}</h1>",
            '<p class="soft">Memory in GiB. Proposed is a quarter more than a step has used at most, in steps of '
            "0.25 GiB; after a kill for memory, half as much again as its limit. "
            "<code>rs-assets boxes --apply</code> writes the proposals into the declarations.</p>",
            f'<div class="facts">{"".join(f"<div><b>{n}</b>{what}</div>" for n, what in facts)}</div>',
            f'<div style="overflow-x:auto"><table><thead><tr><th>step</th>{numbers}</tr></thead><tbody>',
            *(_row(row) for row in rows),
            "</tbody></table></div>",
            f"<p><small>Cost: {text(prices.currency)} for 1,000 runs of median length, in the box asked for and in "
            f"the one proposed, by the list of {text(prices.name)} ({text(prices.source)}, {prices.date})."
            "</small></p>",
            "</body></html>\n",
        ]
    )


def markdown(rows: Sequence[Row]) -> str:
    """The table for Dagster's UI."""
    return table(COLUMNS, ([row.step, *cells(row)] for row in rows))


def _row(row: Row) -> str:
    assets = f"<small>{text(', '.join(row.assets))}</small>" if row.assets != (row.step,) else ""
    bar = ""
    if row.memory_max_mib is not None:
        used = min(100, row.memory_max_mib / row.asked.memory_mib * 100)
        bar = f'<span class="bar" title="{used:.0f} % of what it asks for"><i style="width:{used:.0f}%"></i></span>'
    numbers = "".join(f'<td class="n">{text(cell)}</td>' for cell in cells(row))
    return f"<tr><td><code>{text(row.step)}</code>{assets}{bar}</td>{numbers}</tr>"


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
