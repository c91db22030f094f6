"""The key of each asset's rows: what makes a row of one environment the same row in the other.

Belongs here: the keys of assets that are made in Python. Does not belong here: those of dbt's models, which are in
their `meta.key`; comparing by them (`rows`).

A key is unique within the object of one log date, which is what is compared with its counterpart; it need not be
unique over log dates. Tests hold them to a replayed lake; where a key is not unique after all, `rows` compares whole
rows and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from rs_assets.extending import Table, declared
from rs_assets.extending.dbt import key_of_model

Key: TypeAlias = tuple[str, ...]

KEYS: Mapping[str, Key] = {
    "valid_events": ("event_id",),
    "quarantined_events": ("quarantine_id",),
    "quarantine_report": ("kind", "name"),
    "alerts": ("fingerprint",),
    "site_shapes": ("site", "event_name", "path"),
    "purchase_intent_training": ("session_id", "position"),
    "purchase_intent_model": ("cut",),
    "purchase_intent_evaluation": ("candidate", "slice", "metric"),
    "purchase_intent_drift": ("input",),
    "purchase_intent_promotion": ("cut",),
    "purchase_intent_predictions": ("session_id", "position"),
    "next_item_training": ("session_id", "position"),
    "next_item_model": ("site",),
    "next_item_evaluation": ("site", "candidate", "slice"),
    "next_item_promotion": ("cut",),
    "model_card": ("model", "section", "name", "value"),
    "recommendations": ("session_id", "position"),
}


def declared_key(asset: str) -> Key | None:
    """The key of an asset of the graph, those of companies' projects included."""
    tables = (one.key for one in declared("tables", Table) if one.name == asset)
    return KEYS.get(asset) or key_of_model(asset) or next(tables, None)


def key_of(asset: str, columns: Iterable[str], keys: Mapping[str, Key] | None = None) -> Key | None:
    """The asset's key, or None where none is declared, or not all of it is among `columns`."""
    key = declared_key(asset) if keys is None else keys.get(asset)
    return key if key is not None and set(key) <= set(columns) else None
