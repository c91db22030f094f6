"""The features that are served, against dbt's: equal to the bit, on logs that are made up."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rs_assets.features.client import SILENCE, Client
from rs_assets.features.running import FEATURES, SECOND, Event, Running, micros
from rs_assets.models.purchase_intent.training import NUMERIC

DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]
NAMES = [
    *("view_item", "view_item", "view_item", "add_to_cart", "remove_from_cart", "purchase"),
    *("page_view", "search", "begin_checkout"),
]
PRICES = [0.0, 0.1, 0.2, 0.0000005, 19.99, 1e11 / 3, 999_999_999_999.9999, None]
Seed = st.integers(0, 2**32)

some = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def drawn(seed: int) -> list[dict[str, Any]]:
    """Rows for `valid_events`: few clients, many events, some late by minutes, some by days, most in bursts."""
    draws = random.Random(seed)
    start, at, rows = dt.datetime(2024, 1, 1, 20), {}, []
    for n in range(250):
        client = draws.choice(["c1", "c2", "c3", "c4"])
        silence = draws.choice([5, 40, 200, 1_799.999999, 1_800, 1_800.000001, 4_000])
        at[client] = at.get(client, start) + dt.timedelta(seconds=silence * draws.choice([0.1, 0.5, 1, 1]))
        late = dt.timedelta(minutes=draws.choice([0, 0, 0, 0, 0, 2, 45, 700, 2_000]))
        received = min(at[client] + late, dt.datetime(2024, 1, 3, 23, 59)) + dt.timedelta(microseconds=n)
        if at[client] > dt.datetime(2024, 1, 3, 23, 50):
            continue
        name = draws.choice(NAMES)
        rows.append(
            {
                "at": str(at[client]),
                "received": str(received),
                "client": client,
                "name": name,
                "value": draws.choice(PRICES[:-1]) if name != "page_view" else None,
                "item": draws.choice("abcdefgh") if name in NAMES[:6] else None,
                "price": draws.choice(PRICES),
            }
        )
    return rows


def online(row: dict[str, Any]) -> Event:
    """A row of `valid_events` as the event that is served."""
    items = row["items"] or []
    return Event(
        time=micros(row["event_time"]),
        received=micros(row["received_at"]),
        index=row["event_index"],
        name=row["event_name"],
        value=row["value"],
        item_ids=tuple(item["item_id"] for item in items),
        price=items[0]["price"] if items and row["event_name"] == "view_item" else None,
    )


def built(run_model, events: pl.DataFrame) -> pl.DataFrame:
    """`session_events` of all dates."""
    return run_model("session_events", {"valid_events": events}, DATES[0], DATES[-1])


def in_order(table: pl.DataFrame) -> Iterator[dict[str, Any]]:
    order = ["log_date", "order_time", "event_time", "received_at", "event_id"]
    return table.sort(order).iter_rows(named=True)


def figures(session: Running) -> dict[str, float | None]:
    """What is served, with None for NaN."""
    found = zip(FEATURES, session.features(), strict=True)
    return {name: None if value != value else value for name, value in found}


def test_the_served_features_are_the_models_in_their_order():
    assert tuple(FEATURES) == NUMERIC


@some
@given(Seed)
def test_after_each_event_in_order_every_figure_is_dbts_to_the_bit(run_model, valid_events, seed):
    events = valid_events(drawn(seed))
    table = built(run_model, events)
    snapshots = run_model("session_features", {"session_events": table}, DATES[0], DATES[-1])
    expected = {(row["session_id"], row["position"]): row for row in snapshots.iter_rows(named=True)}
    sent = {row["event_id"]: row for row in events.iter_rows(named=True)}
    clients: dict[str, Client] = {}
    compared = 0
    for row in in_order(table):
        session = clients.setdefault(row["client_id"], Client()).add(online(sent[row["event_id"]]))
        now = figures(session)
        assert now["position"] == row["session_position"]
        assert " ".join(session.recent) == row["recent_events"]
        for name in FEATURES[2:13]:
            if name != "mean_price_viewed":
                value = row["max_price_viewed" if name == "max_price_viewed" else name]
                assert now[name] == value, (name, row)
        if snapshot := expected.get((row["session_id"], row["session_position"])):
            compared += 1
            assert now == {name: snapshot[name] for name in FEATURES}
    assert compared == snapshots.height > 10


@some
@given(Seed)
def test_in_the_order_of_receipt_a_date_ends_as_dbt_has_it(run_model, valid_events, seed):
    events = valid_events(drawn(seed))
    table = built(run_model, events)
    clients: dict[str, Client] = {}
    compared = 0
    for log_date in map(dt.date.fromisoformat, DATES):
        received = events.filter(pl.col("log_date") == log_date).sort("received_at", "event_id")
        for row in received.iter_rows(named=True):
            clients.setdefault(row["client_id"], Client()).add(online(row))
        late = pl.col("event_time") < dt.datetime.combine(log_date, dt.time()) - dt.timedelta(minutes=30)
        last = {row["client_id"]: row for row in in_order(table.filter(log_date=log_date).filter(~late))}
        for client, row in last.items():
            now = figures(clients[client].stream.now)
            assert (now["position"], now["cart_value"]) == (row["session_position"], row["cart_value"])
            assert (now["distinct_items"], now["seconds_since_previous"]) == (
                row["distinct_items"],
                row["seconds_since_previous"],
            )
            compared += 1
    assert compared > 6


def at(seconds: float, name: str = "page_view", **more: Any) -> Event:
    noon = 1_704_110_400 * SECOND
    time = noon + int(seconds * SECOND)
    return Event(time=time, received=time, index=0, name=name, **more)


def test_a_stream_keeps_no_more_events_than_it_may_and_counts_on():
    client = Client()
    client.stream.keep = 10
    for n in range(100):
        session = client.add(at(n, "view_item", item_ids=(f"i{n}",), price=1.0))
    assert len(client) == 10 + 100, "events, and items that were met"
    assert figures(session)["distinct_items"] == figures(session)["product_views"] == 100
    late = client.add(at(95.5, "view_item", item_ids=("late",), price=1.0))
    assert (late.position, len(client), late.views[-5:]) == (
        101,
        10 + 101,
        ["late", "i96", "i97", "i98", "i99"],
    )


def test_an_event_that_fills_a_silence_joins_what_it_parted():
    client = Client()
    client.add(at(0))
    assert client.add(at(SILENCE / SECOND)).position == 1
    assert client.add(at(600)).position == 3


def test_what_is_in_the_cart_is_what_was_put_there_last_and_not_bought():
    client = Client()
    client.add(at(0, "add_to_cart", item_ids=("a", "b"), value=1.0))
    client.add(at(1, "remove_from_cart", item_ids=("a",), value=1.0))
    assert list(client.add(at(2, "add_to_cart", item_ids=("c",), value=1.0)).cart) == ["b", "c"]
    assert list(client.add(at(3, "purchase", item_ids=("b",), value=1.0)).cart) == []
    assert list(client.add(at(4, "add_to_cart", item_ids=("d",), value=1.0)).cart) == ["d"]
