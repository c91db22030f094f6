"""What a range run tells of its log dates is in the history as in Dagster's own storage, but written at once."""

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import dagster._core.storage.event_log
import pytest

from rs_assets.defs import history
from rs_assets.defs.jobs import RANGE_END, RANGE_START

YAML = Path(__file__).parents[2] / "deploy" / "dagster.yaml"
DAYS = 40
KEY, OTHER = dg.AssetKey("told"), dg.AssetKey("beside")
PARTITIONS = dg.DailyPartitionsDefinition("2024-01-01")


@dg.multi_asset(
    specs=[dg.AssetSpec(KEY), dg.AssetSpec(OTHER)],
    partitions_def=PARTITIONS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def told(context: dg.AssetExecutionContext):
    for n, log_date in enumerate(context.partition_keys):
        context.add_asset_metadata({"rows": n}, asset_key=KEY, partition_key=log_date)
    for key in (KEY, OTHER):
        yield dg.MaterializeResult(asset_key=key, data_version=dg.DataVersion("v1"))


@pytest.fixture(params=["Dagster's own", "ours"])
def on(request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE", raising=False)
    if request.param == "ours":
        monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", str(history.TOGETHER))
        shutil.copy(YAML, tmp_path / "dagster.yaml")
    else:
        (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    instance = dg.DagsterInstance.get()
    assert isinstance(instance.event_log_storage, history.EventLog) == (request.param == "ours")
    return instance


def replay(on: dg.DagsterInstance) -> str:
    first, last = PARTITIONS.get_first_partition_key(), PARTITIONS.get_partition_keys()[DAYS - 1]
    job = dg.Definitions([told], jobs=[dg.define_asset_job("all_of_it")]).resolve_job_def("all_of_it")
    done = job.execute_in_process(instance=on, tags={RANGE_START: first, RANGE_END: last})
    assert done.success
    return done.run_id


def test_every_log_date_of_a_range_run_is_there_with_its_numbers_and_version(on):
    run = replay(on)
    dates = PARTITIONS.get_partition_keys()[:DAYS]
    for key in (KEY, OTHER):
        assert on.get_materialized_partitions(key) == set(dates)
        latest = on.get_latest_materialization_event(key)
        assert latest and latest.run_id == run and latest.dagster_event.partition == dates[-1]
        assert on.get_latest_data_version_record(key, partition_key=dates[3]) is not None
    records = on.fetch_materializations(KEY, limit=100).records
    rows = {record.partition_key: record.asset_materialization.metadata["rows"].value for record in records}
    assert rows == {log_date: n for n, log_date in enumerate(dates)}
    tags = {record.asset_materialization.tags["dagster/data_version"] for record in records}
    assert tags == {"v1"}
    tagged: Any = on.get_event_tags_for_asset(KEY, {"dagster/data_version": "v1"})
    assert len(tagged) == DAYS
    with on.event_log_storage.index_connection() as index:  # each of its own event
        of = index.exec_driver_sql(
            "SELECT tags.asset_key, events.asset_key, count(DISTINCT events.id) FROM asset_event_tags tags "
            "JOIN event_logs events ON tags.event_id = events.id WHERE tags.key = 'dagster/data_version' "
            "AND events.dagster_event_type = 'ASSET_MATERIALIZATION' GROUP BY 1, 2 ORDER BY 1"
        ).all()
    assert of == [(key.to_string(), key.to_string(), DAYS) for key in (OTHER, KEY)]
    of_run = on.all_logs(run, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert len(of_run) == 2 * DAYS


def test_a_range_run_opens_the_history_a_few_times_and_not_once_a_log_date(on, monkeypatch):
    written, store = [], dagster._core.storage.event_log.SqliteEventLogStorage.store_event
    storage = dagster._core.storage.event_log.SqliteEventLogStorage

    def counting(self, event):
        written.append(event.dagster_event_type)
        store(self, event)

    monkeypatch.setattr(storage, "store_event", counting)
    replay(on)
    ours = isinstance(on.event_log_storage, history.EventLog)
    for of in (dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, dg.DagsterEventType.ASSET_MATERIALIZATION):
        assert written.count(of) == (0 if ours else 2 * DAYS), written
