"""What sites send, compared: which changes are drifts, and that nothing else is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import duckdb
import orjson
import polars as pl
import pytest

from rs_assets.contract.drift import SITE_SHAPES, drifts, publish_site_shapes, told
from rs_assets.contract.drift.sample import LINES, types
from rs_assets.contract.drift.sent import sent
from rs_assets.contract.drift.table import ITEM_PATHS, site_shapes
from rs_assets.contract.typed import VALID_EVENTS
from rs_assets.lake import Lake
from rs_assets.lake.tables import TableWriter
from rs_assets.log import RawLog
from rs_assets_tests.lakes import put_split, through
from rs_assets_tests.logs import LOG_DATE, SITE, envelope, event, split, write_log

TITLE, SESSION = "params.page_title", "params.session_id"
Row = dict[str, object]


def day(n: int) -> dt.date:
    return dt.date(2024, 1, 1) + dt.timedelta(days=n)


def row(n: int, site: str, sent: int, of: int = 100, **but: object) -> Row:
    """A row of `site_shapes` on day n: a path that so many events have; `but` may give it another, or types."""
    none = dict.fromkeys(("as_string", "as_number", "as_other"), 0)
    named = {"log_date": day(n), "site": site, "event_name": "page_view", "path": TITLE}
    return {**named, "sent": sent, "of": of, **none, **but}


def found(rows: Iterable[Row], n: int) -> pl.DataFrame:
    return drifts(pl.DataFrame(list(rows), schema=SITE_SHAPES), day(n))


def said(rows: Iterable[Row], n: int) -> list[tuple[str, str, str]]:
    return list(found(rows, n).select("site", "path", "drift").iter_rows())


def history(site: str, *shares: int, **but: object) -> list[Row]:
    """A site's rows from day 0 on."""
    return [row(n, site, share, **but) for n, share in enumerate(shares)]


def test_a_parameter_that_a_site_always_sent_and_hardly_sends_is_a_drift():
    [drift] = found(history("shop", 100, 99, 100, 2), 3).iter_rows(named=True)
    assert (drift["site"], drift["path"], drift["drift"]) == ("shop", TITLE, "stopped")
    assert (drift["event_names"], drift["since"]) == (["page_view"], day(3))
    assert [drift[name] for name in ("count", "of", "count_before", "of_before")] == [2, 100, 299, 300]


def test_a_parameter_that_a_site_has_begun_to_send_is_a_drift():
    assert said(history("shop", 0, 3, 0, 97), 3) == [("shop", TITLE, "started")]


@pytest.mark.parametrize("today", [94, 50, 6])
def test_what_some_events_have_and_others_have_not_is_none(today):
    assert said(history("shop", 100, 100, today), 2) == []
    assert said(history("shop", 0, 0, today), 2) == []
    assert said(history("shop", today, today, 0), 2) == []


def test_fewer_than_50_events_on_either_side_say_nothing():
    before = [row(n, "shop", 10, 10) for n in range(4)]
    assert said([*before, row(4, "shop", 0, 50)], 4) == [], "40 events before"
    assert said([*before, row(4, "shop", 10, 10), row(5, "shop", 0, 49)], 5) == []
    assert said([*before, row(4, "shop", 10, 10), row(5, "shop", 0, 50)], 5) == [("shop", TITLE, "stopped")]
    since = [*before[:2], row(2, "shop", 0, 60)]
    assert said([*since[:2], row(2, "shop", 0, 60), row(3, "shop", 0, 60)], 3) == [], (
        "60 of them are not before"
    )


def test_it_is_told_since_when_until_it_has_become_the_way():
    rows = history("shop", *[100] * 7, *[0] * 7)
    told_on = [n for n in range(14) if said(rows[: n + 1], n)]
    assert told_on == [7, 8, 9, 10]
    [last] = found(rows, 10).iter_rows(named=True)
    assert (last["since"], last["count_before"], last["of_before"]) == (day(7), 400, 400), "days 3 to 6"


def test_a_log_date_on_which_it_failed_makes_no_drift_of_the_next_ones():
    rows = history("shop", *[100] * 5, 0, *[100] * 9)
    assert [n for n in range(15) if said(rows[: n + 1], n)] == [5]


