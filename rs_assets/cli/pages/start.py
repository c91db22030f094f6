"""The start page: where things stand, and where to look.

Belongs here: what it says, in which order. Does not belong here: looking (`status`, `found`), what all pages share
(`rs_assets.pages`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from rich.text import Text

from rs_assets.cli import output
from rs_assets.cli.pages.found import Found, Link
from rs_assets.cli.status.facts import Asset, Share, Status
from rs_assets.cli.status.page import said
from rs_assets.pages import document, facts, table_of
from rs_assets.pages.markup import bars, percent, text

SHOWN = 31
"""Log dates that are on the page at once; those before are behind a click."""
TREND = 14
"""Log dates in the small picture."""
STYLE = """
ul{padding-left:1.2rem}li{margin:.25rem 0}
.next{background:var(--box);border-left:3px solid var(--now);padding:.6rem .8rem;margin:1rem 0}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1rem;list-style:none;padding:0}footer{margin-top:2rem}
@media print{nav{display:none}}
"""


def page(status: Status, pages: Found, now: dt.datetime) -> str:
    """The page, whole; `now` is when it was looked."""
    parts = [
        '<nav aria-label="On this page"><ul><li><a href="#now">Now</a></li><li><a href="#pages">Pages</a></li>'
        '<li><a href="#log-dates">Log dates</a></li><li><a href="#assets">Assets</a></li></ul></nav>',
        _facts(status),
        _next(status),
        *_now(status),
        *_pages(pages),
        *_log_dates(status, pages),
        *_assets(status.assets),
        f"<footer><p><small>As of {now:%Y-%m-%d %H:%M} UTC. "
        "<code>rs-assets pages</code> looks again.</small></p></footer>",
    ]
    return document(f"rs_assets: {text(status.environment)}", parts, style=STYLE)


def _facts(status: Status) -> str:
    share = status.quarantine
    stale = status.stale
    shown = [(f"{status.raw_log.log_dates:,}", "log dates received")]
    if share:
        shown += [(f"{share.events:,}", "events"), (percent(share.rate), "of them in quarantine")]
    shown.append((f"{len(status.open_alerts):,}", "alerts open"))
    if stale and not stale.unknown:
        dates = {log_date for group in stale.groups for log_date in group.log_dates}
        shown.append((f"{len(dates):,}", "log dates stale"))
    return facts(shown)


def _next(status: Status) -> str:
    if status.next is None:
        return "<p>Every closed log date of the raw log is published.</p>"
    return f'<p class="next">Next: <code>{text(status.next)}</code></p>'


def _now(status: Status) -> Iterator[str]:
    rows = "".join(
        f'<tr><th scope="row">{text(name)}</th><td>{"<br>".join(map(text, _plain(value)))}</td></tr>'
        for name, value in said(status)
    )
    yield '<h2 id="now">Now</h2>'
    yield f'<table class="pairs"><caption>Where things stand</caption><tbody>{rows}</tbody></table>'


def _plain(value: Text) -> list[str]:
    """Its lines, without the small picture, which is drawn anew below."""
    return value.plain.rstrip(output.BARS).splitlines()


def _pages(pages: Found) -> Iterator[str]:
    yield '<h2 id="pages">Pages</h2>'
    links = list(pages.others)
    if pages.reports:
        last = max(pages.reports)
        links.insert(0, Link(pages.reports[last].href, f"Quarantine, {last}", "the latest; others are below"))
    if not links:
        yield "<p>There are none yet.</p>"
        return
    about = (f" <small>{text(link.about)}</small>" if link.about else "" for link in links)
    items = (
        f'<li><a href="{link.href}">{text(link.name)}</a>{more}</li>'
        for link, more in zip(links, about, strict=True)
    )
    yield f"<ul>{''.join(items)}</ul>"


def _log_dates(status: Status, pages: Found) -> Iterator[str]:
    yield '<h2 id="log-dates">Log dates</h2>'
    shares = {str(share.log_date): share for share in status.quarantine_by_log_date}
    to_do = {log_date for asset in status.assets for log_date in asset.to_do}
    dates = sorted(shares.keys() | to_do, reverse=True)
    if not dates:
        yield "<p>Nothing is published yet.</p>"
        return
    latest = [shares[log_date] for log_date in sorted(shares)[-TREND:]]
    if latest:
        told = f"Quarantined events of the last {output.plural(len(latest), 'log date')}"
        counts = [share.quarantined for share in latest]
        says = f"{told}: {' '.join(map(str, counts))}"
        yield f"<p>{bars(counts, says)} <small>{told}</small></p>"
    yield _dates(status, pages, shares, dates[:SHOWN])
    if before := dates[SHOWN:]:
        yield f"<details><summary>{output.plural(len(before), 'log date')} before</summary>"
        yield _dates(status, pages, shares, before) + "</details>"


def _dates(status: Status, pages: Found, shares: dict[str, Share], dates: Sequence[str]) -> str:
    rows = []
    for log_date in dates:
        share, report = shares.get(log_date), pages.reports.get(log_date)
        name = f'<a href="{report.href}">{log_date}</a>' if report else log_date
        counts = (
            (f"{share.events:,}", f"{share.quarantined:,}", percent(share.rate)) if share else ("-", "-", "-")
        )
        rows.append([f"<time>{name}</time>", *counts, _state(status, log_date)])
    columns = ("log date", "events", "quarantined", "rate", "state")
    return table_of(
        "Log dates, the newest first; each leads to its report",
        columns,
        rows,
        numbers=columns[1:4],
        wide=columns[2:3],
    )


def _state(status: Status, log_date: str) -> str:
    stale = status.stale.groups if status.stale else ()
    words = []
    if any(log_date in asset.to_do for asset in status.assets):
        words.append("to do")
    elif any(log_date in group.log_dates for group in stale):
        words.append("stale")
    seals = status.seals
    if any(one.log_date == log_date for one in seals.broken):
        words.append("not as it was sealed")
    elif (seals.first_log_date or "9") <= log_date <= (seals.last_log_date or ""):
        words.append("sealed")
    return ", ".join(words) or "published"


def _assets(assets: Sequence[Asset]) -> Iterator[str]:
    yield '<h2 id="assets">Assets</h2>'
    if not assets:
        yield "<p>Nothing is published yet.</p>"
        return
    rows = (
        [
            f"<code>{text(asset.asset)}</code>",
            f"{asset.log_dates:,}",
            f"<time>{asset.first_log_date}</time>",
            f"<time>{asset.last_log_date}</time>",
            f"{asset.rows:,}",
            output.size(asset.bytes),
        ]
        for asset in assets
    )
    columns = ("asset", "log dates", "first", "last", "rows", "size")
    yield table_of(
        "What is published", columns, rows, numbers=("log dates", "rows", "size"), wide=columns[1:4]
    )
