"""What is served equals what is computed in batch: after every event of a log date, ranking and scores included."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl
import pytest

from rs_assets.features.running import FEATURES, micros
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.log.blocks import read_batches
from rs_assets.models.next_item import item_events
from rs_assets.models.next_item import promotion as next_item
from rs_assets.models.next_item.publish import LOOKED_AT, recommended
from rs_assets.models.purchase_intent import Trained
from rs_assets.models.purchase_intent import promotion as purchase_intent
from rs_assets.scorer import Application, Scorer
from rs_assets_tests.scorer.asgi import call
from rs_assets_tests.scorer.conftest import LAST

EVE = (dt.date.fromisoformat(LAST) - dt.timedelta(days=1)).isoformat()
DATES = [EVE, LAST]
ORDER = ["log_date", "order_time", "event_time", "received_at", "event_id"]
MIDNIGHT = dt.datetime.fromisoformat(LAST)


class Clock:
    """The time of receipt, set by hand."""

    def __init__(self) -> None:
        self.now = micros(MIDNIGHT)

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def served(lake: Lake) -> Iterator[tuple[Application, Clock]]:
    clock = Clock()
    scorer = Scorer(lake, now=clock)
    yield Application(scorer), clock
    scorer.close()


@pytest.fixture(scope="module")
def events(lake: Lake) -> pl.DataFrame:
    """`session_events` of the two last log dates in order, with what `session_features` would have of each."""
    table = read(lake, "session_events")
    hour, day = pl.col("event_time").dt.hour(), pl.col("event_time").dt.weekday()
    since = (pl.col("order_time") - pl.col("first_time")).dt.total_microseconds()
    return table.with_columns(
        position=pl.col("session_position"),
        # Row by row: by a constant, polars divides by multiplying.
        seconds_since_start=pl.Series([us / 1e6 for us in table.select(since).to_series()]),
        mean_price_viewed=pl.when(pl.col("priced_views") > 0).then(
            pl.col("price_sum") / pl.col("priced_views")
        ),
        hour_of_day=hour,
        day_of_week=day,
    ).sort(ORDER)


def read(lake: Lake, asset: str) -> pl.DataFrame:
    return pl.concat(pl.read_parquet(lake.object(asset, day), glob=False) for day in DATES)


def sent(row: dict[str, Any]) -> dict[str, Any]:
    """A valid event as the request that it may have come in."""
    params = {
        name: row[name]
        for name in ("value", "currency", "transaction_id", "search_term")
        if row[name] is not None
    }
    if row["items"]:
        params["items"] = [{k: v for k, v in item.items() if v is not None} for item in row["items"]]
    event = {"name": row["event_name"], "timestamp_micros": micros(row["event_time"]), "params": params}
    return {"site": row["site"], "client_id": row["client_id"], "user_id": row["event_id"], "events": [event]}


def prefixes(events: pl.DataFrame) -> pl.DataFrame:
    """Every session so far, after each of its events: as many sessions as events, called by the last one."""
    so_far = events.select(*LOOKED_AT)
    asked = events.filter(pl.col("log_date").cast(pl.String) == LAST)
    asked = asked.select("session_id", asked="event_id", until="session_position")
    whole = so_far.join(asked, on="session_id").filter(pl.col("session_position") <= pl.col("until"))
    return whole.drop("session_id").rename({"asked": "session_id"})


def test_after_every_event_of_a_log_date_the_served_answer_is_the_batch_answer(served, lake, events):
    app, clock = served
    valid = read(lake, "valid_events")
    rows = {row["event_id"]: row for row in valid.iter_rows(named=True)}
    lists: dict[str, tuple[list[str], list[float]]] = {}
    chances: dict[str, float] = {}

    async def everything() -> None:
        for event_id, received_at in events.select("event_id", "received_at").iter_rows():
            clock.now = micros(received_at)
            body = orjson.dumps(sent(rows[event_id]))
            status, answer = await call(app, "POST", "/recommend", body)
            assert (status, answer["added"]) == (200, 1), answer
            lists[event_id] = (
                [item["item_id"] for item in answer["items"]],
                [item["score"] for item in answer["items"]],
            )
            # The same event again is none: the second question is about the same session.
            status, answer = await call(app, "POST", "/intent", body)
            assert (status, answer["added"], answer["repeated"]) == (200, 0, 1)
            chances[event_id] = answer["probability"]

    asyncio.run(everything())

    model = next_item.champion(lake, LAST)
    met = item_events(prefixes(events))
    expected = recommended(met, model.recommend_many(met, threads=2), model.cut)
    assert expected["model"].n_unique() > 1, "there are recommenders of several kinds"
    assert expected.height > 1_000
    for session, items, scores in expected.select("session_id", "item_ids", "scores").iter_rows():
        assert lists[session] == (items, scores)

    intent = purchase_intent.champion(lake, LAST)
    assert isinstance(intent, Trained)
    today = events.filter(pl.col("log_date").cast(pl.String) == LAST).select(
        "site", "recent_events", *FEATURES, "event_id"
    )
    found = intent.probabilities(today, threads=2).tolist()
    assert [chances[event_id] for event_id in today["event_id"]] == found
    assert len(set(found)) > 500

    published = pl.read_parquet(lake.object("purchase_intent_predictions", LAST), glob=False)
    keyed = events.select("event_id", "session_id", position="session_position")
    both = published.join(
        keyed.with_columns(pl.col("position").cast(pl.Int64)), on=["session_id", "position"]
    )
    assert both.height == published.height > 100
    assert [chances[event_id] for event_id in both["event_id"]] == both["probability"].to_list()


def test_fed_with_the_raw_log_as_it_was_received_it_ends_where_the_batch_does(served, lake, events, replayed):
    app, clock = served
    added = {day: 0 for day in DATES}
    refused: list[int] = []
    last: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {}

    async def everything() -> None:
        for day in DATES:
            for received, site, body in raw(replayed, day):
                clock.now = received
                status, first = await call(app, "POST", "/recommend", body, f"site={site}")
                if status == 200:
                    added[day] += first["added"]
                    _, second = await call(app, "POST", "/intent", body, f"site={site}")
                    last[site, first["client_id"]] = first, second
                else:
                    refused.append(status)
                    assert first["error"] and first["violations"]

    asyncio.run(everything())
    assert len(refused) > 50
    assert set(refused) <= {400, 413, 422}

    valid = read(lake, "valid_events").filter(pl.col("log_date").cast(pl.String) == LAST)
    assert added[LAST] == valid.height, "the events that it took are those that the split did"

    today = events.filter(pl.col("log_date").cast(pl.String) == LAST)
    apart = today.filter(pl.col("event_time") < MIDNIGHT - dt.timedelta(minutes=30))
    intent = purchase_intent.champion(lake, LAST)
    assert isinstance(intent, Trained)
    lists = pl.read_parquet(lake.object("recommendations", LAST), glob=False)
    shown = {row["session_id"]: row for row in lists.iter_rows(named=True)}
    ends = today.unique(["site", "client_id"], keep="last", maintain_order=True).join(
        apart, on=["site", "client_id"], how="anti", maintain_order="left"
    )
    chances = intent.probabilities(ends.select("site", "recent_events", *FEATURES)).tolist()
    compared = 0
    for row, chance in zip(ends.iter_rows(named=True), chances, strict=True):
        first, second = last[row["site"], row["client_id"]]
        assert (first["position"], second["probability"]) == (row["session_position"], chance)
        if row["session_id"] in shown:
            compared += 1
            expected = shown[row["session_id"]]
            assert [item["item_id"] for item in first["items"]] == expected["item_ids"]
            assert [item["score"] for item in first["items"]] == expected["scores"]
            assert first["items_met"] == expected["position"]
    assert compared > 200


def raw(home: Any, log_date: str) -> Iterator[tuple[int, str, bytes]]:
    """The payloads of a log date in the order of their receipt, as they were sent."""
    log = RawLog(str(home / "raw"))
    found = []
    for batch in read_batches(log, log_date):
        for k, line in enumerate(batch.lines):
            site = batch.segments[batch.segment[k]].site
            try:
                envelope = orjson.loads(line)
                at = dt.datetime.strptime(envelope["received_at"], "%Y-%m-%dT%H:%M:%S.%fZ")
                if envelope["site"] != site or str(at.date()) != log_date:
                    continue
            except (ValueError, KeyError, TypeError):
                continue  # a line that the collector spoiled is no request
            found.append((micros(at), site, payload(line, envelope)))
    return iter(sorted(found, key=lambda one: one[0]))


def payload(line: bytes, envelope: dict[str, Any]) -> bytes:
    """What stands in the line's body, byte by byte: what it says twice is there twice."""
    if "body" not in envelope:
        return str(envelope.get("body_text", "")).encode()
    return line[line.index(b'"body":') + len(b'"body":') : line.rindex(b"}")]
