from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Call = Callable[..., Result]

KINDS = """
SELECT
    DATE '2024-01-02' AS day,
    TIMESTAMP '2024-01-02 03:04:05.000006' AS at,
    TIMESTAMPTZ '2024-01-02 03:04:05+02' AS zoned,
    1.50::DECIMAL(4, 2) AS price,
    12345678901234567890123456::HUGEINT AS huge,
    0.1::DOUBLE AS share,
    'NaN'::DOUBLE AS nan,
    true AS yes,
    NULL AS nothing,
    'a,"b"' AS text,
    '\\xFFa'::BLOB AS bytes,
    {'id': 'x', 'prices': [1.25::DECIMAL(4, 2), NULL]} AS item,
    MAP {DATE '2024-01-02': 3} AS counts,
    UUID '6bc5d6b7-5a5d-4b86-8d6d-7b6c8a3a5ed1' AS id,
    1 AS x,
    2 AS x
"""
PLAIN = {
    "day": "2024-01-02",
    "at": "2024-01-02T03:04:05.000006",
    "zoned": "2024-01-02T01:04:05+00:00",
    "price": 1.5,
    "huge": 12345678901234567890123456,
    "share": 0.1,
    "nan": None,
    "yes": True,
    "nothing": None,
    "text": 'a,"b"',
    "bytes": "\\xffa",
    "item": {"id": "x", "prices": [1.25, None]},
    "counts": {"2024-01-02": 3},
    "id": "6bc5d6b7-5a5d-4b86-8d6d-7b6c8a3a5ed1",
    "x": 1,
    "x_1": 2,
}


def test_every_asset_is_a_view_of_its_name(call_json: Callable[..., Any], home: Any) -> None:
    sql = "SELECT (SELECT count(*) FROM valid_events) AS v, (SELECT count(*) FROM quarantined_events) AS q"
    (row,) = call_json("query", sql, "--format", "json", home=home)
    (days,) = call_json("query", "SELECT count(DISTINCT log_date) AS n FROM valid_events", "--format", "json")
    assert days == {"n": 3}
    assert 0 < row["q"] < row["v"] < home.summary.events


def test_json_holds_every_kind_of_value(call: Call, home: object) -> None:
    text = call("query", KINDS, "--format", "json", home=home).stdout
    assert json.loads(text) == [PLAIN]
    assert '"price":1.50,' in text, "a decimal keeps its digits"


def test_csv_holds_every_kind_of_value(call: Call, home: object) -> None:
    (row,) = csv.DictReader(io.StringIO(call("query", KINDS, "--format", "csv", home=home).stdout))
    assert row["day"] == "2024-01-02" and row["at"] == "2024-01-02T03:04:05.000006"
    assert (row["price"], row["huge"], row["nan"]) == ("1.50", "12345678901234567890123456", "nan")
    assert (row["yes"], row["nothing"], row["text"], row["bytes"]) == ("true", "", 'a,"b"', "\\xffa")
    assert row["item"] == '{"id":"x","prices":[1.25,null]}'


def test_a_payload_comes_out_as_it_was_received(call_json: Callable[..., Any], home: Any) -> None:
    sql = "SELECT segment, line, raw, hex(raw) AS exact FROM quarantined_events WHERE site = 'shop-a' LIMIT 5"
    for row in call_json("query", sql, "--format", "json", home=home):
        assert row["raw"] == bytes.fromhex(row["exact"]).decode(errors="backslashreplace")


def test_a_few_columns_are_a_table(call: Call, home: object) -> None:
    lines = call(
        "query", "SELECT 7 AS n, 'a' AS s, NULL AS z UNION ALL SELECT 10, 'bc', 1 ORDER BY n", home=home
    )
    rows = [line.split() for line in lines.stdout.splitlines()]
    assert rows[0] == ["n", "s", "z"] and rows[2:] == [["7", "a", "null"], ["10", "bc", "1"], ["2", "rows"]]


def test_many_columns_are_records(call: Call, home: object) -> None:
    text = call("query", "SELECT * FROM valid_events", home=home).stdout
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[0].startswith("row 1 ─")
    assert any(line.startswith("event_name ") for line in lines)
    assert lines[-1] == "the first 20 rows; --limit 0 shows all of them"
    assert all(len(line) <= 100 for line in lines)


