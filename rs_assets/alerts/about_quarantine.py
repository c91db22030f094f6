"""Rules about what is quarantined: how much of a site's events, and in which ways.

Belongs here: pure functions from a log date's counts to alerts. Does not belong here: counting (`counts`).
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from rs_assets.alerts.alert import Alert, Rule, fingerprint, quarantine_command
from rs_assets.alerts.counts import KEYS, TOTALS, together
from rs_assets.alerts.facts import Facts
from rs_assets.alerts.redact import redact
from rs_assets.alerts.rules import Rules


def all_bad(rules: Rules, facts: Facts) -> Iterator[Alert]:
    """Sites of which nothing is valid."""
    if not rules.all_bad.enabled:
        return
    found = _by_site(facts, "==").filter(
        pl.col("valid") == 0, pl.col("events") >= max(1, rules.all_bad.minimum_events)
    )
    for site, events in found.select("site", "events").iter_rows():
        what = f"Every event of {site} on {facts.log_date} is quarantined."
        yield _of_site(facts, Rule.ALL_BAD, site, what, events, events)


def quarantine_rates(rules: Rules, facts: Facts) -> Iterator[Alert]:
    """Sites whose rate is too high, for anyone or for themselves."""
    rule = rules.quarantine_rate
    if not rule.enabled:
        return
    rate = pl.col("quarantined") / pl.col("events")
    usual = (
        _by_site(facts, "!=", pl.col("log_date").n_unique().alias("dates"))
        .filter(pl.col("dates") >= max(1, rule.minimum_log_dates))
        .select("site", usual=rate)
    )
    judged = (
        _by_site(facts, "==")
        .filter(pl.col("events") >= max(1, rule.minimum_events))
        .with_columns(rate=rate)
        .join(usual, on="site", how="left")
    )
    far = (pl.col("rate") >= rule.times_from) & (pl.col("rate") > rule.times * pl.col("usual"))
    found = judged.filter((pl.col("rate") > rule.above) | far.fill_null(False)).sort("site")
    for row in found.iter_rows(named=True):
        baseline = f"; before, it was {row['usual']:.1%}" if row["usual"] is not None else ""
        what = (
            f"{row['rate']:.1%} of the events of {row['site']} on {facts.log_date} are quarantined{baseline}."
        )
        yield _of_site(facts, Rule.QUARANTINE_RATE, row["site"], what, row["quarantined"], row["events"])


def new_fingerprints(rules: Rules, facts: Facts) -> Iterator[Alert]:
    """Ways to be wrong that no earlier log date has: the largest each, the others together."""
    rule, date = rules.new_fingerprint, facts.log_date
    if not rule.enabled or len(facts.published - {date}) < rule.minimum_log_dates:
        return
    before = together([facts.known, facts.faults.filter(pl.col("log_date") != date)])
    known = before.filter(pl.col("count") >= max(1, rule.minimum_events))
    found = (
        facts.faults.filter(pl.col("log_date") == date, pl.col("count") >= rule.minimum_events)
        .join(known, on=KEYS, how="anti", nulls_equal=True)
        .sort("count", *KEYS, descending=[True, False, False, False, False])
    )
    of = dict(_by_site(facts, "==").select("site", "events").iter_rows())
    for row in found.head(rule.at_most).iter_rows(named=True):
        name = redact(row["event_name"] or "lines that name no event")
        place = redact(row["path"] or "the whole")
        yield Alert(
            Rule.NEW_FINGERPRINT,
            fingerprint(Rule.NEW_FINGERPRINT, row["site"], *(row[key] for key in KEYS[1:])),
            date,
            f"{row['code']} is new to {name} of {row['site']} ({place}).",
            row["site"],
            row["count"],
            of[row["site"]],
            redact(row["sample"]),
            row["place"],
            quarantine_command(row["site"], date, row["code"]),
        )
    if (others := found.slice(rule.at_most)).height:
        yield Alert(
            Rule.NEW_FINGERPRINT,
            fingerprint(Rule.NEW_FINGERPRINT, "others"),
            date,
            f"{others.height:,} other fingerprints, of fewer events each, are new as well.",
            count=int(others["count"].sum()),
            place=others["place"][0],
            command=f"rs-assets quarantine --from {date} --to {date}",
        )


def _by_site(facts: Facts, when: str, *more: pl.Expr) -> pl.DataFrame:
    """`site, valid, quarantined, events`, of the log date ("==") or its baseline ("!="), sorted by site."""
    today = pl.col("log_date") == facts.log_date
    chosen = facts.volumes.filter(today if when == "==" else ~today)
    return chosen.group_by("site").agg(*TOTALS, *more).sort("site")


def _of_site(facts: Facts, rule: Rule, site: str, what: str, count: int, of: int) -> Alert:
    """An alert about a site's quarantined events; the most frequent fault is its sample."""
    faults = facts.faults.filter(pl.col("log_date") == facts.log_date, pl.col("site") == site)
    first = faults.sort("count", *KEYS, descending=[True, False, False, False, False]).head(1)
    sample, place = first.select("sample", "place").row(0) if first.height else ("", "")
    return Alert(
        rule,
        fingerprint(rule, site),
        facts.log_date,
        what,
        site,
        count,
        of,
        redact(sample),
        place,
        quarantine_command(site, facts.log_date),
    )