def test_log_dates_more_than_a_week_ago_do_not_count():
    assert said([row(0, "shop", 100), row(8, "shop", 0)], 8) == []
    assert said([row(1, "shop", 100), row(8, "shop", 0)], 8) == [("shop", TITLE, "stopped")]


def test_the_order_of_rows_does_not_matter():
    rows = [
        *history("shop", 100, 100, 0),
        *history("shop", 0, 0, 100, path="params.coupon"),
        *history("a", 100, 100, 0, event_name="purchase"),
        *history("a", 100, 100, 0),
    ]
    drift = found(rows, 2)
    assert drift.height == 3
    assert found(reversed(rows), 2).equals(drift) and found(rows[1::2] + rows[::2], 2).equals(drift)


def test_what_stopped_on_several_events_is_told_once():
    names = ["page_view", "login", "search", "view_item", "purchase"]
    rows = [each for name in names for each in history("shop", 100, 0, event_name=name)]
    [drift] = found(rows, 1).iter_rows(named=True)
    assert drift["event_names"] == sorted(names) and drift["of"] == 500
    [words] = told(found(rows, 1))
    assert words.events == "login, page_view, purchase and 2 more"


def test_another_type_of_the_same_parameter_is_a_drift():
    strings, numbers = ({"path": SESSION, name: 80} for name in ("as_string", "as_number"))
    rows = [*(row(n, "shop", 100, **strings) for n in range(3)), row(3, "shop", 100, **numbers)]
    [drift] = found(rows, 3).iter_rows(named=True)
    assert (drift["drift"], drift["was"], drift["now"]) == ("retyped", "as_string", "as_number")
    [words] = told(found(rows, 3))
    assert (words.was, words.now) == ("a string in 100 % of 240", "a number; a string in 0 % of 80")


def test_a_type_is_judged_of_events_that_are_all_in_quarantine():
    before = [row(n, "shop", 100, as_number=80, path="params.value") for n in range(2)]
    rows = [*before, row(2, "shop", 0, 0, as_string=80, path="params.value")]
    assert said(rows, 2) == [("shop", "params.value", "retyped")]


def three(n: int, *sent: int) -> list[Row]:
    return [row(n, site, share) for site, share in zip("abc", sent, strict=True)]


def test_a_new_site_that_does_not_send_what_all_others_do_is_a_drift_until_it_is_its_way():
    rows = [each for n in range(12) for each in three(n, 100, 100, 0) if each["site"] != "c" or n >= 5]
    told_on = {n: said([each for each in rows if each["log_date"] <= day(n)], n) for n in range(12)}
    assert [n for n, said in told_on.items() if said] == [5, 6, 7]
    assert told_on[7] == [("c", TITLE, "unlike")]
    assert found(rows[:22], 7)["since"].to_list() == [day(5)]


def test_a_site_that_all_others_have_left_behind_is_a_drift():
    rows = [*three(0, 0, 0, 0), *three(1, 0, 0, 0), *three(2, 100, 100, 0)]
    assert said(rows, 2) == [("a", TITLE, "started"), ("b", TITLE, "started"), ("c", TITLE, "unlike")]
    words = list(told(found(rows, 2)))[-1]
    assert words.since == "2024-01-03"
    assert words.was == "all other sites: sent in 100 % of 200" and words.now == "sent in 0 % of 100"


def test_a_site_that_has_always_been_unlike_the_others_is_none():
    rows = [each for n in range(9) for each in three(n, 100, 100, 0)]
    assert [said([each for each in rows if each["log_date"] <= day(n)], n) for n in range(9)] == [[]] * 9


def test_one_other_site_is_no_norm_and_several_that_disagree_are_none():
    rows = [*history("a", 100, 100), row(1, "new", 0)]
    assert said(rows, 1) == [], "one"
    rows += history("b", 50, 50)
    assert said(rows, 1) == [], "two that disagree"
    rows += history("c", 100, 100)
    assert said(rows, 1) == [], "two that agree, and one that does not"
    agreed = [each for each in rows if each["site"] != "b"]
    assert said(agreed, 1) == [("new", TITLE, "unlike")]


