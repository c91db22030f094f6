"""The page of a log date: one HTML file that needs no other.

Belongs here: what it says, in which order. Does not belong here: its numbers (`dated`), what all pages share
(`rs_assets.pages`). Equal reports give equal bytes: no clock, no run, no environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rs_assets.contract.codes import MEANINGS, Code
from rs_assets.contract.report.counted import Day, Group, Place
from rs_assets.contract.report.dated import Dated, Kind, groups
from rs_assets.contract.report.samples import MARK, Sample
from rs_assets.pages import END, cell, document, facts, head
from rs_assets.pages.markup import bars, lines, percent, short, text

TALL = 90
"""Pixels of the tallest bar."""
TITLES: dict[Kind, str] = {"reason": "By reason", "site": "By site", "event_name": "By event name"}


def page(dated: Dated) -> str:
    """The page, whole."""
    parts = [*_heading(dated)]
    if dated.day.quarantined:
        for kind in TITLES:
            parts += _table(dated, kind)
        parts += _samples(dated.day.samples)
    return document(f"Quarantine, {dated.log_date}", parts)


def meaning(code: str | None) -> str:
    """What a reason code means; empty for a code of a later contract."""
    return MEANINGS[Code(code)] if code in set(Code) else ""


def _heading(dated: Dated) -> Iterator[str]:
    day = dated.day
    yield (
        '<p class="soft">Events of this log date that do not keep the contract, by reason, site and name. '
        "Nothing is lost: mend the sender or the contract, replay, and what is valid by then moves to "
        "<code>valid_events</code>.</p>"
    )
    before = (
        f"on {dated.before} of the 7 log dates before" if dated.before != 7 else "on the 7 log dates before"
    )
    counted = [
        (f"{day.quarantined:,}", "quarantined events"),
        (f"{day.events:,}", "events received"),
        (percent(day.rate), "quarantined, of those"),
        (percent(dated.rate_before), before if dated.before else "no log date before is published"),
    ]
    yield facts(counted)
    yield from _days(dated)
    if not day.quarantined:
        yield "<p>Nothing of this log date is in quarantine.</p>"


def _days(dated: Dated) -> Iterator[str]:
    days = {day.log_date: day for day in dated.week.by_log_date}
    top = max((day.quarantined for day in days.values()), default=0) or 1
    yield '<div class="days" role="group" aria-label="Quarantined events of this log date and those before">'
    for log_date in dated.window:
        now = ' class="now"' if log_date == dated.log_date else ""
        yield f"<div{now}>{_bar(days.get(log_date), top)}{log_date:%m-%d}</div>"
    yield "</div>"


def _bar(day: Day | None, top: int) -> str:
    if day is None:
        return '<span title="not published">-</span><i style="height:0"></i>'
    tall = max(1, round(day.quarantined / top * TALL))
    return f'<span>{day.quarantined:,}<br>{percent(day.rate)}</span><i style="height:{tall}px"></i>'


def _table(dated: Dated, kind: Kind) -> Iterator[str]:
    yield f"<h2>{TITLES[kind]}</h2>"
    share = "share" if kind == "reason" else "rate"
    columns = (kind.replace("_", " "), "events", share, "a day before", "trend")
    before = columns[3:4]
    yield head(
        f"Quarantined events {TITLES[kind].lower()}", columns, numbers=columns[1:4], wide=before, stacked=True
    )
    for group in groups(dated.day, kind):
        yield _row(dated, kind, group)
    yield END
    if kind == "event_name" and (more := dated.day.event_names - len(dated.day.by_event_name)) > 0:
        yield f"<p><small>and {more:,} more {'name' if more == 1 else 'names'}</small></p>"
    if kind == "reason" and sum(g.quarantined for g in dated.day.by_reason) > dated.day.quarantined:
        yield "<p><small>An event with several reasons counts for each of them.</small></p>"
    if gone := dated.gone(kind)[:10]:
        counted = ", ".join(f"{_name(g.name)} ({g.quarantined:,})" for g in gone)
        yield f"<p><small>Not on this log date, but on those before: {counted}</small></p>"


def _row(dated: Dated, kind: Kind, group: Group) -> str:
    counts, mean = dated.counts(kind, group.name), dated.mean_before(kind, group.name)
    rate = group.quarantined / dated.day.quarantined if kind == "reason" else group.rate
    of = "" if group.events is None or kind == "reason" else f" of {group.events:,}"
    before = "-" if mean is None else f"{mean:,.1f}"
    said = f"{' '.join('-' if n is None else str(n) for n in counts)} from {dated.window[0]} on"
    what = f"<small>{text(meaning(group.name))}</small>" if kind == "reason" else ""
    places = f"<small>first {_place(group.first)}</small><small>last {_place(group.last)}</small>"
    cells = (
        cell(f"{_name(group.name)}{what}{places}", row=True),
        cell(f"{group.quarantined:,}<small>{of}</small>", number=True),
        cell(percent(rate), number=True),
        cell(before, number=True, wide=True),
        cell(bars(counts, said)),
    )
    return f"<tr>{''.join(cells)}</tr>"


def _name(name: str | None) -> str:
    return '<span class="soft">(not readable)</span>' if name is None else f"<code>{text(short(name))}</code>"


def _place(place: Place | Sample) -> str:
    event = "the whole line" if place.event_index is None else f"event {place.event_index}"
    return text(f"{place.site}, {place.segment}, line {place.line}, {event}")


def _samples(samples: list[Sample]) -> Iterator[str]:
    yield "<h2>Samples</h2>"
    yield (
        "<p><small>Redacted: an … stands for a text, a # for a digit. <code>rs-assets quarantine --explain ID</code> "
        "shows one whole, to whoever may read the lake.</small></p>"
    )
    for code, of_code in groupby(samples, key=lambda sample: sample.code):
        yield f"<h3><code>{text(code)}</code></h3><p><small>{text(meaning(code))}</small></p>"
        for sample in of_code:
            yield _sample(sample)


def _sample(sample: Sample) -> str:
    observed = "" if sample.observed is None else f", observed <code>{text(short(sample.observed))}</code>"
    name = "" if sample.event_name is None else f" ({text(short(sample.event_name))})"
    shown = lines(sample.payload).replace(MARK, f"<mark>{MARK}</mark>")
    return (
        f"<details><summary>{text(sample.message)}<small><br>{_place(sample)}{name}</small></summary>"
        f"<p>Expected {text(sample.expected)}{observed}.</p><p><small>{text(sample.quarantine_id)}</small></p>"
        f"<pre>{shown}</pre></details>"
    )
