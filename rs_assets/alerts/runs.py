"""Alerts about runs that failed: conservation that does not hold, and whatever else stopped one.

Belongs here: the alert of a failure that is given as plain values. Does not belong here: Dagster's runs.
"""

from __future__ import annotations

import re

from rs_assets.alerts.alert import Alert, Rule, fingerprint
from rs_assets.alerts.redact import redact


def run_failed(job: str, log_dates: str, run_id: str, failures: dict[str, str]) -> Alert:
    """The alert that a run failed.

    Args:
        job: its name.
        log_dates: what the run was about, `2024-01-01..2024-01-31` or one log date; else the day on which it began.
        failures: what each step that failed says.
    """
    steps = ", ".join(sorted(failures)) or "no step"
    said = next(iter(failures.values()), "")
    return Alert(
        Rule.RUN_FAILED,
        fingerprint(Rule.RUN_FAILED, job),
        log_dates,
        f"A run of {job} for {log_dates} failed in {redact(steps)}; what it had published before is in place.",
        count=len(failures),
        sample=redact(said),
        place=f"run {run_id}",
        command="make ui",
    )


def conservation_broken(message: str, log_dates: str) -> Alert:
    """The alert that events in are not valid + quarantined, by the `ConservationError` of the split."""
    date = re.search(r"\b\d{4}-\d{2}-\d{2}\b", message)
    return Alert(
        Rule.CONSERVATION,
        fingerprint(Rule.CONSERVATION, "split"),
        date.group() if date else log_dates[-10:],
        "Events were lost or made in the split: what came in is not valid + quarantined. Nothing was published.",
        count=1,
        sample=redact(message),
        place="the split",
        command="make ui",
    )