def test_a_site_that_stopped_is_not_told_to_be_unlike_as_well():
    rows = [*three(0, 100, 100, 100), *three(1, 100, 100, 0)]
    assert said(rows, 1) == [("c", TITLE, "stopped")]


def test_the_first_log_date_has_no_drift():
    assert said(three(0, 100, 100, 0), 0) == []
    assert said([], 0) == []


def test_the_words_name_a_command_that_can_be_typed():
    [words] = told(found(history("shop", 100, 0), 1))
    assert (words.site, words.parameter, words.since) == ("shop", TITLE, "2024-01-02")
    assert words.was == "sent in 100 % of 100" and words.now == "sent in 0 % of 100"
    query = words.look_closer.removeprefix('rs-assets query "').removesuffix('"')
    shapes = pl.DataFrame(history("shop", 100, 0), schema=SITE_SHAPES)
    with duckdb.connect() as connection:
        connection.register("site_shapes", shapes.to_arrow())
        assert [r[3:5] for r in connection.sql(query).fetchall()] == [(100, 100), (0, 100)]


def item(**fields: object) -> dict[str, object]:
    return {"item_id": "1", **fields}


def counted(tmp_path: Path, *lines: bytes) -> dict[tuple[str, str], tuple[int, int]]:
    """(event name, path) to (sent, of) of a log's valid events; absent where nothing is sent."""
    log = write_log(tmp_path, {("shop-a", "1.ndjson"): b"\n".join(lines)})
    path = tmp_path / "valid.parquet"
    path.write_bytes(split(log).files[0])
    rows = sent(str(path)).select("event_name", "path", "sent", "of").iter_rows()
    return {(name, at): (count, of) for name, at, count, of in rows if count}


def test_parameters_are_counted_of_events_and_fields_of_items(tmp_path):
    has = counted(
        tmp_path,
        envelope(event(page_title="a"), event(), body={"user_id": "u"}),
        envelope(event("view_item_list", items=[item(price=1), item(), item(item_variant="m")])),
        envelope(event("view_item_list", items=[item(price=2.5)], session_id=7)),
    )
    assert has == {
        ("page_view", "params.page_title"): (1, 2),
        ("page_view", "body.user_id"): (2, 2),
        ("view_item_list", "params.items"): (2, 2),
        ("view_item_list", "params.session_id"): (1, 2),
        ("view_item_list", "params.items[].item_id"): (4, 4),
        ("view_item_list", "params.items[].price"): (2, 4),
        ("view_item_list", "params.items[].item_variant"): (1, 4),
    }


def test_counts_are_polars_own_on_many_row_groups_and_on_none(tmp_path):
    lists = [[item(price=1.0)] * (n % 3) or None for n in range(900)]
    sites = [f"shop-{n % 2}" for n in range(900)]
    titles = ["t" if n % 5 else None for n in range(900)]
    frame = pl.DataFrame(
        {"site": sites, "event_name": ["page_view"] * 900, "page_title": titles, "items": lists},
        schema_overrides={"items": VALID_EVENTS["items"]},
    )
    whole = frame.select(
        pl.col(name) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in VALID_EVENTS.items()
    )
    path = str(tmp_path / "valid.parquet")
    with TableWriter(path, VALID_EVENTS, row_group=100) as writer:
        writer.write(whole)
    got = {(site, at): (count, of) for site, _, at, count, of in sent(path).iter_rows() if count}
    assert got == {
        **{(site, TITLE): (360, 450) for site in ("shop-0", "shop-1")},
        **{(site, "params.items"): (300, 450) for site in ("shop-0", "shop-1")},
        **{
            (site, ITEM_PATHS[name]): (450, 450)
            for site in ("shop-0", "shop-1")
            for name in ("item_id", "price")
        },
    }
    with TableWriter(path, VALID_EVENTS):
        pass
    assert sent(path).is_empty()


def typed(tmp_path: Path, **lines: bytes) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """(site, event name, path) to how often it is a string, a number, something else."""
    log = write_log(tmp_path, {(site, "1.ndjson"): text for site, text in lines.items()})
    with duckdb.connect() as connection:
        return {row[:3]: row[3:] for row in types(connection, log, LOG_DATE).iter_rows()}


