"""The plot of a log date and those before it. Nothing else belongs here."""

from __future__ import annotations

from collections.abc import Sequence

from rs_assets.contract.report.counted import Day
from rs_assets.drawing import COLOURS, figure


def by_log_date(days: Sequence[Day]) -> bytes:
    """Quarantined events a log date, the last one strong, with their share of all above the bars, as a PNG."""
    with figure() as (axes, png):
        drawn = axes.bar(
            [f"{day.log_date:%m-%d}" for day in days],
            [day.quarantined for day in days],
            color=[*[COLOURS[5]] * (len(days) - 1), COLOURS[0]],
        )
        axes.bar_label(drawn, [f"{day.rate:.2%}" if day.rate is not None else "" for day in days], fontsize=8)
        axes.set_axisbelow(True)
        axes.set_ylim(0, max(1, *(day.quarantined for day in days)) * 1.12)
        axes.set_xlabel("log date")
        axes.set_ylabel("quarantined events (above: of all received)")
    return png.getvalue()
