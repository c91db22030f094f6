"""The fused rules against their judge: plain pandera, row by row, column by column, reason by reason."""

from __future__ import annotations

import datetime as dt
import math
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson
import pandera.errors
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.contract import fields, judge, schemas, verdict
from rs_assets.contract.candidates import Candidates, candidates
from rs_assets.contract.codes import Code
from rs_assets.contract.judge import EVENT_RULES, ITEM_RULES
from rs_assets.contract.parse import Parser
from rs_assets.contract.rules import Rule, compile_schema
from rs_assets.contract.schemas.event import event_name
from rs_assets.contract.shape_rules import SHAPE_RULES, shape_table
from rs_assets.contract.shapes import Shapes
from rs_assets.contract.verdict import failures
from rs_assets.log import RawLog
from rs_assets.log.blocks import Batch, read_batches
from rs_assets.log.generator import Plan, generate
from rs_assets.log.importers import import_dataset
from rs_assets_tests.logs import LOG_DATE, envelope, event, split, split_lines
from rs_assets_tests.logs import MICROS as RECEIVED_MICROS

DATASETS = os.environ.get("RS_DATASETS", "")
Verdicts = Counter[tuple[int, str, str]]
Row = dict[str, object]

TEXTS = (*schemas.ENVELOPE.columns, *schemas.EVENT.columns, "event_name")
ITEM_FIELDS = pl.Struct(dict.fromkeys(map(str, schemas.ITEM.columns), pl.String))
EVENT_SCHEMA = {
    **dict.fromkeys(map(str, TEXTS), pl.String),
    "items": pl.List(ITEM_FIELDS),
    "received_time": pl.Datetime("us"),
    "folder_site": pl.String,
    "folder_log_date": pl.Date,
    "site_declared": pl.Boolean,
    "event_micros": pl.Int64,
}
ITEM_SCHEMA = dict(ITEM_FIELDS.to_schema())

VALUES = (
    None, '""', '"a"', '"EUR"', '"eur"', '"EURO"', '"purchase"', '"page_view"', '"shop-a"', '"Ä\\u0041\\""',
    '"2024-01-02T10:00:00.000000Z"', '"2024-01-02T10:00:00Z"', '"2024-01-02 10:00:00.000000Z"', '"12.5"',
    "0", "-0", "-0.0", "1", "-1", "12.0", "12.5", "1e400", "-1e400", "1e-400", "NaN", "-Infinity", "1000000000001",
    "86400000", "86400001", "1704189600", "1704189600000", "1704189600000000", "1704189600000000.5",
    "9223372036854775807", "9223372036854775808", "123456789012345678901234567890", "true", "false", "null",
    "{}", "[]", '{"a":[1]}', '{"ad_user_data":"yes"}', '{"ad_user_data":"GRANTED"}', '"ga_x"', '"no name"',
    f'"{"x" * 100}"', f'"{"x" * 101}"', f'"{"é" * 100}"', '"' + "\\n" * 100 + '"', f'"{"x" * 1_001}"',
    "[1]", "EUR", '"', "",
)  # fmt: skip
"""JSON text of every kind, and some that no reader gives."""
TIMES = (
    None,
    dt.datetime(2024, 1, 2, 10),
    dt.datetime(2024, 1, 1, 23, 59, 59, 999_999),
    dt.datetime(1970, 1, 1),
)
MICROS = (None, 0, 1_704_189_600_000_000, 1_704_190_500_000_000, 1_704_190_500_000_001, -(2**62), 2**62)
NAMES = tuple(f'"{name}"' for name in schemas.EVENT_TYPES)
SOUND: Row = {
    **dict.fromkeys(EVENT_SCHEMA),
    "received_at": '"2024-01-02T10:00:00.000000Z"',
    "site": '"shop-a"',
    "request_id": '"r"',
    "client_id": '"c"',
    "event_name": '"purchase"',
    "value": "1.5",
    "currency": '"EUR"',
    "transaction_id": '"t"',
    "search_term": '"s"',
    "score": "1",
    "virtual_currency_name": '"coins"',
    "achievement_id": '"a"',
    "items": [{"item_id": '"i"'}],
    "received_time": TIMES[1],
    "folder_site": '"shop-a"',
    "folder_log_date": dt.date(2024, 1, 2),
    "site_declared": True,
    "event_micros": MICROS[2],
}


