"""A comparison in the Markdown of a pull request comment: what differs first, and never more than a screen.

Belongs here: words and what is left out. Does not belong here: finding differences (`compare`).
"""

from __future__ import annotations

from collections.abc import Iterator

from rs_assets.replay.diff.difference import KINDS, Asset, Difference, Metric, Shift
from rs_assets.replay.diff.shift import LARGE, SMALL

LINES = 60
ASSETS, SHIFTS, METRICS, SAMPLES = 12, 6, 8, 5
"""How many of each are shown at most."""


def markdown(of: Difference) -> str:
    """The comparison, in at most LINES lines."""
    lines = [*_heading(of), *_assets(of), *_schema(of), *_shifts(of), *_models(of), *_samples(of)]
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], "… and more: `rs-assets diff` shows all of it."]
    return "\n".join(lines) + "\n"


def _heading(of: Difference) -> Iterator[str]:
    yield f"### `{of.after}` against `{of.before}`"
    if not of.assets:
        yield "Nothing is published on either side."
        return
    equal = len(of.assets) - len(of.differing)
    span = f"{of.first} to {of.last}" if of.first != of.last else of.first
    if of.equal:
        yield f"No difference: {equal} assets, log dates {span}."
    else:
        yield f"{len(of.differing)} of {len(of.assets)} assets differ, log dates {span}."


def _assets(of: Difference) -> Iterator[str]:
    if of.equal:
        return
    yield ""
    yield "| asset | log dates | added | removed | changed | most changed |"
    yield "|---|--:|--:|--:|--:|---|"
    for asset in of.differing[:ASSETS]:
        yield _row(asset)
    if len(of.differing) > ASSETS:
        yield f"| and {len(of.differing) - ASSETS} more | | | | | |"


def _row(asset: Asset) -> str:
    dates = [date for date in asset.log_dates if date.state not in ("equal", "same rows") or date.artifacts]
    alone = {date.state for date in dates}
    columns = ", ".join(f"`{name}` ({count:,})" for name, count in list(asset.columns.items())[:3])
    only = "only before" if alone == {"only before"} else "only after" if alone == {"only after"} else ""
    what = (
        columns or only or ", ".join(f"`{name}`" for name in sorted({a for d in dates for a in d.artifacts}))
    )
    counts = " | ".join(f"{asset.rows(kind):,}" for kind in KINDS)
    return f"| `{asset.asset}` | {len(dates):,} | {counts} | {what} |"


def _schema(of: Difference) -> Iterator[str]:
    changes = [(asset.asset, change) for asset in of.differing for change in asset.schema]
    if changes:
        yield ""
        yield "**Columns**"
    for asset, change in changes[:SHIFTS]:
        if change.before is None:
            yield f"- `{asset}.{change.column}` is new ({change.after})"
        elif change.after is None:
            yield f"- `{asset}.{change.column}` is gone (was {change.before})"
        else:
            yield f"- `{asset}.{change.column}` was {change.before} and is {change.after}"


def _shifts(of: Difference) -> Iterator[str]:
    found = [(asset.asset, shift) for asset in of.differing for shift in asset.shifts if shift.psi > 0]
    if found:
        yield ""
        yield f"**Features that moved** (PSI: above {SMALL} is worth a look, above {LARGE} is large)"
    for asset, shift in sorted(found, key=lambda one: -one[1].psi)[:SHIFTS]:
        yield f"- `{asset}.{shift.column}`: {shift.psi:.3f}, mean {means(shift)}"


def means(shift: Shift) -> str:
    """`1.2 to 1.4`."""
    before, after = (
        "none" if mean is None else f"{mean:.4g}" for mean in (shift.mean_before, shift.mean_after)
    )
    return f"{before} to {after}"


def _models(of: Difference) -> Iterator[str]:
    lines: list[str] = []
    for asset in of.differing:
        for verdict in asset.verdicts:
            was, now = verdict.before or "none", verdict.after or "none"
            dates = f"{verdict.log_dates[0]} to {verdict.log_dates[-1]}"
            lines.append(f"- **`{asset.asset}`: {verdict.column} was {was} and is {now}** ({dates})")
        lines += [f"- `{asset.asset}` {metric_line(metric)}" for metric in largest(asset.metrics)[:METRICS]]
        if asset.moves is not None and asset.moves.moved:
            share = asset.moves.moved / max(1, asset.moves.matched)
            by = f", by {asset.moves.mean:.4f} on average" if asset.moves.mean is not None else ""
            moved = f"{asset.moves.moved:,} of {asset.moves.matched:,} predictions moved ({share:.1%}){by}"
            lines.append(f"- `{asset.asset}`: {moved}")
        for top in asset.top_k:
            if top.moved:
                lines.append(
                    f"- `{asset.asset}`: {top.moved:,} of {top.lists:,} lists have another top {top.k}"
                )
    if lines:
        yield ""
        yield "**Models**"
        yield from lines


def largest(metrics: list[Metric]) -> list[Metric]:
    """Metrics of all rows first, then by how much they changed."""
    return sorted(
        metrics, key=lambda one: (one.slice != "all", -abs(one.change or 0), one.candidate, one.metric)
    )


def metric_line(metric: Metric) -> str:
    """`logistic, all: pr_auc 0.391 to 0.402 (+0.011)`."""
    was, now = ("none" if value is None else f"{value:.4g}" for value in (metric.before, metric.after))
    change = "" if metric.change is None else f" ({metric.change:+.4g})"
    return f"{metric.candidate}, {metric.slice}: {metric.metric} {was} to {now}{change}"


def _samples(of: Difference) -> Iterator[str]:
    samples = [(asset.asset, sample) for asset in of.differing for sample in asset.samples[:2]][:SAMPLES]
    if samples:
        yield ""
        yield "<details><summary>Some rows</summary>"
        yield ""
    for asset, sample in samples:
        key = ", ".join(f"{name}={value}" for name, value in sample.key.items())
        what = f" `{sample.column}`: {sample.before} to {sample.after}" if sample.column else ""
        yield f"- {sample.log_date} `{asset}` {sample.kind}: `{key.replace('`', ' ')}`{what}"
    if samples:
        yield ""
        yield "</details>"
