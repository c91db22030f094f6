"""Shadow mode: challengers' answers are events of the log that the contract takes and sessions leave out."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import orjson
import pytest

from rs_assets.errors import UserError
from rs_assets.features.running import micros
from rs_assets.lake import Lake
from rs_assets.lake.environments import create
from rs_assets.log import RawLog
from rs_assets.log.blocks import read_batches
from rs_assets.models.next_item import NextItem, dump
from rs_assets.models.next_item.promotion import FAMILY as NEXT_ITEM
from rs_assets.models.next_item.promotion import champion
from rs_assets.models.promotion.publish import CHAMPION
from rs_assets.models.purchase_intent.promotion import FAMILY as PURCHASE_INTENT
from rs_assets.scorer import Application, Scorer, answers
from rs_assets.scorer.shadow import PATH, Shadow
from rs_assets_tests.lakes import through
from rs_assets_tests.logs import event, split
from rs_assets_tests.scorer.asgi import call
from rs_assets_tests.scorer.conftest import LAST

NOON = dt.datetime(2024, 1, 11, 12)
VIEW = event("view_item", value=2.5, currency="EUR", items=[{"item_id": "A00001", "price": 2.5}])


@pytest.fixture(scope="module")
def challenged(lake: Lake) -> Lake:
    """An environment whose next_item has a challenger with two sites exchanged, and whose other champion has none."""
    child = Lake(lake.root, "dev-challenged")
    create(child)

    def challenger(stage: Any) -> None:
        model = champion(lake, LAST)
        sites = {"shop-a": model.sites["shop-b"], "shop-b": model.sites["shop-a"]}
        Path(stage.path(NEXT_ITEM.model, LAST, "model.bin")).write_bytes(dump(NextItem(model.cut, sites)))
        same = Path(lake.object(PURCHASE_INTENT.promotion, LAST, CHAMPION)).read_bytes()
        Path(stage.path(PURCHASE_INTENT.model, LAST, "model.bin")).write_bytes(same)

    through(child, challenger)
    return child


def served(lake: Lake, raw: Path, sites: list[str]) -> tuple[Scorer, list[Any]]:
    """What a scorer answered to one look of a client at each site, and twice about intent."""
    scorer = Scorer(lake, shadow=Shadow(str(raw)), now=lambda: micros(NOON))
    app = Application(scorer)

    async def ask() -> list[Any]:
        found = []
        for site in sites:
            body = orjson.dumps({"client_id": f"c-{site}", "events": [VIEW]})
            found.append(await call(app, "POST", "/recommend", body, f"site={site}"))
            found.append(await call(app, "POST", "/intent", body, f"site={site}"))
        return found

    return scorer, asyncio.run(ask())


def test_both_answers_are_in_the_log_and_valid(challenged: Lake, tmp_path: Path):
    scorer, answered = served(challenged, tmp_path / "raw", ["shop-a", "shop-b", "shop-c"])
    assert scorer.shadow is not None
    assert scorer.shadow.flush() == 3
    scorer.close()
    found = split(RawLog(str(tmp_path / "raw")), "2024-01-11")
    assert found.quarantined.is_empty()
    rows = found.valid.sort("site", "event_index")
    # shop-c has a champion only: the challenger, who knows nothing of it, recommends nothing.
    assert rows.select("site", "client_id", "event_name", "method", "content_type").rows() == [
        ("shop-a", "c-shop-a", "shadow_recommendation", "next_item", "champion"),
        ("shop-a", "c-shop-a", "shadow_recommendation", "next_item", "challenger"),
        ("shop-b", "c-shop-b", "shadow_recommendation", "next_item", "champion"),
        ("shop-b", "c-shop-b", "shadow_recommendation", "next_item", "challenger"),
        ("shop-c", "c-shop-c", "shadow_recommendation", "next_item", "champion"),
    ]
    shown = [[item["item_id"] for item in items] for items in rows["items"]]
    for place in (0, 2, 4):
        assert shown[place] == [item["item_id"] for item in answered[place][1]["items"]]
    asked = answers.Asked("shop-b", ("A00001",), (), 1, (), "view_item")
    champions = scorer.serving.champions.next_item
    swapped = NextItem(champions.cut, {"shop-b": champions.sites["shop-a"]})
    assert shown[3] == answers.recommend(swapped, [asked])[0].item_ids
    assert rows["event_time"].unique().to_list() == [NOON]


def test_a_champion_without_a_challenger_leaves_no_trace(lake: Lake, tmp_path: Path):
    scorer, answered = served(lake, tmp_path / "raw", ["shop-a"])
    assert scorer.shadow is not None
    assert [status for status, _ in answered] == [200, 200]
    assert scorer.serving.challengers is not None
    assert scorer.serving.challengers.digests == scorer.serving.champions.digests
    assert scorer.shadow.flush() == 0
    assert not (tmp_path / "raw").exists()
    scorer.close()


def test_a_probability_is_noted_with_both_who_say_one(lake: Lake, challenged: Lake, tmp_path: Path):
    child = Lake(lake.root, "dev-other")
    create(child)

    def constant(stage: Any) -> None:
        from rs_assets.models.purchase_intent import NotTrained
        from rs_assets.models.purchase_intent import dump as dump_intent

        nobody = dump_intent(NotTrained("for the test", dt.date(2024, 1, 8), 0, 0))
        Path(stage.path(PURCHASE_INTENT.model, LAST, "model.bin")).write_bytes(nobody)

    through(child, constant)
    scorer, answered = served(child, tmp_path / "raw", ["shop-a"])
    assert scorer.shadow is not None
    scorer.close()
    rows = split(RawLog(str(tmp_path / "raw")), "2024-01-11").valid.filter(event_name="shadow_intent")
    assert rows.select("content_type", "score").rows() == [("champion", answered[1][1]["probability"])]


def test_a_sealed_log_date_loses_the_notes_and_says_so(challenged: Lake, tmp_path: Path, monkeypatch):
    scorer, _ = served(challenged, tmp_path / "raw", ["shop-a"])
    assert scorer.shadow is not None

    def sealed(*_: object) -> str:
        raise UserError("Log date 2024-01-11 is sealed.", "")

    monkeypatch.setattr(scorer.shadow._writer, "write", sealed)
    assert scorer.shadow.flush() == 0
    assert (scorer.shadow.dropped, scorer.shadow.trouble) == (1, "Log date 2024-01-11 is sealed.")
    scorer.close()


def test_what_a_scorer_notes_cannot_be_sent_as_part_of_a_session(lake: Lake):
    scorer = Scorer(lake)
    app = Application(scorer)
    body = orjson.dumps({"client_id": "c", "events": [event("shadow_intent", score=0.5)]})
    status, answer = asyncio.run(call(app, "POST", "/intent", body, "site=shop-a"))
    assert (status, [one["code"] for one in answer["violations"]]) == (422, ["EVENT_UNKNOWN"])
    scorer.close()


def test_paths_of_the_log_say_that_a_scorer_wrote_them(challenged: Lake, tmp_path: Path):
    scorer, _ = served(challenged, tmp_path / "raw", ["shop-a"])
    scorer.close()
    log = RawLog(str(tmp_path / "raw"))
    (segment,) = log.segments("2024-01-11")
    (batch,) = read_batches(log, "2024-01-11")
    assert [orjson.loads(line)["path"] for line in batch.lines] == [PATH]
    assert segment.site == "shop-a"
