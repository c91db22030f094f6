"""Which columns a column comes from, on queries that are small enough to say it by hand."""

from __future__ import annotations

import pytest

from rs_assets.transform.columns import trace

KNOWN = {"events": ["id", "client", "price", "items", "at"], "items": ["id", "name"]}


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "select id as event, price * 2 as twice from events",
            {"event": "events.id", "twice": "events.price"},
        ),
        ("select 1 as one, 'x' as word, null as none from events", {"one": "", "word": "", "none": ""}),
        (
            "with a as (select id, price as p from events), b as (select *, p + 1 as q from a) select q, id from b",
            {"q": "events.price", "id": "events.id"},
        ),
        (
            "select e.id, i.name from main.events as e left join main.items as i on e.id = i.id",
            {"id": "events.id", "name": "items.name"},
        ),
        ("select * exclude (items, at) from events", {n: f"events.{n}" for n in ("id", "client", "price")}),
        (
            "select * replace (upper(name) as id) from items",
            {"id": "items.name", "name": "items.name"},
        ),
        (
            "select id, price from events union all by name select name as price, id from items",
            {"id": "events.id items.id", "price": "events.price items.name"},
        ),
        (
            "select id, price from events union all select id, name from items",
            {"id": "events.id items.id", "price": "events.price items.name"},
        ),
        (
            "select item.price as price from (select unnest(items) as item from events)",
            {"price": "events.items"},
        ),
        ("select item.id as id from events, unnest(items) as item", {"id": "events.items"}),
        (
            "select list_transform(items, lambda price: price + 1) as more from events",
            {"more": "events.items"},
        ),
        (
            "select sum(price) over (partition by client order by at) as spent, "
            "row_number() over w as place from events window w as (partition by client order by at)",
            {"spent": "events.price", "place": "events.at events.client"},
        ),
        (
            "select client, count(*) as n, count(*) filter (where price > 1) as dear from events "
            "where items is not null group by client",
            {"client": "events.client", "n": "events.client events.items", "dear": "events.price"},
        ),
        (
            "with each as (select client, id from events group by client, id) "
            "select client, count(*) as different from each group by client",
            {"client": "events.client", "different": "events.client events.id"},
        ),
        (
            "select case when client = 'a' then price else 0 end as p from events",
            {"p": "events.client events.price"},
        ),
        (
            "select id, (select max(name) from items where items.id = events.id) as best from events",
            {"id": "events.id", "best": "items.name"},
        ),
        ("select price + 1 as p, p * 2 as q from events", {"p": "events.price", "q": "events.price"}),
        ("select a, b from elsewhere.unknown", {"a": "unknown.a", "b": "unknown.b"}),
        ("select *, a as b from unknown", {"b": "unknown.a"}),
        (
            "with recursive up as (select id, 1 as depth from items union all select id, depth + 1 from up) "
            "select * from up",
            {"id": "items.id", "depth": ""},
        ),
        ("select nothing of this is (sql", {}),
    ],
)
def test_a_column_comes_from_what_it_is_computed_from(sql: str, found: dict[str, str]) -> None:
    traced = trace(sql, KNOWN)
    assert {name: " ".join(f"{t}.{c}" for t, c in sources) for name, sources in traced.items()} == found
