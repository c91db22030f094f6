"""Mapping files: a flat log of any shape becomes requests, or says which key of the file is wrong."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.errors import UserError
from rs_assets.log import RawLog
from rs_assets.log.importers import import_dataset
from rs_assets.log.importers.flat import PREFIX, reader
from rs_assets.log.importers.mapping import read_mapping
from rs_assets_tests.logs import split

SHOP = """
site = "my-shop"
format = "csv"
header = true
columns = ["when", "visitor", "account", "action", "sku", "title", "price", "order"]
client_id = "visitor"
user_id = "account"

[time]
column = "when"
format = "%d.%m.%Y %H:%M:%S"
zone = "Europe/Berlin"

[event]
column = "action"
names = {look = "view_item", basket = "add_to_cart", buy = "purchase"}

[params]
currency = {value = "EUR"}
value = {column = "price", number = true}
transaction_id = {column = "order", only_for = ["purchase"]}

[item]
item_id = "sku"
item_name = "title"
price = {column = "price", number = true}
quantity = {value = 1}
"""
HEADER = "when,visitor,account,action,sku,title,price,order\n"
ROWS = (
    '04.03.2024 09:30:00,v-1,,look,17,"Lamp, ""Nova""",19.90,\n'
    "04.03.2024 09:31:00,v-1,u-7,buy,17,Lamp,19.90,o-1\n"
    "04.03.2024 09:32:00,v-2,,stroke,17,Lamp,cheap,\n"
    "04.03.2024 09:33:00,v-2,,look,17,Lamp,19.90\n"
)


def imported(tmp_path: Path, mapping: str, log: str, name: str = "log.csv") -> list[dict[str, Any]]:
    (tmp_path / "shop.toml").write_text(mapping)
    (tmp_path / name).write_text(log)
    importer = read_mapping(str(tmp_path / "shop.toml"))
    import_dataset(importer, str(tmp_path / name), str(tmp_path / "raw"), codec="none")
    found = RawLog(str(tmp_path / "raw"))
    return [
        orjson.loads(line)
        for log_date in found.log_dates()
        for segment in found.segments(log_date)
        for line in Path(segment.path).read_bytes().splitlines()
    ]


def test_a_flat_log_becomes_bodies_of_ga4_and_what_does_not_fit_is_kept_as_text(tmp_path: Path) -> None:
    look, buy, strange, short = imported(tmp_path, SHOP, HEADER + ROWS)
    assert look["received_at"].startswith("2024-03-04T08:30:00")  # Berlin is an hour ahead
    item = {"item_id": "17", "item_name": 'Lamp, "Nova"', "price": 19.9, "quantity": 1}
    assert look["body"] == {
        "client_id": "v-1",
        "events": [
            {
                "name": "view_item",
                "timestamp_micros": 1709541000000000,
                "params": {"currency": "EUR", "value": 19.9, "items": [item]},
            }
        ],
    }
    assert buy["body"]["user_id"] == "u-7"
    assert buy["body"]["events"][0]["params"]["transaction_id"] == "o-1"
    assert strange["body"]["events"][0]["name"] == "stroke"
    assert strange["body"]["events"][0]["params"]["value"] == "cheap"
    assert short["body_text"] == ROWS.splitlines()[-1]


def test_what_it_makes_of_a_log_keeps_the_contract(tmp_path: Path) -> None:
    imported(tmp_path, SHOP, HEADER + ROWS)
    found = split(RawLog(str(tmp_path / "raw")), "2024-03-04")
    assert found.valid["event_name"].to_list() == ["view_item", "purchase"]
    assert [sorted(one) for one in found.quarantined.sort("line")["reasons"].to_list()][1] == [
        "JSON_MALFORMED"
    ]
    assert found.quarantined.height == 2 and found.report.conserved


def test_objects_are_read_by_name_or_by_pointer(tmp_path: Path) -> None:
    mapping = """
    site = "app"
    format = "ndjson"
    client_id = "/who/id"
    [time]
    column = "ts"
    format = "milliseconds"
    [event]
    name = "page_view"
    [params]
    page_title = "a/b"
    page_location = "url"
    """
    rows = [
        {"ts": 1709541000123, "who": {"id": "v-1"}, "a/b": "Straße \u2603", "url": "https://a.example/"},
        {"ts": 1709541000124, "who": 7, "url": ""},
    ]
    log = (
        "".join(json.dumps(row) + "\n" for row in rows) + '[1]\n{"ts":\n{"ts": "soon", "who": {"id": "v"}}\n'
    )
    first, second, *rest = imported(tmp_path, mapping, log, "log.ndjson")
    (event,) = first["body"]["events"]
    assert event["timestamp_micros"] == 1709541000123000
    assert event["params"] == {"page_title": "Straße \u2603", "page_location": "https://a.example/"}
    assert second["body"] == {
        "events": [{"name": "page_view", "timestamp_micros": 1709541000124000, "params": {}}]
    }
    assert [one["body_text"] for one in rest] == log.splitlines()[2:]