def test_types_are_those_that_were_sent_before_any_cast(tmp_path):
    lines = [
        envelope(event(session_id="1", engagement_time_msec=5), event(session_id=1)),
        envelope(event(session_id=-2, page_title=None, engagement_time_msec="5")),
        envelope(event(session_id=True, unheard_of=1), event("no_such_event", session_id=1)),
        envelope(event("view_cart", value=1.5, items=[item(price=1), item(price="1"), item(price=[])])),
    ]
    assert typed(tmp_path, shop=b"\n".join(lines)) == {
        ("shop", "page_view", "params.session_id"): (1, 2, 1),
        ("shop", "page_view", "params.engagement_time_msec"): (1, 1, 0),
        ("shop", "view_cart", "params.value"): (0, 1, 0),
        ("shop", "view_cart", "params.items"): (0, 0, 1),
        ("shop", "view_cart", "params.items[].item_id"): (3, 0, 0),
        ("shop", "view_cart", "params.items[].price"): (1, 1, 1),
    }


def test_lines_that_cannot_be_read_do_not_keep_others_from_being_looked_at(tmp_path):
    good = envelope(event(page_title="a"))
    nasty = [
        *(b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b"\0", b'{"body":{"events":7}}', b'{"body":[]}'),
        *(b'{"body":{"events":[1,"x",null,{"name":3,"params":[]}]}}', b'{"body":{"events":[[[]]]}}'),
        orjson.dumps({"body": {"events": [{"name": "page_view", "params": {"items": [1, None]}}]}}),
        good.replace(b'"a"', b'"' + b"x" * 200_000 + b'"'),
        good.replace(b'"a"', b'"\xff"'),
    ]
    found = typed(tmp_path, shop=b"\n".join([*nasty, good]))
    assert found == {
        ("shop", "page_view", "params.page_title"): (2, 0, 0),
        ("shop", "page_view", "params.items"): (0, 0, 1),
    }


def test_every_sites_first_requests_are_looked_at_however_many_another_has(tmp_path):
    first, later = envelope(event(session_id="1")), envelope(event(session_id=1))
    found = typed(tmp_path, a=b"\n".join([first] * LINES + [later] * 50), b=later, c=b"")
    assert found == {
        ("a", "page_view", SESSION): (LINES, 0, 0),
        ("b", "page_view", SESSION): (0, 1, 0),
    }


def test_a_log_date_without_a_segment_has_an_empty_table(tmp_path):
    with duckdb.connect() as connection, TableWriter(str(tmp_path / "valid.parquet"), VALID_EVENTS):
        none = types(connection, write_log(tmp_path / "raw", {}), LOG_DATE)
    table = site_shapes(sent(str(tmp_path / "valid.parquet")), none, LOG_DATE)
    assert table.is_empty() and table.schema == SITE_SHAPES


def test_day_by_day_and_in_one_range_the_same_is_published_and_found(tmp_path):
    dates, log = [f"2024-01-0{n}" for n in (2, 3, 4)], RawLog(str(tmp_path / "raw"))
    for date in dates:
        title = {} if date == dates[-1] else {"page_title": "a"}
        text = b"\n".join(envelope(event(n=n, **title)) for n in range(60)).replace(
            b"2024-01-02", date.encode()
        )
        write_log(tmp_path / "raw", {(SITE, "1.ndjson"): text}, date)
    found = []
    for name, ranges in (("range", [dates]), ("days", [[date] for date in dates])):
        lake = Lake(str(tmp_path / "lake"), name)
        put_split(lake, log, dates)
        runs = [
            through(lake, lambda stage, only=dates: publish_site_shapes(log, stage, only)) for dates in ranges
        ]
        found.append({date: done for run in runs for date, done in run.items()})
    assert [done.digest for done in found[0].values()] == [done.digest for done in found[1].values()]
    assert [done.before for done in found[1].values()] == [0, 1, 2]
    for date, kinds in zip(dates, ([], [], ["stopped"]), strict=True):
        assert found[0][date].drifts.equals(found[1][date].drifts)
        assert found[0][date].drifts["drift"].to_list() == kinds
