"""Which JSON types sites send, before anything is cast: the first requests of each site, looked at in the raw log.

Belongs here: taking the sample, and one query over it. Does not belong here: how often parameters are sent, which
the whole of the valid events tells (`sent`).

A type is a habit of a site's tags and not of its visitors, so the first requests of a day show it. What a site sends
in a type that the contract refuses is seen, too: nothing has been judged yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import duckdb
import numpy as np
import polars as pl

from rs_assets.contract.drift.table import KEYS, TYPES
from rs_assets.contract.exact import BODY_BYTES
from rs_assets.contract.schemas import EVENT_TYPES, ITEM, PARAMS
from rs_assets.lake.tables import Schema
from rs_assets.log.blocks import Batch, read_batches
from rs_assets.log.erasure import read_orders, unerased
from rs_assets.log.layout import RawLog, Segment

LINES = 500
"""Requests of a site on a log date: 20 ms of reading, and enough of its common events to be sure."""
SITE_BYTES = 512 << 10
QUERY_LINES = 20_000
"""Requests a query, of however many sites: what bounds memory."""

TYPED: Schema = {**dict.fromkeys(KEYS, pl.String), **dict.fromkeys(TYPES, pl.Int64)}
"""A row a site, event name and path: how often each type was met."""

_QUERY = """
WITH event AS MATERIALIZED (
    SELECT site, unnest(CASE WHEN json_valid(line) THEN json_extract(line, '$.body.events[*]') END) AS event
    FROM sample
),
item AS (
    SELECT site, event ->> '$.name' AS event_name, unnest(json_extract(event, '$.params.items[*]')) AS item
    FROM event
),
shape AS (
    SELECT site, event ->> '$.name' AS event_name, 'params.' AS under,
        $params AS names, json_type(event, $of_params) AS types, count(*) AS times
    FROM event GROUP BY ALL
    UNION ALL
    SELECT site, event_name, 'params.items[].', $fields, json_type(item, $of_fields), count(*)
    FROM item GROUP BY ALL
),
typed AS (
    SELECT site, event_name, under || unnest(names) AS path, unnest(types) AS type, times FROM shape
)
SELECT
    site, event_name, path,
    coalesce(sum(times) FILTER (type = 'VARCHAR'), 0) AS as_string,
    coalesce(sum(times) FILTER (type IN ('UBIGINT', 'BIGINT', 'HUGEINT', 'DOUBLE')), 0) AS as_number,
    sum(times) - as_string - as_number AS as_other
FROM typed
WHERE type <> 'NULL'
GROUP BY ALL
"""
_PARAMS, _FIELDS = [*PARAMS, "items"], [str(name) for name in ITEM.columns]
_GIVEN = {
    "params": _PARAMS,
    "of_params": [f"$.params.{name}" for name in _PARAMS],
    "fields": _FIELDS,
    "of_fields": [f"$.{name}" for name in _FIELDS],
}


@dataclass(frozen=True)
class _Part(RawLog):
    """The raw log as if it had these segments and no others."""

    part: tuple[Segment, ...] = ()

    def segments(self, log_date: str) -> list[Segment]:
        return list(self.part)


def types(connection: duckdb.DuckDBPyConnection, log: RawLog, log_date: str) -> pl.DataFrame:
    """TYPED of the first requests of each site on a log date; events and parameters of the contract only.

    Raises:
        UserError: a segment cannot be read.
    """
    counted = [_types(connection, lines) for lines in _queries(log, log_date)]
    found = pl.concat([pl.DataFrame(schema=TYPED), *counted])
    return found.filter(pl.col("event_name").is_in(list(EVENT_TYPES)))


def _types(connection: duckdb.DuckDBPyConnection, lines: list[tuple[str, str]]) -> pl.DataFrame:
    sample = pl.DataFrame(lines, schema={"site": pl.String, "line": pl.String}, orient="row")
    connection.register("sample", sample.to_arrow())
    found = connection.sql(_QUERY, params=_GIVEN).to_arrow_table()
    connection.unregister("sample")
    return pl.DataFrame(pl.from_arrow(found)).select(pl.col(name).cast(kind) for name, kind in TYPED.items())


def _queries(log: RawLog, log_date: str) -> Iterator[list[tuple[str, str]]]:
    """(site, line) of each site's sample, so many sites together as one query takes."""
    held: list[tuple[str, str]] = []
    matcher = read_orders(log).matcher
    for site, segments in groupby(log.segments(log_date), key=lambda segment: segment.site):
        part = _Part(log.root, part=tuple(segments))
        batches = unerased(read_batches(part, log_date, SITE_BYTES), matcher)
        first = next((batch for batch in batches if len(batch)), None)
        if first is not None:
            held += [(site, line) for line in _lines(first)]
        if len(held) >= QUERY_LINES:
            yield held
            held = []
    if held:
        yield held


def _lines(batch: Batch) -> list[str]:
    """The first lines of a batch, as far as they are neither too large nor too many."""
    size = batch.end - batch.start
    few = np.flatnonzero(size <= BODY_BYTES)[:LINES]
    few = few[np.cumsum(size[few]) <= SITE_BYTES]
    return [batch.text(k).decode(errors="replace") for k in few.tolist()]