@pytest.mark.parametrize(
    ("form", "text", "at"),
    [
        ("seconds", "1709541000", "2024-03-04T08:30:00"),
        ("microseconds", "1709541000000001", "2024-03-04T08:30:00.000001"),
        ("iso", "2024-03-04T08:30:00Z", "2024-03-04T08:30:00"),
        ("iso", "2024-03-04T09:30:00.25+01:00", "2024-03-04T08:30:00.25"),
        ("iso", "2024-03-04 08:30:00", "2024-03-04T08:30:00"),
        ("seconds", "99999999999999999", None),
        ("seconds", "-1", None),
        ("iso", "2024-02-30T08:30:00Z", None),
    ],
)
def test_times_are_read_to_the_microsecond_and_what_is_none_is_kept_as_text(
    tmp_path: Path, form: str, text: str, at: str | None
) -> None:
    mapping = f"""
    site = "app"
    format = "tsv"
    columns = ["t", "c"]
    client_id = "c"
    time = {{column = "t", format = "{form}"}}
    event = {{name = "page_view"}}
    """
    good = {"iso": "2024-01-01T00:00:00Z"}.get(form, "1" * 10)
    _, found = sorted(
        imported(tmp_path, mapping, f"{good}\tc\n{text}\tc\n", "log.tsv"),
        key=lambda one: one["request_id"],
    )
    assert found["received_at"].startswith(at) if at else found["body_text"] == f"{text}\tc"


CELL = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=8)


@given(rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=20))
@settings(max_examples=200)
def test_rows_that_a_csv_writer_makes_are_read_back(rows: list[tuple[str, str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    texts = out.getvalue().split("\n")[:-1]
    lines = pl.DataFrame({"line_number": pl.arange(1, len(texts) + 1, eager=True), "text": texts})
    lines = lines.cast({"line_number": pl.Int64, "text": pl.String})
    found = reader("csv", ["a", "b", "c"])(lines)
    assert found.columns == ["line_number", *(PREFIX + name for name in "abc")]
    assert [row[1:] for row in found.rows()] == [tuple(cell or None for cell in row) for row in rows]


@given(lines=st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"))))
@settings(max_examples=200)
@pytest.mark.parametrize("form", ["csv", "tsv", "ndjson"])
def test_any_line_is_read_or_left_and_never_an_error(form: str, lines: list[str]) -> None:
    numbers = pl.Series("line_number", range(1, len(lines) + 1), dtype=pl.Int64)
    frame = pl.DataFrame([numbers, pl.Series("text", lines, dtype=pl.String)])
    found = reader(form, ["a", "/b/c"])(frame)["line_number"].to_list()
    assert found == sorted(set(found)) and set(found) <= set(numbers)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('format = "csv"', 'format = "xml"', "format is 'xml'"),
        ('site = "my-shop"', "", "site is missing"),
        ('site = "my-shop"', 'site = "My Shop"', "site is 'My Shop'"),
        ('client_id = "visitor"', 'client_id = "nobody"', "columns has no 'nobody'"),
        ('client_id = "visitor"', 'client = "visitor"', "client is not known"),
        ('"when", "visitor"', '"when", "when"', "columns names one twice"),
        ("[time]", "[times]", "times is not known"),
        ('zone = "Europe/Berlin"', 'zone = "Berlin"', "time.zone is 'Berlin'"),
        ('format = "%d.%m.%Y %H:%M:%S"', 'format = "german"', "time.format is 'german'"),
        ('column = "action"', "", "event must have one of name and column"),
        ('currency = {value = "EUR"}', "currency = {value = true}", "params.currency.value is neither"),
        (
            'currency = {value = "EUR"}',
            '"my currency" = "price"',
            "params.my currency is no parameter's name",
        ),
        ("quantity = {value = 1}", "quantity = 1", "item.quantity is neither a column nor a table"),
        ("quantity = {value = 1}", 'quantity = {number = "price"}', "item.quantity must have one of"),
        ("header = true", "header = ", "is no TOML"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused_by_file_and_key(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in SHOP
    (tmp_path / "shop.toml").write_text(SHOP.replace(old, new, 1))
    with pytest.raises(UserError, match=r"shop\.toml") as refused:
        read_mapping(str(tmp_path / "shop.toml"))
    assert says in str(refused.value)