def test_a_table_stops_at_its_limit_and_says_so(call: Call, home: object) -> None:
    for options, rows, last in (
        ([], 1000, "the first 1,000 rows; --limit 0 shows all of them"),
        (["--limit", "2"], 2, "the first 2 rows; --limit 0 shows all of them"),
        (["--limit", "0"], 1500, "1,500 rows"),
        (["--limit", "1500"], 1500, "1,500 rows"),
    ):
        lines = call("query", "SELECT * FROM range(1500)", *options, home=home).stdout.splitlines()
        assert (len(lines), lines[-1]) == (rows + 3, last)


def test_a_script_gets_all_rows_unless_it_asks_for_fewer(call: Call, home: object) -> None:
    sql = "SELECT * FROM range(1500)"
    assert len(json.loads(call("query", sql, "--format", "json", home=home).stdout)) == 1500
    assert len(call("query", sql, "--format", "csv", "--limit", "7", home=home).stdout.splitlines()) == 8


def test_a_result_without_rows_is_one(call: Call, home: object) -> None:
    sql = "SELECT site FROM valid_events WHERE false"
    assert json.loads(call("query", sql, "--format", "json", home=home).stdout) == []
    assert call("query", sql, "--format", "csv", home=home).stdout == "site\n"
    assert call("query", sql, home=home).stdout.endswith("0 rows\n")


def test_without_sql_the_views_are_listed(call: Call, home: Any) -> None:
    result = call("query", home=home)
    assert result.exit_code == 0
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert any(line.startswith("valid_events  ") and line.endswith(" rows") for line in lines)
    assert "log_date date" in result.stdout and "violations struct(…)[]" in result.stdout
    listed = json.loads(call("query", "--format", "json", home=home).stdout)
    assert {row["view"] for row in listed} == {"quarantined_events", "valid_events"}
    assert {"view": "valid_events", "column": "fingerprint", "type": "UBIGINT"}.items() <= listed[-1].items()
    assert call("query", "--format", "csv", home=home).stdout.startswith("view,rows,column,type\n")


def test_an_unknown_table_names_the_views_there_are(call: Call, home: object) -> None:
    result = call("query", "SELECT * FROM events", home=home)
    assert result.exit_code == 1
    assert "Table with name events does not exist!" in result.stderr
    assert result.stderr.splitlines()[-1] == "There are quarantined_events, valid_events."


def test_a_mistake_in_sql_is_shown_where_it_stands(call: Call, home: object) -> None:
    result = call("query", "SELECT nope\nFROM valid_events", home=home)
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'Referenced column "nope" not found' in result.stderr and "LINE 1: SELECT nope" in result.stderr


def test_a_mistake_that_shows_late_is_a_sentence_too(call: Call, home: object) -> None:
    sql = "SELECT CASE WHEN range < 5000 THEN range ELSE ('x' || range)::INT END FROM range(10000)"
    result = call("query", sql, "--format", "csv", home=home)
    assert result.exit_code == 1
    assert "Could not convert string 'x5000'" in result.stderr


@pytest.mark.parametrize("sql", ["", "  -- nothing"])
def test_no_query_is_a_wrong_call(call: Call, home: object, sql: str) -> None:
    result = call("query", sql, home=home)
    assert result.exit_code == 2
    assert "there is no query in it" in result.output


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1 AS x) TO 'lake://valid_events/x.parquet'",
        "COPY (SELECT 1 AS x) TO 'x.parquet'",
        "WITH x AS (COPY (SELECT 1 AS x) TO 'x.csv') SELECT * FROM x",
        "SELECT * FROM read_text('/etc/passwd')",
    ],
)
def test_a_query_that_reaches_out_is_refused_in_words(call: Call, home: Any, sql: str) -> None:
    result = call("query", sql, home=home)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("A query reads the views of the lake")
    assert not list(Path.cwd().iterdir())


def test_a_query_too_large_for_its_memory_says_what_to_do(call: Call, home: object) -> None:
    sql = "SELECT md5(range::VARCHAR) AS x FROM range(20000000) ORDER BY x"
    result = call("query", sql, "--memory-gib", "0.1", home=home)
    assert result.exit_code == 1
    assert result.stderr.startswith("The query needs more memory than it may take.")
    assert "--memory-gib" in result.stderr.splitlines()[-1]


def test_where_nothing_is_published_it_says_what_to_run(call: Call, tmp_path: Path) -> None:
    for args in ([], ["SELECT * FROM valid_events"]):
        result = call("query", *args, home=tmp_path)
        assert result.exit_code == 1
        assert "Nothing is published in the environment prod." in result.stderr
        assert "rs-assets replay" in result.stderr
    assert call("query", "SELECT 1 AS x", home=tmp_path).exit_code == 0
