"""The SQL that parses lines of the log.

Belongs here: which fields the native reader is asked for, and how. Does not belong here: running it (`parse`).

DuckDB reads every scalar as JSON text, so that it cannot coerce any, and every event as JSON text, too: what an
event is equal to another by (`fingerprint`) and which keys it has (`shape`) covers all of it, not only what
the contract knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from rs_assets.contract.schemas import ENVELOPE, ITEM, PARAMS

LINE_BYTES = 1 << 20
"""What is longer is not parsed: no body that the contract allows is (`exact.BODY_BYTES`)."""

SAMPLED = 1_000
"""Lines that are looked through for what a log date sends; what others send is found by their shapes."""

OF_BODY = ("client_id", "user_id", "user_properties", "consent")
_BODY = f"STRUCT({', '.join(f'{name} JSON' for name in OF_BODY)}, timestamp_micros JSON, events JSON[])"
_COLUMNS = {**dict.fromkeys(map(str, ENVELOPE.columns), "JSON"), "body": _BODY}
_ENVELOPE = ", ".join(map(str, ENVELOPE.columns))
_KEYS = "json_keys(event, ['$', '$.params'])"
_ITEM_KEYS = "json_keys(event, '$.params.items[*]')"
_SHAPE = f"hash({_KEYS}, {_ITEM_KEYS})"

# Same bytes, same row order: no join and no IN belongs in here (they lose the order of the file).
_EVENTS = f"""
    SELECT
        {_ENVELOPE}, {", ".join(f"body.{name}" for name in OF_BODY)}, body.timestamp_micros AS body_timestamp_micros,
        unnest(body.events) AS event,  -- beside a longer list, of which a line without events has one of one
        unnest(range(greatest(coalesce(len(body.events), 0), 1))) AS event_index
    FROM {{source}}
"""


@dataclass(frozen=True)
class Fields:
    """Some of the contract's parameters and of its fields of an item."""

    params: frozenset[str]
    items: frozenset[str]

    @classmethod
    def known(cls, params: Iterable[str], items: Iterable[str]) -> Fields:
        """Those of the given names that are the contract's."""
        return cls(frozenset(PARAMS).intersection(params), ITEM_FIELDS.intersection(items))

    def __or__(self, other: Fields) -> Fields:
        return Fields(self.params | other.params, self.items | other.items)

    def __le__(self, other: Fields) -> bool:
        return self.params <= other.params and self.items <= other.items


ITEM_FIELDS = frozenset(map(str, ITEM.columns))
ALL_FIELDS = Fields(frozenset(PARAMS), ITEM_FIELDS)


def events_query(path: str, fields: Fields, *, keys: bool) -> str:
    """Every event of a file with these fields; its `shape` only if its keys are asked for.

    Fields have their columns in the contract's order, whichever were learned first.
    """
    params = [name for name in PARAMS if name in fields.params]
    items = [name for name in map(str, ITEM.columns) if name in fields.items]
    read = {**dict.fromkeys(params, "JSON"), "items": [dict.fromkeys(items, "JSON")]}
    described = json.dumps({"name": "JSON", "timestamp_micros": "JSON", "params": read})
    return f"""
        SELECT * EXCLUDE (event, read), read.name AS event_name, read.timestamp_micros AS event_timestamp_micros,
            hash(site, client_id, user_id, coalesce(read.timestamp_micros, body_timestamp_micros, received_at), event)
                AS fingerprint,
            unnest(read.params)
        FROM (
            SELECT *, starts_with(event, '{{') AS is_object, strlen(event) AS length,
                {_SHAPE if keys else "NULL::UBIGINT"} AS shape, json_transform(event, '{described}') AS read
            FROM ({_EVENTS.format(source=source(path))})
        )
    """


def shapes_query(path: str) -> str:
    """The keys of every event of a file."""
    return f"""
        SELECT event_index, {_SHAPE} AS shape,
            {_KEYS}[1] AS of_event, {_KEYS}[2] AS of_params, {_ITEM_KEYS} AS of_items
        FROM ({_EVENTS.format(source=source(path))})
    """


def names_query(path: str) -> str:
    """The names of all parameters and of all fields of items in a file's first lines, in one row."""
    return f"""
        SELECT list_distinct(flatten(list({_KEYS}[2]))) AS params,
            list_distinct(flatten(flatten(list({_ITEM_KEYS})))) AS items
        FROM ({_EVENTS.format(source=f"(FROM {source(path)} LIMIT {SAMPLED})")})
    """


def repeats_query(path: str) -> str:
    """Whether each line of a file holds a field of its envelope or of its body twice; null where it is no object."""
    return f"""
        SELECT list_unique(keys[1]) < len(keys[1]) OR coalesce(list_unique(keys[2]) < len(keys[2]), false) AS repeats
        FROM (
            SELECT json_keys(json, ['$', '$.body']) AS keys
            FROM read_ndjson_objects('{_quoted(path)}', ignore_errors=true, maximum_object_size={2 * LINE_BYTES})
        )
    """


def source(path: str) -> str:
    """The typed reader of an ndjson file as DuckDB's table function."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in _COLUMNS.items())
    return (
        f"read_json('{_quoted(path)}', format='newline_delimited', ignore_errors=true, "
        f"maximum_object_size={2 * LINE_BYTES}, columns={{{columns}}})"
    )


def _quoted(path: str) -> str:
    return path.replace("'", "''")
