"""`rs-assets model`, on a lake with promotions of a real training."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rs_assets.cli import app
from rs_assets.lake import Lake
from rs_assets.models.promotion import Decisions, publish_promotion
from rs_assets.models.purchase_intent import publish as step
from rs_assets.models.purchase_intent import training_set
from rs_assets.models.purchase_intent.promotion import FAMILY
from rs_assets_tests.lakes import put, through
from rs_assets_tests.models.conftest import make_frames

EVERY = [(dt.date(2024, 1, 22) + dt.timedelta(days=n)).isoformat() for n in range(10)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RS_HOME", str(tmp_path))
    for name in ("RS_LAKE", "RS_DECISIONS", "RS_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def shop(home: Path) -> Path:
    """A week without a model, and the first days of one with."""
    lake = Lake(str(home / "lake"))
    rows = training_set(*make_frames(sessions=600))
    put(lake, step.TRAINING, EVERY[:7], rows.clear())
    put(lake, step.TRAINING, EVERY[7:], rows)
    through(lake, lambda stage: step.publish_model(stage, EVERY, lambda _: None, threads=1))
    through(lake, lambda stage: publish_promotion(stage, EVERY, lambda _: None, FAMILY, Decisions()))
    return home


def run(*args: str, fails: bool = False) -> str:
    done = CliRunner().invoke(app, ["model", *args], env={"COLUMNS": "160"})
    assert done.exit_code == (1 if fails else 0), done.output
    return done.output


def test_without_a_model_the_command_says_how_to_get_one(home: Path):
    assert "`rs-assets replay` trains one each week" in run()
    assert "There is no promotion of next_item yet" in run("show", "next_item")
    assert json.loads(run("list", "--json")) == []


def test_the_list_names_each_cut_and_who_serves(shop: Path):
    assert "champion" in run("list", "purchase_intent")
    rows = json.loads(run("--json"))
    assert [(row["cut"], row["first"], row["last"], row["outcome"], row["serves"]) for row in rows] == [
        ("2024-01-22", "2024-01-22", "2024-01-28", "no challenger", False),
        ("2024-01-29", "2024-01-29", "2024-01-31", "promoted", True),
    ]


def test_the_history_says_who_served_and_why(shop: Path):
    page = run("show", "purchase_intent")
    assert "2024-01-22 to 2024-01-28" in page and "nobody" in page
    assert "every gate is passed" in page
    turns = json.loads(run("show", "purchase_intent", "--json"))
    assert [turn["first"] for turn in turns] == ["2024-01-22", "2024-01-29"]


def test_a_promotion_is_noted_for_the_next_log_date_and_changes_nothing_else(shop: Path):
    before = sorted(path.name for path in (shop / "lake").rglob("*"))
    said = run("promote", "purchase_intent", "2024-01-29", "--why", "it is fine", "--by", "anna", "--json")
    assert json.loads(said)["log_date"] == "2024-02-01"
    (made,) = Decisions.read(str(shop / "decisions.ndjson")).made
    assert (made.cut, made.by, made.why, made.action) == ("2024-01-29", "anna", "it is fine", "promote")
    assert sorted(path.name for path in (shop / "lake").rglob("*")) == before


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["show"], "needs a model"),
        (["show", "churn"], "There is no model 'churn'"),
        (["promote", "purchase_intent", "2024-01-29"], "A decision needs a reason"),
        (["promote", "purchase_intent", "--why", "x"], "Which model?"),
        (
            ["promote", "purchase_intent", "2024-02-05", "--why", "x"],
            "no purchase_intent of cut '2024-02-05'",
        ),
        (["promote", "purchase_intent", "2024-01-22", "--why", "x"], "cannot serve: not trained yet"),
        (["rollback", "purchase_intent", "--why", "x"], "no champion of purchase_intent to roll back to"),
        (["promote", "purchase_intent", "2024-01-29", "--why", "x", "--from", "soon"], "YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_noted(shop: Path, args: list[str], says: str):
    assert says in " ".join(run(*args, fails=True).split())
    assert not (shop / "decisions.ndjson").exists()
