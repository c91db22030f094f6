"""An alert: what a rule found on a log date, and how to look closer.

Belongs here: the alert, its table and its words for a person. Does not belong here: finding it (`evaluate`),
or whether it is said (`notices`).
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from rs_assets.alerts.redact import redact
from rs_assets.lake.tables import Schema


class Rule(StrEnum):
    """The rules. The value is what users see."""

    QUARANTINE_RATE = "quarantine_rate"
    ALL_BAD = "all_bad"
    NEW_FINGERPRINT = "new_fingerprint"
    SILENT = "silent"
    LOG_DATE_MISSING = "log_date_missing"
    SEAL_BROKEN = "seal_broken"
    CONSERVATION = "conservation"
    RUN_FAILED = "run_failed"


EVALUATED = {
    Rule.QUARANTINE_RATE: "A site's share of quarantined events is above a threshold, or far above its baseline.",
    Rule.ALL_BAD: "Every event of a site is quarantined.",
    Rule.NEW_FINGERPRINT: "A site, event name, reason code and path that no earlier log date has.",
    Rule.SILENT: "A site or an event type that had events on every log date before has none.",
    Rule.LOG_DATE_MISSING: "Nothing was received, or nothing is published, for a log date that should be there.",
    Rule.SEAL_BROKEN: "A segment is not as it was sealed, by its name or size, or a seal is broken itself.",
}
"""The rules that are evaluated on every log date, and what each holds; the others alert when a run fails."""

ALERTS: Schema = {
    "log_date": pl.Date,
    "rule": pl.String,
    "fingerprint": pl.String,
    "site": pl.String,
    "what": pl.String,
    "count": pl.Int64,
    "of": pl.Int64,
    "sample": pl.String,
    "place": pl.String,
    "command": pl.String,
}
"""The columns of the table `alerts`: a row an alert that fires on the log date."""


@dataclass(frozen=True)
class Alert:
    """What a rule found. Nothing in it tells who sent an event.

    Attributes:
        rule: which one.
        fingerprint: the rule and what it fires for; the same trouble on another log date has the same.
        log_date: the period.
        what: one sentence.
        site: None where it is not of one.
        count: how many, mostly events …
        of: … of how many; None where there is no whole.
        sample: a violation's message, redacted.
        place: the quarantine_id of the first, or another place in the log; "" where there is none.
        command: what to type to look closer.
    """

    rule: Rule
    fingerprint: str
    log_date: str
    what: str
    site: str | None = None
    count: int = 0
    of: int | None = None
    sample: str = ""
    place: str = ""
    command: str = ""

    @property
    def body(self) -> str:
        """The alert at length, a fact a line."""
        counted = f"{self.count:,}" if self.of is None else f"{self.count:,} of {self.of:,}"
        facts = {
            "rule": str(self.rule),
            "fingerprint": self.fingerprint,
            "site": self.site or "",
            "log date": self.log_date,
            "count": counted if self.count or self.of else "",
            "sample": self.sample,
            "place": self.place,
            "look closer": self.command,
        }
        return "\n".join([self.what, "", *(f"{name}: {fact}" for name, fact in facts.items() if fact)])


def fingerprint(rule: Rule, first: str, *more: str | None) -> str:
    """`new_fingerprint/shop-a/purchase/FIELD_MISSING/params.value`; what cannot be read is `-`.

    Args:
        first: a name of our own (a site, a job), kept as it is.
        more: names that strangers may have chosen, redacted.
    """
    return "/".join([rule, first, *(redact(part) if part else "-" for part in more)])


def quarantine_command(site: str, log_date: str, code: str | None = None) -> str:
    """The command that shows these quarantined events."""
    reason = f" --reason {code}" if code else ""
    return f"rs-assets quarantine --site {shlex.quote(site)} --from {log_date} --to {log_date}{reason}"


def table(alerts: Sequence[Alert]) -> pl.DataFrame:
    """The alerts as `ALERTS`, sorted by fingerprint."""
    rows = [dataclasses.asdict(alert) | {"rule": str(alert.rule)} for alert in alerts]
    frame = pl.DataFrame(rows, schema={**ALERTS, "log_date": pl.String})
    return frame.with_columns(pl.col("log_date").str.to_date()).sort("fingerprint")
