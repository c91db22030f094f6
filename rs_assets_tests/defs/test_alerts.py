"""Alerts through the graph: what is sent is what the UI shows, once, and never at the cost of a run."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from rs_assets.contract.split import ConservationError
from rs_assets.defs import launch
from rs_assets.defs.alert_sensors import alert_sensors
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.log.writer import LogWriter
from rs_assets.settings import Settings
from rs_assets_tests.alerts import servers
from rs_assets_tests.defs import replays
from rs_assets_tests.lakes import put_split

DATES = ["2024-01-03", "2024-01-04", "2024-01-05"]
ONLY = [arg for name in ("valid_events", "quarantined_events", "alerts") for arg in ("--only", name)]
SECRET = "T0KEN-of-the-hook"


def lines(log_date: str, name: str, site: str = "shop") -> bytes:
    """Twenty events of a name; the contract knows page_view and no typo."""
    head = {"received_at": f"{log_date}T10:00:00.000000Z", "site": site, "request_id": "r"}
    bodies = [{"client_id": f"c{n}.1", "events": [{"name": name, "params": {}}]} for n in range(20)]
    return b"".join(json.dumps(head | {"body": body}).encode() + b"\n" for body in bodies)


@pytest.fixture
def place(home) -> Path:
    """Three log dates of a shop; of the last, every event is bad."""
    place: Path = home("alerts")
    writer = LogWriter(str(place / "raw"))
    for log_date, name in zip(DATES, ("page_view", "page_view", "typo"), strict=True):
        writer.write("shop", log_date, lines(log_date, name))
    return place


def replay(place: Path, urls: str = "", first: str = DATES[0], **env: str) -> None:
    done = replays.run(place, "replay", "--from", first, "--to", DATES[-1], *ONLY, RS_ALERT_URLS=urls, **env)
    assert done.returncode == 0, done.stdout + done.stderr


def settings(place: Path, urls: str = "", **env: str) -> Settings:
    return Settings.from_env({"RS_HOME": str(place), "RS_ALERT_URLS": urls, **env})


def checks(on: dg.DagsterInstance, name: str) -> list[tuple[str | None, bool]]:
    """(log date, passed) of a check's results, newest first."""
    key = dg.AssetCheckKey(dg.AssetKey("alerts"), name)
    records = on.event_log_storage.get_asset_check_execution_history(key, limit=50)
    assert not [record for record in records if record.status.value == "PLANNED"], "done for every log date"
    found = [record.event.dagster_event.event_specific_data for record in records]
    return [(check.partition, check.passed) for check in found]


def tick(
    given: Settings, on: dg.DagsterInstance, cursor: str | None = None
) -> dg.SensorResult | dg.SkipReason:
    """One tick of `alert_delivery`."""
    deliver = next(sensor for sensor in alert_sensors(given) if sensor.name == "alert_delivery")
    with dg.build_sensor_context(instance=on, cursor=cursor) as context:
        return deliver(context)


def test_a_replay_shows_what_fires_as_checks_and_sends_it_once(place):
    with servers.http() as (port, taken):
        url = f"json://127.0.0.1:{port}/{SECRET}"
        replay(place, url)
        sent = [message["title"] for message in taken]
        replay(place, url)
        replay(place, url, DATES[-1])
        assert [message["title"] for message in taken] == sent
    assert "[prod] Every event of shop on 2024-01-05 is quarantined." in sent
    assert len(sent) == 2, "and the fingerprint that is new"
    on = launch.instance(settings(place))
    assert {d: p for d, p in checks(on, "all_bad")[-4:]} == {
        DATES[0]: True,
        DATES[1]: True,
        DATES[2]: False,
        None: False,
    }
    assert checks(on, "delivered")[0] == (None, True)
    assert checks(on, "evaluated")[0] == (None, True)
    seen = on.get_latest_materialization_event(dg.AssetKey("alerts")).asset_materialization
    assert seen.metadata["firing"].value == 2
    assert "Every event of shop" in str(seen.metadata["alerts"].value)
    assert Lake(str(place / "lake")).log_dates("alerts") == DATES