def by_pandera(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> Iterator[tuple[int, str, str]]:
    """(row, code, path) of everything that plain validation holds against a frame."""
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        whole_row = {i: str(check.statistics["path"]) for i, check in enumerate(schema.checks)}
        failed = errors.failure_cases.select("column", "check", "check_number", "index")
        for name, code, number, row in failed.iter_rows():
            column = schema.columns.get(name)
            yield row, code, whole_row[number] if column is None else column.metadata["path"]


def of_events(frame: pl.DataFrame) -> Verdicts:
    """What the five schemas hold against a frame of candidate events."""
    flat = frame.drop("items")  # pandera shows the rows that fail, and cannot show lists of structs
    found = Counter(
        verdict
        for schema in (schemas.ENVELOPE, schemas.EVENT, schemas.EVENT_NAME)
        for verdict in by_pandera(flat, schema)
    )
    numbered = frame.with_row_index("row")
    for name, schema in schemas.EVENT_TYPES.items():
        rows = numbered.filter(pl.col("event_name") == f'"{name}"')
        found.update(
            (rows["row"][row], code, path) for row, code, path in by_pandera(rows.drop("row"), schema)
        )
    return found


def fused(frame: pl.DataFrame, rules: list[Rule]) -> Verdicts:
    """The failures by rule, and the same ones whether suspects are looked at together or rule by rule."""
    found = []
    for few in (0, 2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(verdict, "FEW_ROWS", few)
            found.append(failures(frame, rules))
    assert found[0].equals(found[1])
    return Counter(found[0].select("row", "code", "path").iter_rows())


def events_of(rows: list[Row]) -> pl.DataFrame:
    items = [None if row["items"] is None else orjson.dumps(row["items"]).decode() for row in rows]
    lists = pl.Series("items", items, pl.String).str.json_decode(EVENT_SCHEMA["items"])
    return pl.DataFrame(rows, schema={**EVENT_SCHEMA, "items": pl.Object}).with_columns(lists)


def alone(column: str, value: object) -> Row:
    return {**SOUND, column: value}


def one_by_one() -> pl.DataFrame:
    """A sound event of every name, and each column with every value while the rest is sound."""
    rows = [alone("event_name", name) for name in NAMES]
    rows += [alone(column, value) for column in map(str, TEXTS) for value in VALUES]
    rows += [alone("items", items) for items in (None, [], [None], [{}])]
    rows += [alone("received_time", time) for time in TIMES]
    rows += [alone("event_micros", micros) for micros in MICROS]
    rows += [alone("site_declared", False)]
    rows += [alone("folder_site", value) for value in ('"shop-b"', None)]
    for name in NAMES:
        for column in (
            *("value", "items", "transaction_id", "search_term", "currency"),
            *("score", "virtual_currency_name", "achievement_id"),
        ):
            rows.append({**SOUND, "event_name": name, column: None})
        rows.append({**SOUND, "event_name": name, "items": []})
    return events_of(rows)


def items_one_by_one() -> pl.DataFrame:
    sound = {**dict.fromkeys(ITEM_SCHEMA), "item_id": '"i"'}
    rows = [{**sound, column: value} for column in ITEM_SCHEMA for value in VALUES]
    rows += [dict.fromkeys(ITEM_SCHEMA), {**dict.fromkeys(ITEM_SCHEMA), "item_name": '"n"'}]
    return pl.DataFrame(rows, schema=ITEM_SCHEMA)


def test_event_rules_agree_with_pandera_on_every_column_and_value() -> None:
    frame = one_by_one()
    assert fused(frame, EVENT_RULES) == of_events(frame)


def test_item_rules_agree_with_pandera_on_every_column_and_value() -> None:
    frame = items_one_by_one()
    assert fused(frame, ITEM_RULES) == Counter(by_pandera(frame, schemas.ITEM))


@pytest.mark.parametrize(
    ("rules", "frame"),
    [(EVENT_RULES, one_by_one()), (ITEM_RULES, items_one_by_one())],
    ids=["events", "items"],
)
def test_every_rule_is_broken_by_some_row_and_kept_by_another(rules: list[Rule], frame: pl.DataFrame) -> None:
    broken = Counter(failures(frame, rules)["rule"])
    assert set(broken) == set(range(len(rules)))
    assert max(broken.values()) < frame.height


def test_a_rule_is_asked_of_its_own_suspects_whatever_others_suspect(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first answer that clears a row stands, be the row among those that are looked at again or not."""
    frame = pl.DataFrame({"a": ["x"] * 99 + ["y"], "b": ["x"] * 98 + ["y", "y"]})

    def rule(column: str, quick: pl.Expr, holds: pl.Expr) -> Rule:
        return Rule("CODE", column, holds, "", "", column, column, quick)

    cleared = rule("a", pl.lit(True) & (pl.col("b") != "z"), pl.col("a") == "x")
    suspecting = rule("b", pl.col("b") == "x", pl.lit(True) & (pl.col("b") != "z"))
    both = rule("a", pl.col("b") == "x", pl.col("a") == "x")
    for few in (0, 2):
        monkeypatch.setattr(verdict, "FEW_ROWS", few)
        assert failures(frame, [cleared, suspecting]).is_empty()
        assert failures(frame, [cleared, suspecting, both])["row"].to_list() == [99]


@pytest.mark.parametrize(
    ("checked", "wrong"),
    [
        (fields.number("params.x", at_least=0, at_most=math.inf), "1e999"),
        (fields.number("params.x", at_least=-math.inf, at_most=100), "-1e999"),
        (
            fields.column(
                "params.x",
                fields.TEXT,
                [
                    fields.check(
                        Code.FIELD_MISSING,
                        lambda c: c.is_not_null(),
                        "",
                        "",
                        on_null=False,
                        quick=lambda c: c.str.len_bytes() > 1,
                    )
                ],
            ),
            None,
        ),
    ],
    ids=["above", "below", "null"],
)
def test_a_first_answer_clears_nothing_that_the_rule_refuses(checked: pa.Column, wrong: str | None) -> None:
    rules = compile_schema(pa.DataFrameSchema({"x": checked}))
    frame = pl.DataFrame({"x": ["12", wrong]}, schema={"x": pl.String})
    assert failures(frame, rules)["row"].unique().to_list() == [1]


def test_a_declared_name_is_free_even_if_google_has_one_like_it() -> None:
    schema = event_name(("page_view", "session_start"))
    frame = pl.DataFrame({"event_name": ['"session_start"', '"first_visit"', '"ga_x"']})
    found = fused(frame, compile_schema(schema))
    assert {(row, code) for row, code, _ in found} == {(1, "NAME_RESERVED"), (2, "NAME_RESERVED")}
    assert found == Counter(by_pandera(frame, schema))


def test_a_sound_event_of_every_name_breaks_no_rule() -> None:
    assert failures(events_of([alone("event_name", name) for name in NAMES]), EVENT_RULES).is_empty()


VALUE = st.sampled_from(VALUES) | st.text(max_size=6) | st.integers().map(str) | st.floats().map(str)
ITEM = st.fixed_dictionaries({}, optional={str(name): VALUE for name in schemas.ITEM.columns})
EVENTS = st.fixed_dictionaries(
    {"event_name": st.sampled_from(NAMES) | VALUE},
    optional={
        **{str(name): VALUE for name in TEXTS if name != "event_name"},
        "items": st.none() | st.lists(ITEM, max_size=3),
        "received_time": st.sampled_from(TIMES)
        | st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2262, 1, 1)),
        "site_declared": st.booleans(),
        "folder_site": st.sampled_from(['"shop-a"', '"a"', '""']),
        "event_micros": st.sampled_from(MICROS) | st.integers(-(2**63), 2**63 - 1),
    },
)


@settings(deadline=None, max_examples=25)
@given(st.lists(EVENTS, min_size=1, max_size=8))
def test_event_rules_agree_with_pandera_on_any_frame(rows: list[Row]) -> None:
    frame = events_of([{**SOUND, **row} for row in rows])
    assert fused(frame, EVENT_RULES) == of_events(frame)


@settings(deadline=None, max_examples=40)
@given(st.lists(ITEM, min_size=1, max_size=12))
def test_item_rules_agree_with_pandera_on_any_frame(rows: list[Row]) -> None:
    frame = pl.DataFrame([{**dict.fromkeys(ITEM_SCHEMA), **row} for row in rows], schema=ITEM_SCHEMA)
    assert fused(frame, ITEM_RULES) == Counter(by_pandera(frame, schemas.ITEM))


def candidates_of(log: RawLog, log_date: str) -> Iterator[tuple[Batch, Candidates]]:
    shapes = Shapes()
    with Parser() as parser:
        for batch, parsed in parser.stream(read_batches(log, log_date)):
            yield batch, candidates(parser, shapes, batch, parsed)


@pytest.fixture(scope="module")
def broken_log(tmp_path_factory: pytest.TempPathFactory) -> RawLog:
    """A day of which every third event is broken, by every class of fault."""
    folder = tmp_path_factory.mktemp("broken")
    plan = Plan(start=dt.date.fromisoformat(LOG_DATE), days=1, events=9_000, broken=0.4, late=0)
    generate(plan, str(folder / "raw"), str(folder / "truth.csv"))
    return RawLog(str(folder / "raw"))


REPEATS = {Code.DUPLICATE, Code.TRANSACTION_REPEATED}
"""What no rule on a row can tell."""


def by_the_judge(log: RawLog, log_date: str) -> tuple[dict[str, set[str]], set[str]]:
    """The reasons that plain pandera has against each event, and the events that have no shape to be judged by.

    The fused rules are held against pandera on the way, on every row.
    """
    expected: dict[str, set[str]] = {}
    shapeless: set[str] = set()
    for batch, read in candidates_of(log, log_date):
        of_lines = read.events if read.void is None else read.events.filter(~read.void)
        frame = judge._with_place(of_lines, batch, log_date)
        items = judge._items(frame)
        events = frame.drop("row", "fingerprint", "shape")
        found, of_items = of_events(events), Counter(by_pandera(items, schemas.ITEM))
        assert fused(events, EVENT_RULES) == found
        assert fused(items, ITEM_RULES) == of_items
        ids = frame["event_id"]
        expected.update((event_id, set()) for event_id in ids)
        for row, code, _ in found:
            expected[ids[row]].add(code)
        for row, code, _ in of_items:
            expected[ids[items["row"][row]]].add(code)
        shapes = shape_table(read.shapes)
        of_shapes = Counter(by_pandera(shapes.drop("shape"), schemas.SHAPE))
        assert fused(shapes, SHAPE_RULES) == of_shapes
        for row, code, _ in of_shapes:
            for place in frame.filter(pl.col("shape") == shapes["shape"][row])["event_id"]:
                expected[place].add(code)
        keys = read.misshapen.join(frame, on=["k", "event_index"], how="left")["event_id"]
        shapeless.update(keys.drop_nulls())
    return expected, shapeless


def held_to(log: RawLog, log_date: str) -> tuple[dict[str, set[str]], set[str]]:
    """As `by_the_judge`, after the split was held to it."""
    expected, shapeless = by_the_judge(log, log_date)
    outcome = split(log, log_date)
    reasons = {
        place: {*codes} - REPEATS
        for place, codes in outcome.quarantined.select("quarantine_id", "reasons").iter_rows()
    }
    for place, codes in expected.items():
        if place not in shapeless:
            assert reasons.get(place, set()) == codes
    assert set(outcome.valid["event_id"]) <= {place for place, codes in expected.items() if not codes}
    return expected, shapeless


def test_the_split_finds_what_pandera_finds_in_a_generated_log(broken_log: RawLog) -> None:
    expected, shapeless = held_to(broken_log, LOG_DATE)
    assert len(shapeless) > 20
    assert sum(map(bool, expected.values())) > 1_000
    assert {code for codes in expected.values() for code in codes} >= {
        *("CLIENT_ID_MISSING", "EVENT_UNKNOWN", "FIELD_MISSING", "TYPE_MISMATCH", "OUT_OF_RANGE"),
        *("ENUM_INVALID", "VALUE_CURRENCY_PAIR", "ITEMS_MALFORMED", "TS_INVALID", "TS_FUTURE"),
        *("NAME_INVALID", "NAME_RESERVED", "NAME_DUPLICATED", "TOO_MANY_PARAMS", "VALUE_TOO_LONG"),
    }


@pytest.mark.skipif(not DATASETS, reason="RS_DATASETS names no folder of public data sets")
@pytest.mark.parametrize("name", ["rees46", "yoochoose"])
def test_the_split_finds_what_pandera_finds_in_a_day_of_a_real_log(name: str, tmp_path: Path) -> None:
    import_dataset(name, str(Path(DATASETS, name)), str(tmp_path))
    log = RawLog(str(tmp_path))
    expected, _ = held_to(log, log.log_dates()[0])
    assert len(expected) > 5_000


def test_every_violation_of_an_event_is_told_with_its_path_and_what_was_seen() -> None:
    items = [{"item_id": "i", "price": -1, "quantity": "2"}, {"price": 1}]
    broken = event("purchase", value="9", currency="euro", items=items, engagement_time_msec=1.5)
    outcome = split_lines(envelope(broken, site="shop-b", body={"client_id": ""}))
    [row] = outcome.quarantined.to_dicts()
    assert row["reasons"] == sorted(
        {
            *(Code.ENUM_INVALID, Code.CLIENT_ID_MISSING, Code.TYPE_MISMATCH, Code.FIELD_MISSING),
            *(Code.OUT_OF_RANGE, Code.ITEMS_MALFORMED),
        }
    )
    assert {(v["code"], v["path"], v["observed"]) for v in row["violations"]} == {
        ("ENUM_INVALID", "site", None),
        ("CLIENT_ID_MISSING", "body.client_id", '""'),
        ("TYPE_MISMATCH", "params.engagement_time_msec", "1.5"),
        ("TYPE_MISMATCH", "params.value", '"9"'),
        ("ENUM_INVALID", "params.currency", '"euro"'),
        ("FIELD_MISSING", "params.transaction_id", None),
        ("OUT_OF_RANGE", "params.items[0].price", "-1"),
        ("TYPE_MISMATCH", "params.items[0].quantity", '"2"'),
        ("ITEMS_MALFORMED", "params.items[1]", None),
    }
    messages = {v["path"]: v["message"] for v in row["violations"]}
    assert messages["params.value"] == "params.value must be a number"
    assert messages["params.items[0].quantity"] == "params.items[0].quantity must be a whole number"
    assert messages["params.items[1]"] == "params.items[1] names no item: neither item_id nor item_name"


def test_a_shape_that_is_wrong_is_told_once_and_not_by_what_it_lacks() -> None:
    events = [{"name": "purchase", "params": [1]}, "purchase", event("purchase", value=1, items={})]
    outcome = split_lines(envelope(*events))
    table = outcome.quarantined.sort("event_index")
    told = [[(v["code"], v["path"]) for v in row] for row in table["violations"]]
    assert told == [
        [("TYPE_MISMATCH", "params")],
        [("TYPE_MISMATCH", "")],
        [
            ("ITEMS_MALFORMED", "params.items"),
            ("VALUE_CURRENCY_PAIR", "params.currency"),
            ("FIELD_MISSING", "params.transaction_id"),
        ],
    ]


def test_what_is_wrong_with_the_request_is_told_of_every_event_even_of_one_without_a_shape() -> None:
    outcome = split_lines(envelope(event(page_title="t"), 5, site="shop-b", body={"client_id": None}))
    assert outcome.reasons == {
        (1, 0): [Code.CLIENT_ID_MISSING, Code.ENUM_INVALID],
        (1, 1): [Code.CLIENT_ID_MISSING, Code.ENUM_INVALID, Code.TYPE_MISMATCH],
    }


def test_a_neighbour_of_a_misshapen_event_is_read_as_it_was_sent() -> None:
    twice = envelope({"name": "login", "params": 5}, "REPLACED").replace(
        b'"REPLACED"', b'{"name":"page_view","params":{"page_title":"a","page_title":"b"}}'
    )
    outcome = split_lines(twice)
    assert outcome.reasons == {(1, 0): [Code.TYPE_MISMATCH], (1, 1): [Code.NAME_DUPLICATED]}


def test_an_event_beside_a_misshapen_one_equals_the_same_event_elsewhere() -> None:
    same = {**event(page_title="é t", unknown=1.50), "timestamp_micros": RECEIVED_MICROS}
    outcome = split_lines(envelope(same), envelope(7, same))
    assert outcome.reasons == {(2, 0): [Code.TYPE_MISMATCH], (2, 1): [Code.DUPLICATE]}


@pytest.mark.parametrize("key", ["coupon", "\\u0063oupon"])
def test_an_item_field_that_is_sent_late_in_a_log_date_is_judged(key: str) -> None:
    early = [envelope(event(items=[{"item_id": "a", "price": 1}])) for _ in range(40)]
    late = envelope(event(items=[{"item_id": "a", "COUPON": 5}])).replace(b"COUPON", key.encode())
    outcome = split_lines(*early, late, batch_bytes=2_000)
    assert outcome.reasons[41, 0] == [Code.TYPE_MISMATCH]
    [row] = outcome.quarantined.filter(pl.col("line") == 41).to_dicts()
    assert [v["path"] for v in row["violations"]] == ["params.items[0].coupon"]
