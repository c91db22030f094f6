"""The SQL of the report.

Belongs here: the views that hold what was asked for, and the queries over them. Does not belong here: what becomes
of their rows (`summary`). What a person typed becomes an expression or a parameter, never a piece of SQL.
"""

from __future__ import annotations

import duckdb
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

from rs_assets.contract.report.asked import Asked

RECEIVED = (
    "SELECT log_date, site, event_name, count(*) AS events FROM received_valid GROUP BY ALL ORDER BY ALL"
)

ALL_QUARANTINED = """
SELECT log_date, site, event_name, count(*) AS events FROM asked_quarantined GROUP BY ALL
"""

BY_LOG_DATE = "SELECT log_date, count(*) FROM chosen GROUP BY ALL ORDER BY ALL"

_GROUPS = """
    count(*) AS quarantined,
    histogram(log_date) AS by_log_date,
    min({'log_date': log_date, 'segment': segment, 'line': line, 'event_index': event_index, 'site': site}),
    max({'log_date': log_date, 'segment': segment, 'line': line, 'event_index': event_index, 'site': site})
"""

BY_REASON = f"""
SELECT reason, {_GROUPS}
FROM (SELECT log_date, segment, line, event_index, site, unnest(reasons) AS reason FROM chosen)
GROUP BY reason
ORDER BY quarantined DESC, reason
"""

BY_SITE = f"SELECT site, {_GROUPS} FROM chosen GROUP BY site ORDER BY quarantined DESC, site"

BY_EVENT_NAME = f"""
SELECT event_name, {_GROUPS}
FROM chosen
GROUP BY event_name
ORDER BY quarantined DESC, event_name NULLS LAST
LIMIT $names
"""

EVENT_NAMES = "SELECT count(*) FROM (SELECT DISTINCT event_name FROM chosen)"

# The newest of each place in an event first, then the newest of any: examples that differ say more. Which item of
# an event it was is no difference. Aggregates keep `samples` rows a place, so memory stays small; the lines
# themselves are read for the samples alone (RAW).
SAMPLES = """
WITH violations AS (
    SELECT
        quarantine_id, site, log_date, segment, line, event_index, event_name,
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

RAW = """
SELECT quarantine_id, raw
FROM chosen
WHERE quarantine_id IN (SELECT unnest($ids::VARCHAR[]))
"""


def choose(connection: duckdb.DuckDBPyConnection, quarantined: duckdb.DuckDBPyRelation, asked: Asked) -> None:
    """Make the views that the queries read: all quarantined events of the dates and sites, and the `chosen` ones.

    Args:
        connection: of the relation.
        quarantined: `quarantined_events`.
        asked: which of them.
    """
    of_range = asked_for(quarantined, asked)
    of_range.create_view("asked_quarantined", replace=True)
    if asked.reasons:
        wanted = ConstantExpression(list(asked.reasons))
        of_range = of_range.filter(FunctionExpression("list_has_any", ColumnExpression("reasons"), wanted))
    of_range.create_view("chosen", replace=True)


def asked_for(events: duckdb.DuckDBPyRelation, asked: Asked) -> duckdb.DuckDBPyRelation:
    """The events of the log dates and sites asked for; they have `log_date` and `site`."""
    if asked.first:
        events = events.filter(ColumnExpression("log_date") >= ConstantExpression(asked.first))
    if asked.last:
        events = events.filter(ColumnExpression("log_date") <= ConstantExpression(asked.last))
    if asked.sites:
        events = events.filter(ColumnExpression("site").isin(*map(ConstantExpression, asked.sites)))
    return events
