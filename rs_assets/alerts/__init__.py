"""Alerts: what fires on a log date, what was said of it, and its delivery. No Dagster.

`publish_alerts` evaluates log dates of the published lake; a `Desk` says what is new and sends it.
"""

from rs_assets.alerts.about_absence import late
from rs_assets.alerts.about_seals import broken_seals
from rs_assets.alerts.alert import EVALUATED, Alert, Rule
from rs_assets.alerts.deliver import Delivered
from rs_assets.alerts.desk import ASSET, Desk, Published, publish_alerts, reads
from rs_assets.alerts.evaluate import Evaluation, evaluate
from rs_assets.alerts.ledger import Ledger
from rs_assets.alerts.notices import Notice, State
from rs_assets.alerts.rules import Rules, load_rules, load_rules_or_defaults
from rs_assets.alerts.runs import conservation_broken, run_failed

__all__ = [
    "ASSET",
    "EVALUATED",
    "Alert",
    "Delivered",
    "Desk",
    "Evaluation",
    "Ledger",
    "Notice",
    "Published",
    "Rule",
    "Rules",
    "State",
    "broken_seals",
    "conservation_broken",
    "evaluate",
    "late",
    "load_rules",
    "load_rules_or_defaults",
    "publish_alerts",
    "reads",
    "run_failed",
]
