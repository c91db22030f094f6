from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import Result

from rs_assets.alerts import Alert, Rule
from rs_assets.alerts.ledger import Ledger
from rs_assets.alerts.notices import Notice, State, Statement
from rs_assets.cli.status.facts import look
from rs_assets.cli.status.page import show
from rs_assets.cli.status.stale import Staleness
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table
from rs_assets.log.generator import Plan, generate
from rs_assets.models.promotion.standing import Outcome, Standing
from rs_assets.models.purchase_intent import Card, Evaluation, NotTrained, Trained, dump
from rs_assets.models.purchase_intent.evaluation import SCHEMAS
from rs_assets.models.purchase_intent.scoring import Scoring
from rs_assets.replay import unfinished
from rs_assets.replay.receipt import Receipt
from rs_assets.settings import Settings
from rs_assets_tests.cli.homes import Home

Call = Callable[..., Result]
CallJson = Callable[..., Any]

CUT = dt.date(2024, 1, 29)


@pytest.fixture
def copy(home: Home, tmp_path: Path) -> Home:
    """A home that a test may change."""
    shutil.copytree(home.path, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home", home.plan, home.summary)


def _trained() -> Trained:
    """A model whose card says another thing than its arrays: the status looks at the card."""
    frames = {name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()}
    frames["metrics"] = pl.DataFrame(
        [("linear", "all", "pr_auc", 0.4321)], schema=SCHEMAS["metrics"], orient="row"
    )
    days = [CUT - dt.timedelta(days=n) for n in (28, 7, 1)]
    evaluation = Evaluation("linear", *days, 900, 90, 200, 25, 3, **frames)
    card = Card(CUT, "linear", ("site",), 1100, 115, (("numpy", "0"),), None, evaluation)
    return Trained(card, Scoring("constant", (), {"chance": np.array([0.1])}))


def _publish_model(home: Home, data: bytes, log_date: str) -> None:
    with Stage(home.lake) as stage:
        Path(stage.path("purchase_intent_model", log_date, "model.bin")).write_bytes(data)
        write_table(pl.DataFrame({"x": [1]}), stage.path("purchase_intent_model", log_date))
        stage.publish()


def test_an_empty_home_says_what_to_run_first(call: Call, call_json: CallJson, tmp_path: Path) -> None:
    result = call("status", home=tmp_path)
    assert result.exit_code == 0
    assert "nothing was received yet" in result.stdout and "nothing is published yet" in result.stdout
    assert result.stdout.splitlines()[-1].rstrip() == "Next: rs-assets generate"
    found = call_json("status", "--json", home=tmp_path)
    assert (found["raw_log"]["log_dates"], found["assets"], found["quarantine"], found["model"]) == (
        0,
        [],
        None,
        None,
    )
    assert os.listdir(tmp_path) == [], "to look creates nothing"


def test_a_raw_log_without_a_lake_is_to_be_replayed(call: Call, tmp_path: Path) -> None:
    generate(Plan(days=2, events=100), str(tmp_path / "raw"), str(tmp_path / "truth.csv"))
    text = call("status", home=tmp_path).stdout
    assert "3 sites, 2 log dates, 2024-01-01 to 2024-01-02" in text
    assert text.splitlines()[-1].rstrip() == "Next: rs-assets replay"


def test_json_has_the_numbers_of_the_log_and_the_lake(call_json: CallJson, home: Home) -> None:
    found = call_json("status", "--json", home=home)
    log = found["raw_log"]
    assert (log["segments"], log["bytes"]) == (home.summary.segments, home.summary.bytes)
    assert (log["sites"], log["log_dates"]) == (["shop-a", "shop-b"], 4)
    for asset in found["assets"]:
        objects = home.lake.objects(asset["asset"], home.lake.log_dates(asset["asset"]))
        assert asset["log_dates"] == len(objects) == 3
        assert asset["rows"] == sum(pl.read_parquet(path).height for path in objects)
        assert asset["bytes"] == sum(os.path.getsize(path) for path in objects)
        assert (asset["first_log_date"], asset["last_log_date"]) == ("2024-01-01", "2024-01-03")
        assert asset["to_do"] == ["2024-01-04"]
    rows = {asset["asset"]: asset["rows"] for asset in found["assets"]}
    share = found["quarantine"]
    assert share["quarantined"] == rows["quarantined_events"]
    assert share["rate"] == share["quarantined"] / sum(rows.values())
    assert [day["log_date"] for day in found["quarantine_by_log_date"]] == home.lake.log_dates("valid_events")
    assert found["next"] == "rs-assets replay --from 2024-01-04 --to 2024-01-04"


def test_the_page_is_one_screen(call: Call, home: Home) -> None:
    lines = call("status", home=home).stdout.splitlines()
    assert len(lines) <= 30 and all(len(line) <= 100 for line in lines)
    text = "\n".join(lines)
    for part in (
        "environment",
        "2 sites, 4 log dates",
        "valid_events",
        "To do: 1 log date, 2024-01-04.",
        "no model is published yet",
    ):
        assert part in text
    assert "last log date, 2024-01-03: " in text


def test_nothing_is_to_do_when_all_is_published(call: Call, copy: Home) -> None:
    shutil.rmtree(copy.path / "raw" / "site=shop-a" / "log_date=2024-01-04")
    shutil.rmtree(copy.path / "raw" / "site=shop-b" / "log_date=2024-01-04")
    text = call("status", home=copy).stdout
    assert "Every closed log date of the raw log is published." in text and "Next:" not in text


def test_what_is_stale_is_not_known_without_dbts_manifest_and_what_makes_it_is_said(
    call: Call, call_json: CallJson, home: Home
) -> None:
    assert (
        call_json("status", "--json", home=home)["stale"]["unknown"]
        == "dbt's manifest is not in this home yet; a replay prepares it"
    )
    assert (
        "not known: dbt's manifest is not in this home yet; a replay prepares it"
        in call("status", home=home).stdout
    )


def test_of_log_dates_without_a_seal_the_newest_are_read_as_far_as_the_bytes_allow(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rs_assets.cli.status import stale

    sizes = {date: sum(one.size for one in home.log.segments(date)) for date in home.log.log_dates()}
    monkeypatch.setattr(stale, "READ_AT_MOST", sizes["2024-01-04"] + sizes["2024-01-03"])
    assert stale._too_much(home.log, [*sizes]) == ["2024-01-01", "2024-01-02"]
    assert stale._too_much(home.log, ["2024-01-01", "2024-01-02"]) == []


def test_todays_log_date_is_not_to_do(call_json: CallJson, copy: Home) -> None:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    (copy.path / "raw" / "site=shop-a" / f"log_date={today}").mkdir()
    found = call_json("status", "--json", home=copy)
    assert found["raw_log"]["last_log_date"] == today
    assert all(today not in asset["to_do"] for asset in found["assets"])


def test_an_environment_that_has_nothing_yet_shows_its_parents_assets(
    call_json: CallJson, home: Home
) -> None:
    found = call_json("status", "--json", home=home, RS_ENVIRONMENT="dev")
    assert found["environment"] == "dev"
    assert found["assets"] == call_json("status", "--json", home=home)["assets"] != []


def test_the_model_in_force_is_the_latest(call: Call, call_json: CallJson, copy: Home) -> None:
    _publish_model(copy, dump(NotTrained("not trained yet, because …", CUT, 3, 0)), "2024-01-01")
    _publish_model(copy, dump(_trained()), "2024-01-03")
    model = call_json("status", "--json", home=copy)["model"]
    assert model == {
        "log_date": "2024-01-03",
        "cut": "2024-01-29",
        "chosen": "linear",
        "pr_auc": 0.4321,
        "random_pr_auc": 25 / 200,
        "problem": None,
    }
    text = call("status", home=copy).stdout
    assert "linear, cut 2024-01-29, PR-AUC 0.432 on validation (a random order: 0.125)" in text


def test_a_model_that_was_not_trained_says_why(call: Call, call_json: CallJson, copy: Home) -> None:
    reason = "not trained yet, because there are 0 snapshots of closed sessions (50 that bought are needed)"
    _publish_model(copy, dump(NotTrained(reason, CUT, 0, 0)), "2024-01-03")
    model = call_json("status", "--json", home=copy)["model"]
    assert (model["chosen"], model["problem"]) == (None, reason)
    assert reason in " ".join(call("status", home=copy).stdout.split())


def test_a_damaged_model_is_told_and_the_rest_is_shown(call: Call, copy: Home) -> None:
    _publish_model(copy, dump(_trained())[:-4] + b"xxxx", "2024-01-03")
    result = call("status", home=copy)
    assert result.exit_code == 0
    assert "The purchase_intent artifact is cut short or altered." in result.stdout
    assert "valid_events" in result.stdout


def test_a_replay_that_was_interrupted_is_told_with_what_goes_on_with_it_but_not_while_it_is_at_work(
    call: Call, copy: Home
) -> None:
    unfinished.note(str(copy.path), "prod", unfinished.Unfinished("2024-01-01", "2024-01-03", []))
    with unfinished.at_work(str(copy.path), "prod"):
        assert "interrupted" not in call("status", home=copy).stdout
    text = call("status", home=copy).stdout
    assert "the replay of 2024-01-01 to 2024-01-03 did not come to its end" in text
    assert "Next: rs-assets replay --resume" in text


def test_what_is_damaged_or_gone_is_named_and_the_rest_is_shown(call: Call, copy: Home) -> None:
    Path(copy.lake.object("valid_events", "2024-01-02")).write_bytes(b"no parquet")
    shutil.rmtree(Path(copy.lake.object("quarantined_events", "2024-01-03")).parent)
    result = call("status", home=copy)
    assert result.exit_code == 0, result.stderr
    assert "valid_events of 2024-01-02: " in result.stdout
    assert "quarantined_events of 2024-01-03: " in result.stdout
    assert "To do: 3 log dates, 2024-01-02 to 2024-01-04." in result.stdout, "the last is not published yet"
    assert "Next: rs-assets replay --from 2024-01-02 --to 2024-01-04" in result.stdout
    assert "disk" in result.stdout


def test_an_asset_that_the_graph_no_longer_has_is_told_and_has_nothing_to_do(
    copy: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stage(copy.lake) as stage:
        write_table(pl.DataFrame({"x": [1]}), stage.path("session_stream", "2024-01-02"))
        stage.publish()
    settings = Settings.from_env({"RS_HOME": str(copy.path)})
    known = Staleness(graph=["quarantined_events", "valid_events"])
    found = {one.asset: one for one in look(settings, known).assets}
    assert found["session_stream"].retired and found["session_stream"].to_do == []
    assert not found["valid_events"].retired
    status = look(settings, known)
    assert status.next is None or status.next.startswith("rs-assets replay --from 2024-01-04")
    show(status)
    assert "not in the graph" in capsys.readouterr().out


def test_bytes_that_log_dates_share_count_once(copy: Home) -> None:
    with Stage(copy.lake) as stage:
        first = stage.path("weekly", "2024-01-01")
        write_table(pl.DataFrame({"x": [1]}), first)
        os.link(first, stage.path("weekly", "2024-01-02"))
        stage.publish()
    found = look(Settings.from_env({"RS_HOME": str(copy.path)}))
    (weekly,) = (asset for asset in found.assets if asset.asset == "weekly")
    assert (weekly.rows, weekly.bytes) == (2, os.path.getsize(copy.lake.object("weekly", "2024-01-01")))


def test_what_is_sealed_and_up_to_where_is_shown_with_the_head(
    call: Call, call_json: CallJson, copy: Home
) -> None:
    assert "nothing; rs-assets seal seals what is closed" in call("status", home=copy).stdout
    assert call_json("status", "--json", home=copy)["seals"]["head"] is None
    call("seal", "--to", "2024-01-03", home=copy)
    seals = call_json("status", "--json", home=copy)["seals"]
    assert seals == {
        "log_dates": 3,
        "first_log_date": "2024-01-01",
        "last_log_date": "2024-01-03",
        "head": call_json("verify", "--json", home=copy)["head"]["digest"],
        "unsealed": ["2024-01-04"],
        "broken": [],
    }
    page = call("status", home=copy).stdout
    assert "3 log dates, 2024-01-01 to 2024-01-03; 1 closed log date without a seal" in page
    assert seals["head"] in page


def test_each_broken_seal_is_named_and_comes_next(call: Call, call_json: CallJson, copy: Home) -> None:
    call("seal", home=copy)
    places = [segment.place for date in copy.log.log_dates() for segment in copy.log.segments(date)]
    for place in places[:2]:
        (copy.path / "raw" / place).unlink()
    found = call_json("status", "--json", home=copy)
    assert [one["place"] for one in found["seals"]["broken"]] == places[:2]
    assert found["next"] == "rs-assets verify"
    page = " ".join(call("status", home=copy).stdout.split())
    assert all(f"{place}: sealed" in page for place in places[:2]) and "Next: rs-assets verify" in page
    for place in places[2:5]:
        (copy.path / "raw" / place).write_bytes(b"short")
    assert "… and 2 more: rs-assets verify names all" in call("status", home=copy).stdout


def test_a_last_seal_that_cannot_be_read_is_no_traceback(call: Call, copy: Home) -> None:
    call("seal", home=copy)
    last = copy.path / "raw" / "_seals" / "log_date=2024-01-04.json"
    last.unlink()
    last.mkdir()
    page = call("status", home=copy)
    assert page.exit_code == 0 and "head cannot be read" in page.stdout
    assert "_seals/log_date=2024-01-04.json: sealed a manifest" in page.stdout


def test_alerts_that_nobody_was_told_of_are_told_with_why(
    call: Call, call_json: CallJson, copy: Home
) -> None:
    assert call_json("status", "--json", home=copy)["undelivered"] is None
    ledger = Ledger(str(copy.path / "alerts"), "prod")
    alert = Alert(Rule.RUN_FAILED, "run_failed/daily_job", "2024-01-03", "The run failed.")
    ledger.say([Notice(alert, State.FIRING)], [], send=True)
    (waiting,) = ledger.waiting()
    ledger.failed(waiting, ["json://[…]"], "nobody answers")
    assert call_json("status", "--json", home=copy)["undelivered"] == {
        "messages": 1,
        "problem": "nobody answers",
    }
    assert "1 message of alerts: nobody answers" in call("status", home=copy).stdout
    doctor = " ".join(call("doctor", home=copy).stdout.split())
    assert "1 message not delivered: nobody answers" in doctor and "RS_ALERT_URLS" in doctor


def test_who_serves_which_alerts_are_open_the_last_replay_and_the_disk_are_told(
    call: Call, call_json: CallJson, copy: Home
) -> None:
    standing = Standing(CUT, CUT, CUT, outcome=Outcome.PROMOTED, reasons=("it is better",))
    with Stage(copy.lake) as stage:
        write_table(standing.to_frame(), stage.path("next_item_promotion", "2024-02-01"))
        write_table(Standing(CUT).to_frame(), stage.path("purchase_intent_promotion", "2024-02-01"))
        stage.publish()
    ledger = Ledger(str(copy.path / "alerts"), "prod")
    said = [Statement(f"rule/{n}", f"2024-01-0{n}", State.FIRING) for n in range(1, 6)]
    over = Statement("rule/1", "2024-01-06", State.OVER)
    ledger.say([], [*said, over], send=False)
    receipt = copy.path / "receipts" / "prod.json"
    receipt.parent.mkdir()
    made = Receipt({"2024-01-01": "a"}, None, {}, {})
    receipt.write_text(made.to_json())
    found = call_json("status", "--json", home=copy)
    assert [(one["model"], one["champion"], one["by"]) for one in found["serving"]] == [
        ("next_item", "2024-01-29", "the gate"),
        ("purchase_intent", None, "the gate"),
    ]
    assert found["open_alerts"] == {f"rule/{n}": f"2024-01-0{n}" for n in range(2, 6)}
    assert found["replayed"]["receipt"] == made.digest
    assert found["disk"]["lake"] > 10_000 and found["disk"]["free"] > 0
    text = call("status", home=copy).stdout
    assert "the model of 2024-01-29 since 2024-01-29, by the gate" in text
    assert "nobody" in text and "rs-assets model show purchase_intent" in text
    assert "4 open" in text and "rule/2 (2024-01-02)" in text and "… and 1 more" in text
    assert f"receipt {made.digest[:12]}" in text and "in the lake" in text
