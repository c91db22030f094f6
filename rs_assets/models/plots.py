"""Plots of evaluations as PNG bytes, small enough to stand in an asset's metadata.

Belongs here: drawing, for any model. Does not belong here: computing what is drawn (a model's `evaluation`), what
all plots share (`rs_assets.drawing`). Each line has its own dashes as well as a colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import polars as pl

from rs_assets.drawing import COLOURS, figure

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

DASHES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")


def pr_curve(curves: pl.DataFrame, positive_rate: float, outcome: str = "snapshots that bought") -> bytes:
    """Precision against recall, one line a candidate, over the line that chance draws.

    Args:
        curves: columns `candidate` (Utf8), `recall` and `precision` (Float64, shares from 0 to 1).
        positive_rate: the share of positives, a share from 0 to 1: the precision of a random order.
        outcome: what the positives are, in the plural.
    """
    with figure() as (axes, png):
        for name, line in _by_candidate(curves, "recall"):
            (drawn,) = axes.plot(line["recall"], line["precision"], drawstyle="steps-pre", label=name)
            _dress(drawn, len(axes.lines) - 1)
        axes.axhline(positive_rate, color="#555555", linewidth=1, linestyle=(0, (1, 3)), label="chance")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel(f"recall: share found of the {outcome} (0 to 1)")
        axes.set_ylabel("precision: share of hits (0 to 1)")
        axes.legend(fontsize=9)
    return png.getvalue()


def calibration(table: pl.DataFrame, outcome: str = "snapshots that bought") -> bytes:
    """The observed share of positives against the predicted probability, one point a bin.

    Args:
        table: columns `candidate` (Utf8), `predicted` and `observed` (Float64, the means of a bin, 0 to 1).
        outcome: what the positives are, in the plural.
    """
    with figure() as (axes, png):
        for name, line in _by_candidate(table, "predicted"):
            (drawn,) = axes.plot(line["predicted"], line["observed"], markersize=5, label=name)
            drawn.set_marker(MARKERS[(len(axes.lines) - 1) % len(MARKERS)])
            _dress(drawn, len(axes.lines) - 1)
        tops = table.select(pl.max_horizontal(pl.col("predicted").max(), pl.col("observed").max()))
        # Buyers are rare: axes from 0 to 1 would leave a corner to read.
        top = min(1.0, float(tops.item() or 1.0) * 1.1)
        axes.plot([0, top], [0, top], color="#555555", linewidth=1, linestyle=(0, (1, 3)), label="perfect")
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        axes.set_xlabel("predicted: mean probability of the bin (0 to 1)")
        axes.set_ylabel(f"observed: share of {outcome} (0 to 1)")
        axes.legend(fontsize=9)
    return png.getvalue()


def _by_candidate(frame: pl.DataFrame, by: str) -> Iterator[tuple[str, pl.DataFrame]]:
    for name in frame["candidate"].unique().sort():
        yield str(name), frame.filter(pl.col("candidate") == name).sort(by)


def _dress(line: Line2D, n: int) -> None:
    """Make the n-th line of a plot one that is told apart by colour and by dashes."""
    line.set_color(COLOURS[n % len(COLOURS)])
    line.set_linestyle(DASHES[n % len(DASHES)])
    line.set_linewidth(1.8)
