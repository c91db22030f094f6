"""Dagster's history on a laptop, which takes what a range run tells of its log dates at once. Dagster concepts:
instance, storage, event log.

Belongs here: writing many events to SQLite in one transaction, as Dagster's own storage for Postgres does. Does not
belong here: what is told (`publishing`).

Dagster's own storage for SQLite opens two databases for each event, and each log date of an asset is one: it takes
longer than making a small table does.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import func

TOGETHER = 1_000
"""Events that are written in one transaction at most; Dagster hands them over together if its variable says so."""
TOLD = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.ASSET_OBSERVATION,
}


def write_together() -> None:
    """Have this process, and those it starts, hand events of many log dates to the storage together."""
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(TOGETHER))


class EventLog(SqliteEventLogStorage):
    """Dagster's event log in SQLite; a batch is one transaction of the run's database and one of the index."""

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """As `store_event` would store each of them."""
        told = [event.dagster_event for event in events]
        if not all(one and one.event_type in TOLD and one.asset_key for one in told):
            return super().store_event_batch(events)
        # An event becomes text once for both databases: that is most of what it costs.
        insert, rows = SqlEventLogStorageTable.insert(), [self._event_to_row(event) for event in events]
        with self.run_connection(events[0].run_id) as connection:
            connection.execute(insert, rows)
        with self.index_transaction() as connection:
            connection.execute(insert, rows)
            # Nobody else writes before this transaction ends, so its rows are the last, one after the other.
            end = connection.execute(func.max(SqlEventLogStorageTable.c.id).select()).scalar_one() + 1
            numbers = list(range(end - len(rows), end))
            self._store_asset_event_tags(connection, events, numbers)
            # Of an asset, the table of assets has what came last.
            last = {one.asset_key: n for n, one in enumerate(told) if one}
            for n in last.values():
                self._store_asset_event(connection, events[n], numbers[n])


class History(DagsterSqliteStorage):
    """Runs, events and schedules in SQLite below `base_dir`, where Dagster's own storage has them, too."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(os.path.join(base_dir, "history", "runs", ""))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> History:
        """What `storage` of a dagster.yaml says."""
        return cls.from_local(inst_data=inst_data, **config_value)
