"""What of a row may be shown to whoever reads a comparison.

Belongs here: which columns, and their values as text. Does not belong here: finding the rows (`rows`).

A comparison ends up in pull requests and on pages, so it names no person: numbers, dates and flags are shown, of the
texts only those that are about a shop, its goods, a model or a place in the log; everything else is a `…`.
"""

from __future__ import annotations

from duckdb.sqltypes import DuckDBPyType

from rs_assets.contract.report.scrub import MASK, scrub
from rs_assets.replay.diff.sides import NUMBERS, TIMES
from rs_assets.visible import visible

HIDDEN = frozenset(
    {
        *("raw", "client_id", "user_id", "ip", "user_agent", "session_ref", "request_id", "transaction_id"),
        *("user_properties", "violations", "observed", "sample", "search_term"),
    }
)
"""Never shown, whatever their type."""

PLACES = frozenset(
    {
        *("event_id", "session_id", "quarantine_id", "fingerprint", "segment", "place"),
        *("artifact_digest", "page_digest", "first_segment", "last_segment"),
    }
)
"""Our own names of rows, places and bytes, shown as they are: digits in them name nobody."""

TEXTS = frozenset(
    {
        *("site", "event_name", "currency", "kind", "name", "path", "rule", "reason", "contract_version"),
        *("item_id", "item_category", "item_brand", "item_list_id", "affiliation", "method"),
        *("payment_type", "shipping_tier", "first_site", "last_site", "reasons", "flags", "repairs"),
        *("candidate", "slice", "metric", "model", "champion", "challenger", "verdict", "promoted"),
        *("item_ids", "items_seen"),
    }
)
"""Texts, and lists of them, that are shown without what `scrub` takes out."""

PLAIN = NUMBERS | TIMES | {"boolean", "time", "timestamp with time zone", "interval"}
"""Types whose values are no text of a stranger."""
LONGEST = 80
"""Characters of a value that are shown."""


def is_shown(column: str, kind: DuckDBPyType) -> bool:
    """Whether a column's values may be shown."""
    return column not in HIDDEN and (kind.id in PLAIN or column in PLACES | TEXTS)


def as_shown(column: str, kind: DuckDBPyType, text: str | None) -> str | None:
    """A value of the column, as DuckDB writes it, as it may be shown; NULL stays None.

    Args:
        column: its name.
        kind: its type.
        text: the value cast to VARCHAR.
    """
    if text is None:
        return None
    if not is_shown(column, kind):
        return MASK
    safe = text if kind.id in PLAIN or column in PLACES else scrub(text)
    safe = visible(safe)
    return safe if len(safe) <= LONGEST else f"{safe[: LONGEST - 1]}{MASK}"
