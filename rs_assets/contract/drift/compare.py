"""What sites send, compared: with their own log dates before, and with each other.

Belongs here: one pure function from rows of `site_shapes` to drifts, and its thresholds. Does not belong here:
counting, or words for a person (`words`).

A drift is a change. What a site has always done otherwise than the others is its way, and a check that failed for it
every day would soon be read by nobody; what has lasted for some log dates is the way from then on.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from rs_assets.contract.drift.table import KEYS, TYPES
from rs_assets.lake.tables import Schema

BEFORE = 7
"""Log dates that one is compared with: a week has each weekday once."""
ALWAYS, HARDLY = 0.95, 0.05
"""Shares that are as good as all and none. Tags are changed for a whole site at once; in between lies what depends on
visitors (a coupon, a referrer), which changes every day."""
MINIMUM = 50
"""Events (or items, or values) on either side of a comparison: with fewer, a share of 95 % is chance."""
OTHERS = 2
"""Sites that must agree to be a norm for another one: one site is none."""
ITS_WAY = 3
"""Log dates on which a site was unlike the others; then it is its way, and not reported any more."""

STOPPED, STARTED, RETYPED, UNLIKE = "stopped", "started", "retyped", "unlike"
SENT = "sent"
ASPECT = [*KEYS, "aspect"]
COUNTS = ("count", "of", "count_before", "of_before")
FOUND = [*ASPECT, "drift", "since", *COUNTS]
IS_SENT = pl.col("aspect") == SENT
HAS_STOPPED = (pl.col("usual") >= ALWAYS) & (pl.col("share") <= HARDLY)
HAS_STARTED = IS_SENT & (pl.col("usual") <= HARDLY) & (pl.col("share") >= ALWAYS)

DRIFTS: Schema = {
    "site": pl.String,
    "path": pl.String,
    "drift": pl.String,
    "event_names": pl.List(pl.String),
    "was": pl.String,
    "now": pl.String,
    "since": pl.Date,
    "count": pl.Int64,
    "of": pl.Int64,
    "count_before": pl.Int64,
    "of_before": pl.Int64,
}
"""A row a site, path and what happened to it. `was` and `now` are `sent` or a type's column of `site_shapes`; `count`
of `of` are so (of what `was` names: on the log date, and `…_before`: on the log dates before, or at the other sites
where it is `unlike` them)."""


def drifts(shapes: pl.DataFrame, log_date: dt.date) -> pl.DataFrame:
    """DRIFTS of a log date, in order.

    Args:
        shapes: rows of `site_shapes`, in any order, of `log_date` and of log dates before it.
        log_date: the one that is judged.
    """
    first = log_date - dt.timedelta(days=BEFORE)
    window = shapes.filter(pl.col("log_date").is_between(first, log_date))
    rates = _rates(window).filter((pl.col("log_date") < log_date) | (pl.col("of") >= MINIMUM))
    known = _known(rates, log_date)
    its_way = min(ITS_WAY, window["log_date"].n_unique() - 1)  # on the first log date, nobody's way is known
    is_new = pl.col("alone") & (pl.col("times_alone") < its_way)
    if known.filter(HAS_STOPPED | HAS_STARTED | is_new).is_empty():
        return pl.DataFrame(schema=DRIFTS)
    own = _turned(known, rates)
    unlike = _unlike(known.filter(is_new), rates).join(own, on=ASPECT, how="anti")
    found = pl.concat([own, unlike]).join(_commonest(known), on=KEYS, how="left")
    changed = found.with_columns(now=pl.when(IS_SENT).then(pl.lit(SENT)).otherwise("now"))
    together = changed.group_by("site", "path", "drift", "now", was="aspect").agg(
        pl.col(*COUNTS).sum(), event_names=pl.col("event_name").sort(), since=pl.col("since").min()
    )
    typed = together.select(pl.col(name).cast(kind) for name, kind in DRIFTS.items())
    return typed.sort("site", "path", "drift", "was", "now")


def _rates(shapes: pl.DataFrame) -> pl.DataFrame:
    """A row an aspect (whether it is sent, and each type) of a row of `site_shapes`: how large a share has it.

    Most of the contract's parameters nobody sends; they are left out.
    """
    someone = pl.sum_horizontal(SENT, *TYPES).sum().over("event_name", "path") > 0
    wholes = {SENT: pl.col("of"), **dict.fromkeys(TYPES, pl.sum_horizontal(*TYPES))}
    sent = shapes.filter(someone)
    rows = [
        sent.select("log_date", *KEYS, aspect=pl.lit(name), count=pl.col(name), of=whole)
        for name, whole in wholes.items()
    ]
    return pl.concat(rows).filter(pl.col("of") > 0).with_columns(share=pl.col("count") / pl.col("of"))


def _known(rates: pl.DataFrame, log_date: dt.date) -> pl.DataFrame:
    """A row an aspect that can be judged on the log date, with what there is to judge it by.

    Its `share` of `of`; its `usual` share on the log dates before; whether it is `alone`, and on how many of them it
    was (`times_alone`); what the sites that always do it have (`…_others`); and the last of the log dates before on
    which it was not as hardly ever, as always, as alone as now (`last_…`).
    """
    every_site = ["log_date", "event_name", "path", "aspect"]
    always, hardly = pl.col("share") >= ALWAYS, pl.col("share") <= HARDLY
    others = rates.group_by(every_site).agg(
        sites=pl.len(),
        sites_always=always.sum(),
        count_others=pl.col("count").filter(always).sum(),
        of_others=pl.col("of").filter(always).sum(),
    )
    agreed = (pl.col("sites_always") == pl.col("sites") - 1) & (pl.col("sites_always") >= OTHERS)
    rows = rates.join(others, on=every_site).with_columns(alone=hardly & agreed)
    now, before = pl.col("log_date") == log_date, pl.col("log_date") < log_date
    known = rows.group_by(ASPECT).agg(
        pl.col("count", "of", "share", "alone", "count_others", "of_others").filter(now).first(),
        usual=pl.col("share").filter(before).median(),
        times_alone=pl.col("alone").filter(before).sum(),
        last_often=pl.col("log_date").filter(before & ~hardly).max(),
        last_seldom=pl.col("log_date").filter(before & ~always).max(),
        last_together=pl.col("log_date").filter(before & ~pl.col("alone")).max(),
    )
    return known.drop_nulls("share")


def _turned(known: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """What a site always did on the log dates before, and hardly does now; of parameters, the reverse as well."""
    stopped, started = known.filter(HAS_STOPPED), known.filter(HAS_STARTED)
    what = pl.when(IS_SENT).then(pl.lit(STOPPED)).otherwise(pl.lit(RETYPED))
    turned = pl.concat(
        [
            stopped.select(*ASPECT, "count", "of", drift=what, last="last_often"),
            started.select(*ASPECT, "count", "of", drift=pl.lit(STARTED), last="last_seldom"),
        ]
    )
    dated = _since(turned, rates).rename({"count_until": "count_before", "of_until": "of_before"})
    return dated.filter(pl.col("of_before") >= MINIMUM).select(FOUND)


def _unlike(new: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """What all other sites do and a site does not, where that is new."""
    at_others = {"count_before": "count_others", "of_before": "of_others"}
    unlike = new.select(*ASPECT, "count", "of", **at_others, drift=pl.lit(UNLIKE), last="last_together")
    return _since(unlike, rates).select(FOUND)


def _since(found: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """`found` with `since`, the first log date after the `last` one on which it was otherwise, and with what there
    is of the log dates before that (`…_until`)."""
    rows = found.select(*ASPECT, "last").join(rates, on=ASPECT)
    so = pl.col("last").is_null() | (pl.col("log_date") > pl.col("last"))
    dated = rows.group_by(ASPECT).agg(
        since=pl.col("log_date").filter(so).min(),
        count_until=pl.col("count").filter(~so).sum(),
        of_until=pl.col("of").filter(~so).sum(),
    )
    return found.join(dated, on=ASPECT)


def _commonest(known: pl.DataFrame) -> pl.DataFrame:
    """The type that most of a path's values have on the log date, as `now`."""
    typed = known.filter(~IS_SENT).sort([*KEYS, "count", "aspect"])
    return typed.group_by(KEYS).agg(now=pl.col("aspect").last())
