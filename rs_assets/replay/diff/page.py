"""A comparison as one HTML file that needs no other.

Belongs here: what it says, in which order. Does not belong here: finding differences (`compare`), what all pages
share (`rs_assets.pages`). Equal comparisons give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from rs_assets.pages import document, facts, table_of
from rs_assets.pages.markup import text
from rs_assets.replay.diff.difference import KINDS, Asset, Difference, Shift
from rs_assets.replay.diff.markdown import largest, means, metric_line
from rs_assets.replay.diff.shift import LARGE, SMALL

WIDE, TALL = 240, 60
"""Pixels of a histogram."""
METRICS = 40


def page(of: Difference) -> str:
    """The page, whole."""
    title = text(f"{of.after} against {of.before}")
    parts = [*_heading(of), _overview(of)]
    for asset in of.differing:
        parts += _asset(asset)
    return document(title, parts)


def _heading(of: Difference) -> Iterator[str]:
    dates = {date.log_date for asset in of.assets for date in asset.log_dates}
    counted = [
        (f"{len(of.differing)} of {len(of.assets)}", "assets differ"),
        (f"{len(dates):,}", f"log dates, {of.first} to {of.last}"),
        *((f"{sum(asset.rows(kind) for asset in of.assets):,}", f"rows {kind}") for kind in KINDS),
    ]
    yield facts((text(number), text(what)) for number, what in counted)


def _overview(of: Difference) -> str:
    equal = [asset for asset in of.assets if not asset.differs]
    sizes = ("rows before", "rows after")
    rows = (
        [
            f"<code>{text(asset.asset)}</code>",
            asset.state,
            *(f"{asset.rows(kind):,}" for kind in KINDS),
            f"{asset.rows_before:,}",
            f"{asset.rows_after:,}",
        ]
        for asset in [*of.differing, *equal]
    )
    columns = ("asset", "state", *KINDS, *sizes)
    return "<h2>Assets</h2>" + table_of("Every asset", columns, rows, numbers=columns[2:], wide=sizes)


def _asset(asset: Asset) -> Iterator[str]:
    yield f"<h2><code>{text(asset.asset)}</code></h2>"
    matched = f"by <code>{text(', '.join(asset.key))}</code>" if asset.key else "as wholes"
    yield f"<p><small>Rows are matched {matched}.</small></p>"
    for change in asset.schema:
        was, now = change.before or "not there", change.after or "not there"
        yield f"<p>Column <code>{text(change.column)}</code>: {text(was)}, now {text(now)}.</p>"
    for verdict in asset.verdicts:
        was, now = verdict.before or "none", verdict.after or "none"
        yield f"<p><b>{text(verdict.column)} was {text(was)} and is {text(now)}</b>"
        yield f"<small>{text(', '.join(verdict.log_dates[:7]))}</small></p>"
    yield from _columns(asset)
    yield from _shifts(asset)
    yield from _models(asset)
    yield from _dates(asset)
    yield from _samples(asset)


def _columns(asset: Asset) -> Iterator[str]:
    if asset.columns:
        counted = ", ".join(f"<code>{text(name)}</code> {count:,}" for name, count in asset.columns.items())
        yield f"<p>Rows changed in: {counted}.</p>"


def _shifts(asset: Asset) -> Iterator[str]:
    moved = [shift for shift in asset.shifts if shift.psi > 0]
    if not moved:
        return
    yield f"<h3>Features that moved</h3><p><small>Population stability index: above {SMALL} is worth a look, above "
    yield f"{LARGE} is large. Grey is before, blue after, over the deciles of before.</small></p>"
    rows = (
        [
            f"<code>{text(shift.column)}</code><small>mean {text(means(shift))}</small>",
            f"{shift.psi:.3f}",
            _histogram(shift),
        ]
        for shift in moved
    )
    yield table_of("Features that moved", ("feature", "index", "distribution"), rows, numbers=("index",))


def _histogram(shift: Shift) -> str:
    """Two bars a bin, as shares of each side."""
    totals = [sum(each) or 1 for each in ([b.before for b in shift.bins], [b.after for b in shift.bins])]
    shares = [(b.before / totals[0], b.after / totals[1]) for b in shift.bins]
    top = max((share for pair in shares for share in pair), default=0) or 1
    step = WIDE / len(shares)
    bars = []
    for n, pair in enumerate(shares):
        for side, (share, colour) in enumerate(zip(pair, ("#999999", "#0072B2"), strict=True)):
            tall = share / top * TALL
            bars.append(
                f'<rect x="{n * step + side * step * 0.42:.1f}" y="{TALL - tall:.1f}" width="{step * 0.4:.1f}" '
                f'height="{tall:.1f}" fill="{colour}"><title>{text(shift.bins[n].label)}: {share:.1%}</title></rect>'
            )
    said = ", ".join(f"{b.label}: {a:.1%} to {c:.1%}" for b, (a, c) in zip(shift.bins, shares, strict=True))
    return f'<svg role="img" aria-label="{text(said)}" width="{WIDE}" height="{TALL}">{"".join(bars)}</svg>'


def _models(asset: Asset) -> Iterator[str]:
    if asset.metrics:
        lines = "".join(
            f"<li>{text(metric_line(metric))}</li>" for metric in largest(asset.metrics)[:METRICS]
        )
        yield f"<h3>Metrics</h3><ul>{lines}</ul>"
        if len(asset.metrics) > METRICS:
            yield f"<p><small>and {len(asset.metrics) - METRICS:,} more</small></p>"
    if asset.moves is not None:
        moved = asset.moves
        yield (
            f"<p>{moved.moved:,} of {moved.matched:,} predictions moved, {moved.appeared:,} from none, "
            f"{moved.vanished:,} to none.</p>"
        )
        if moved.bins:
            bins = ([text(label), f"{n:,}"] for label, n in moved.bins)
            yield table_of(
                "Predictions that moved", ("moved by", "predictions"), bins, numbers=("predictions",)
            )
    for top in asset.top_k:
        moved_lists = (
            f"{top.moved:,} of {top.lists:,} lists have other items, {top.reordered:,} another order"
        )
        yield f"<p>Top {top.k}: {moved_lists}.</p>"


def _dates(asset: Asset) -> Iterator[str]:
    unlike = [date for date in asset.log_dates if date.state not in ("equal", "same rows") or date.artifacts]
    columns = ("log date", "state", *KINDS, "files")
    rows = (
        [
            date.log_date,
            date.state,
            *(f"{getattr(date.rows, kind) if date.rows else 0:,}" for kind in KINDS),
            text(", ".join(date.artifacts)),
        ]
        for date in unlike
    )
    yield "<details><summary>Log dates</summary>"
    yield table_of("Log dates that differ", columns, rows, numbers=KINDS) + "</details>"


def _samples(asset: Asset) -> Iterator[str]:
    if not asset.samples:
        return
    yield "<details><summary>Some rows</summary><p><small>An … stands for what may name a person.</small></p>"
    columns = ("log date", "change", "row", "column", "before", "after")
    rows = (
        [
            text(value)
            for value in (
                sample.log_date,
                sample.kind,
                ", ".join(f"{name}={value}" for name, value in sample.key.items()),
                sample.column or "",
                sample.before or "",
                sample.after or "",
            )
        ]
        for sample in asset.samples[:30]
    )
    yield table_of("Some rows that differ", columns, rows) + "</details>"
