"""Metrics and verdicts that are not the same: small tables, read whole.

Belongs here: comparing them log date by log date, and telling a change that lasts once. Does not belong here: tables
of rows (`rows`), predictions (`moves`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rs_assets.replay.diff.difference import Metric, Verdict

Row = tuple[str, str, str]
"""Candidate, slice and metric."""
Values = Mapping[Row, float | None]


def metrics(dated: Iterable[tuple[str, Values, Values]]) -> list[Metric]:
    """Metrics that changed.

    Args:
        dated: log dates in order, and the values before and after; one that is missing is None.
    """
    found: dict[tuple[Row, float | None, float | None], list[str]] = {}
    for log_date, before, after in dated:
        for row in sorted({*before, *after}):
            was, now = before.get(row), after.get(row)
            if was != now:
                found.setdefault((row, was, now), []).append(log_date)
    return [
        Metric(*row, was, now, dates[0], dates[-1], len(dates)) for (row, was, now), dates in found.items()
    ]


def verdicts(
    dated: Iterable[tuple[str, list[dict[str, str | None]], list[dict[str, str | None]]]],
) -> list[Verdict]:
    """Verdicts that changed: of each column, from what to what, and on which log dates.

    Args:
        dated: log dates in order, and the rows before and after, in the same order.
    """
    found: dict[tuple[str, str | None, str | None], list[str]] = {}
    for log_date, before, after in dated:
        for was, now in zip(before, after, strict=False):
            for column in sorted(was.keys() & now.keys()):
                if was[column] != now[column]:
                    found.setdefault((column, was[column], now[column]), []).append(log_date)
    return [
        Verdict(column, was, now, len(dates), sorted(set(dates)))
        for (column, was, now), dates in found.items()
    ]