def test_no_secret_of_a_url_is_in_dagsters_storage_or_the_log(place):
    replay(place, f"json://127.0.0.1:{servers.free_port()}/{SECRET}")
    files = [path for path in place.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []


def test_what_is_undeliverable_fails_a_check_until_the_sensor_has_delivered_it(place):
    port = servers.free_port()
    url = f"json://127.0.0.1:{port}"
    replay(place, url)
    given = settings(place, url)
    on = launch.instance(given)
    assert dict(checks(on, "delivered")) == {DATES[0]: True, DATES[1]: True, DATES[2]: False, None: False}
    still = tick(given, on)
    assert isinstance(still, dg.SensorResult) and not still.asset_events[0].passed
    assert isinstance(tick(given, on, still.cursor), dg.SkipReason), "what has not changed is not told again"
    with servers.http(port) as (_, taken):
        done = tick(given, on, still.cursor)
    assert isinstance(done, dg.SensorResult) and done.asset_events[0].passed and len(taken) == 2
    for event in done.asset_events:
        on.report_runless_asset_event(event)
    assert checks(on, "delivered")[:2] == [(None, True), (DATES[2], True)]
    assert isinstance(tick(given, on, done.cursor), dg.SkipReason)


def test_a_bad_file_of_rules_fails_a_check_and_no_replay(place):
    (place / "rules.toml").write_text("[all_bad]\nminimum = 1\n")
    replay(place, RS_ALERT_RULES=str(place / "rules.toml"))
    on = launch.instance(settings(place))
    assert checks(on, "evaluated")[0] == (None, False)
    assert checks(on, "all_bad")[0] == (None, False), "the defaults are in force"


def test_a_ledger_that_cannot_be_written_fails_a_check_and_no_replay(place):
    (place / "alerts").write_text("a file where a folder should be")
    replay(place)
    on = launch.instance(settings(place))
    assert checks(on, "evaluated")[0] == (None, False)
    assert checks(on, "all_bad")[0] == (None, False)
    assert Lake(str(place / "lake")).log_dates("alerts") == DATES


def test_a_table_that_cannot_be_read_fails_checks_and_no_run(place):
    replay(place)
    Path(Lake(str(place / "lake")).object("valid_events", DATES[0])).write_bytes(b"no parquet")
    done = replays.run(place, "replay", "--from", DATES[1], "--to", DATES[1], "--only", "alerts")
    assert done.returncode == 0, done.stderr
    assert checks(launch.instance(settings(place)), "all_bad")[0] == (None, False)


def test_yesterdays_log_date_is_late_once(place, tmp_path):
    today = dt.datetime.now(dt.UTC).date()
    early, late = (today - dt.timedelta(days=n) for n in (4, 3))
    log = tmp_path / "raw"
    LogWriter(str(log)).write("shop", str(early), lines(str(early), "page_view"))
    put_split(Lake(str(place / "lake")), RawLog(str(log)), [str(early)])
    with servers.http() as (port, taken):
        given = settings(place, f"json://127.0.0.1:{port}")
        on = launch.instance(given)
        result = tick(given, on)
        assert isinstance(result, dg.SensorResult)
        expected, *_ = result.asset_events
        assert (expected.check_name, expected.passed) == ("log_date_missing", False)
        assert expected.partition > str(late) and f"{expected.partition} is late" in taken[0]["title"]
        assert isinstance(tick(given, on, result.cursor), dg.SkipReason)
    assert len(taken) == 1


@pytest.fixture
def failing() -> Callable[..., dg.JobDefinition]:
    def make(error: Exception, log_date: str = "2024-01-05") -> dg.JobDefinition:
        @dg.op
        def split() -> None:
            raise error

        @dg.job(tags={"dagster/partition": log_date} if log_date else {})
        def daily_job() -> None:
            split()

        return daily_job

    return make


def fail(given: Settings, job: dg.JobDefinition, on: dg.DagsterInstance) -> None:
    """Let a job fail, and tell the sensor."""
    result = job.execute_in_process(instance=on, raise_on_error=False)
    sensor = next(sensor for sensor in alert_sensors(given) if sensor.name == "alert_run_failures")
    event = next(e for e in result.all_events if e.is_run_failure)
    context = dg.build_run_status_sensor_context(
        sensor_name="alert_run_failures",
        dagster_event=event,
        dagster_instance=on,
        dagster_run=result.dagster_run,
    )
    sensor(context.for_run_failure())


def test_a_failed_run_alerts_once_and_its_end_is_said(place, failing):
    with servers.http() as (port, taken), dg.instance_for_test() as on:
        given = settings(place, f"json://127.0.0.1:{port}")
        job = failing(ValueError("anna@shop.example did it"))
        fail(given, job, on)
        fail(given, job, on)
        assert [m["title"] for m in taken] == [
            "[prod] A run of daily_job for 2024-01-05 failed in split; what it had published before is in place."
        ]
        assert "anna" not in taken[0]["message"] and "did it" in taken[0]["message"]

        @dg.job
        def daily_job() -> None: ...

        daily_job.execute_in_process(instance=on)
        tick(given, on)
        tick(given, on)
        assert [m["title"] for m in taken[1:]] == ["[prod] Over: run_failed/daily_job"]


def test_a_failed_run_of_no_log_date_has_its_day_for_a_period(place, failing):
    with servers.http() as (port, taken), dg.instance_for_test() as on:
        fail(settings(place, f"json://127.0.0.1:{port}"), failing(ValueError("no"), log_date=""), on)
    today = dt.datetime.now(dt.UTC).date()
    assert (
        f"for {today} failed" in taken[0]["title"]
        or f"for {today - dt.timedelta(days=1)}" in taken[0]["title"]
    )


def test_broken_conservation_is_an_alert_of_its_own(place, failing):
    with servers.http() as (port, taken), dg.instance_for_test() as on:
        error = ConservationError(
            "2024-01-05: 10 events in 10 lines from site=a:1 on, but 8 valid and 1 quarantined."
        )
        fail(settings(place, f"json://127.0.0.1:{port}"), failing(error), on)
    assert {message["message"].split("rule: ")[1].split("\n")[0] for message in taken} == {
        "run_failed",
        "conservation",
    }


def test_the_sensors_run_from_the_start(place):
    assert {s.name: s.default_status.value for s in alert_sensors(settings(place))} == {
        "alert_delivery": "RUNNING",
        "alert_run_failures": "RUNNING",
    }


def test_the_checks_are_the_rules_that_are_evaluated():
    from rs_assets.alerts import EVALUATED
    from rs_assets.defs.alert_checks import RULES

    assert tuple(EVALUATED) == RULES


def test_a_log_date_whose_alerts_were_kept_keeps_its_checks():
    from rs_assets.alerts import Delivered, Published
    from rs_assets.alerts.evaluate import Evaluation
    from rs_assets.defs import alert_checks

    found = Published({DATES[1]: Evaluation(DATES[1], ())}, DATES[1])
    partitions = {
        result.partition
        for result in alert_checks.results(found, Delivered(), "", DATES)
        if isinstance(result, dg.AssetCheckEvaluation)
    }
    assert partitions == {DATES[1]}


def test_a_seal_that_is_broken_alerts_and_is_over_when_the_log_is_as_it_was(place):
    assert replays.run(place, "seal").returncode == 0
    (segment, *_) = RawLog(str(place / "raw")).segments(DATES[1])
    kept = Path(segment.path).read_bytes()
    given = settings(place)
    on = launch.instance(given)
    only = ["valid_events", "quarantined_events", "alerts"]

    def fires() -> list[str]:
        done = launch.replay(on, DATES, only, lambda seen: None)
        assert not done.failures, done.failures
        table = pl.read_parquet(Lake(str(place / "lake")).object("alerts", DATES[1]))
        return table.filter(pl.col("rule") == "seal_broken")["what"].to_list()

    assert fires() == []
    Path(segment.path).write_bytes(kept + b"\n")
    assert fires() == [f"The raw log of {DATES[1]} is not what was sealed."]
    assert checks(on, "seal_broken")[0] == (None, False)
    Path(segment.path).write_bytes(kept)
    assert fires() == []
    assert checks(on, "seal_broken")[0] == (None, True)


def test_a_seal_of_long_ago_that_breaks_is_said_by_whoever_observes_the_log(place):
    from rs_assets.definitions import build_defs

    assert replays.run(place, "seal").returncode == 0
    (segment, *_) = RawLog(str(place / "raw")).segments(DATES[0])
    kept = Path(segment.path).read_bytes()
    broken = f"[prod] The raw log of {DATES[0]} is not what was sealed."
    over = f"[prod] Over: seal_broken/{DATES[0]}"

    with servers.http() as (port, taken), dg.instance_for_test() as on:
        observe = build_defs(settings(place, f"json://127.0.0.1:{port}")).resolve_job_def("observe_job")

        def observed() -> tuple[bool, str]:
            result = observe.execute_in_process(instance=on)
            [check] = result.get_asset_check_evaluations()
            return check.passed, str(check.metadata["alerts"].value)

        assert observed() == (True, "0 new, 0 undelivered")
        Path(segment.path).unlink()
        assert observed() == (False, "1 new, 0 undelivered")
        assert observed() == (False, "0 new, 0 undelivered")
        assert [message["title"] for message in taken] == [broken]
        assert segment.place in taken[0]["message"] and f"rs-assets verify --from {DATES[0]}" in str(taken)
        Path(segment.path).write_bytes(kept)
        assert observed() == (True, "1 new, 0 undelivered")
        Path(segment.path).unlink()
        assert observed() == (False, "1 new, 0 undelivered")
        assert [message["title"] for message in taken] == [broken, over, broken]


def test_trouble_with_alerts_fails_no_check_of_seals(place):
    from rs_assets.definitions import build_defs

    (place / "alerts").write_text("a file where a folder should be")
    with dg.instance_for_test() as on:
        result = build_defs().resolve_job_def("observe_job").execute_in_process(instance=on)
    [check] = result.get_asset_check_evaluations()
    assert check.passed and "Error" in check.metadata["alerts"].value
