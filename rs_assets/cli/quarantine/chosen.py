"""The SQL of `rs-assets quarantine`.

Belongs here: the views that hold what was asked for, and the queries over them. Does not belong here: what becomes
of their rows (`counts`). What a person typed becomes an expression or a parameter, never a piece of SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

from rs_assets.cli.quarantine import ASSET
from rs_assets.lake.views import names

if TYPE_CHECKING:
    from rs_assets.cli.quarantine.counts import Asked

VALID = "valid_events"

RECEIVED = """
SELECT site, log_date, sum(events)
FROM (
    SELECT site, log_date, count(*) AS events FROM asked_valid GROUP BY ALL
    UNION ALL
    SELECT site, log_date, count(*) AS events FROM asked_quarantined GROUP BY ALL
)
GROUP BY ALL
ORDER BY ALL
"""

BY_LOG_DATE = "SELECT log_date, count(*) FROM chosen GROUP BY ALL ORDER BY ALL"

BY_REASON = """
SELECT reason, count(*) AS quarantined, min(log_date), max(log_date), histogram(log_date)
FROM (SELECT log_date, unnest(reasons) AS reason FROM chosen)
GROUP BY reason
ORDER BY quarantined DESC, reason
"""

BY_SITE = """
SELECT site, count(*) AS quarantined, min(log_date), max(log_date), histogram(log_date)
FROM chosen
GROUP BY site
ORDER BY quarantined DESC, site
"""

BY_EVENT_NAME = """
SELECT event_name, count(*) AS quarantined, min(log_date), max(log_date), histogram(log_date)
FROM chosen
GROUP BY event_name
ORDER BY quarantined DESC, event_name NULLS LAST
LIMIT $names
"""

EVENT_NAMES = "SELECT count(*) FROM (SELECT DISTINCT event_name FROM chosen)"

# The newest of each place in an event first, then the newest of any: examples that differ say more. Which item of
# an event it was is no difference. Aggregates keep `samples` rows a place, so memory stays small.
SAMPLES = """
WITH violations AS (
    SELECT
        * EXCLUDE (violations),
        unnest(violations) AS violation
    FROM chosen
),

newest AS (
    SELECT
        violation.code AS code,
        arg_max(
            {
                'quarantine_id': quarantine_id, 'site': site, 'log_date': log_date, 'segment': segment, 'line': line,
                'event_index': event_index, 'event_name': event_name, 'violation': violation
            },
            (log_date, quarantine_id),
            $samples
        ) AS samples
    FROM violations
    WHERE len($reasons::VARCHAR[]) = 0 OR list_contains($reasons::VARCHAR[], violation.code)
    GROUP BY violation.code, regexp_replace(violation.path, '\\[\\d+\\]', '[]', 'g')
),

ranked AS (
    SELECT
        code,
        unnest(samples) AS sample,
        generate_subscripts(samples, 1) AS nth
    FROM newest
)

SELECT
    sample.quarantine_id, sample.site, sample.log_date, sample.segment, sample.line, sample.event_index,
    sample.event_name, sample.violation.code, sample.violation.path, sample.violation.message,
    sample.violation.expected, sample.violation.observed
FROM ranked
QUALIFY
    row_number() OVER (
        PARTITION BY code ORDER BY nth, sample.log_date DESC, sample.quarantine_id, sample.violation.path
    ) <= $samples
ORDER BY code, nth, sample.log_date DESC, sample.quarantine_id, sample.violation.path
"""


def choose(connection: duckdb.DuckDBPyConnection, asked: Asked) -> None:
    """Make the views that the queries read: the valid and the quarantined events asked for, and the `chosen` ones."""
    valid = connection.view(VALID if VALID in names(connection) else ASSET)
    if VALID not in names(connection):
        valid = valid.limit(0)
    _asked(valid, asked).create_view("asked_valid")
    quarantined = _asked(connection.view(ASSET), asked)
    quarantined.create_view("asked_quarantined")
    if asked.reasons:
        wanted = ConstantExpression(list(asked.reasons))
        quarantined = quarantined.filter(
            FunctionExpression("list_has_any", ColumnExpression("reasons"), wanted)
        )
    quarantined.create_view("chosen")


def _asked(events: duckdb.DuckDBPyRelation, asked: Asked) -> duckdb.DuckDBPyRelation:
    if asked.first:
        events = events.filter(ColumnExpression("log_date") >= ConstantExpression(asked.first))
    if asked.last:
        events = events.filter(ColumnExpression("log_date") <= ConstantExpression(asked.last))
    if asked.sites:
        events = events.filter(ColumnExpression("site").isin(*map(ConstantExpression, asked.sites)))
    return events
