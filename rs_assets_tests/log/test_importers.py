"""Importers: every line of a source is in the log, as a GA4 body where it can be read, else as it stood.

The data sets are read where `RS_DATASETS` points and are never copied; what needs none of them uses small
files made up here.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import os
import tempfile
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.errors import UserError
from rs_assets.log import RawLog
from rs_assets.log import json_text as js
from rs_assets.log.importers import IMPORTERS, Imported, Importer, ga4, import_dataset, source
from rs_assets.log.importers.importer import epoch, match

DATASETS = os.environ.get("RS_DATASETS", "")
needs_datasets = pytest.mark.skipif(not DATASETS, reason="RS_DATASETS names no folder of public data sets")

GOOD = {
    "taobao": b"1,2,3,pv,1511827200",
    "rees46": b"2019-10-01 00:00:00 UTC,view,1,2,,acme,35.79,3,s-1",
    "yoochoose": b"3\t214716935\t1396437466.94",
    "otto": b'{"session":7,"events":[{"aid":1,"ts":1659304800025,"type":"clicks"}]}',
}
Envelope = dict[str, Any]


def by_date(raw_log: Path) -> dict[str, list[Envelope]]:
    """Every envelope by log date, in the order of the log (written with codec `none`)."""
    log = RawLog(str(raw_log))
    return {
        date: [
            orjson.loads(line)
            for segment in log.segments(date)
            for line in Path(segment.path).read_bytes().splitlines()
        ]
        for date in log.log_dates()
    }


def everything(raw_log: Path) -> list[Envelope]:
    return [envelope for date in by_date(raw_log).values() for envelope in date]


def import_bytes(name: str | Importer, data: bytes, tmp_path: Path, **options: Any) -> list[Envelope]:
    """Import one made-up file; its envelopes in the order of the source's lines."""
    file = tmp_path / "source"
    file.write_bytes(data)
    import_dataset(name, str(file), str(tmp_path / "raw"), codec="none", **options)
    return sorted(everything(tmp_path / "raw"), key=lambda e: str(e["request_id"]))


def payload(envelope: Envelope) -> bytes:
    """The bytes of a line that could not be read."""
    if "body_base64" in envelope:
        return base64.b64decode(envelope["body_base64"])
    return str(envelope["body_text"]).encode()


def event(envelope: Envelope) -> Any:
    (only,) = envelope["body"]["events"]
    return only


def item(envelope: Envelope) -> Any:
    (only,) = event(envelope)["params"]["items"]
    return only


def lines_of(name: str) -> list[str]:
    """The data set's own lines, files in the order in which the importer reads them."""
    files = [p for pattern in IMPORTERS[name].files for p in sorted(Path(DATASETS, name).glob(pattern))]
    lines = [line for file in files for line in file.read_text().splitlines()]
    return [line for line in lines if line and line != IMPORTERS[name].header]


@cache
def dataset(name: str) -> tuple[Imported, tuple[Envelope, ...]]:
    """What importing the whole set reports, and its envelopes in the order of the source."""
    with tempfile.TemporaryDirectory() as folder:
        imported = import_dataset(name, str(Path(DATASETS, name)), folder, codec="none")
        found = everything(Path(folder))
    return imported, tuple(sorted(found, key=lambda e: str(e["request_id"])))


def readable(name: str) -> list[Envelope]:
    return [e for e in dataset(name)[1] if "body" in e]


# --- the public data sets: known answers -----------------------------------------------------------------

KNOWN = {
    "taobao": (
        Imported("taobao", 10_000, 10_000, 0, dt.date(2017, 11, 24), dt.date(2017, 12, 3), 10, 0),
        {"view_item": 9046, "add_to_cart": 536, "add_to_wishlist": 212, "purchase": 206},
    ),
    "rees46": (
        Imported("rees46", 17_435, 17_435, 1, dt.date(2019, 10, 1), dt.date(2019, 10, 1), 1, 0),
        # One line of the 17,056 + 165 + 214 is cut in the middle: a view.
        {"view_item": 17_055, "add_to_cart": 165, "purchase": 214},
    ),
    "yoochoose": (
        Imported("yoochoose", 83_846, 83_846, 0, dt.date(2014, 4, 1), dt.date(2014, 4, 8), 9, 0),
        {"view_item": 83_846},
    ),
    "otto": (
        Imported("otto", 20, 862, 0, dt.date(2022, 7, 31), dt.date(2022, 8, 28), 29, 0),
        {"view_item": 800, "add_to_cart": 52, "purchase": 10},
    ),
}


@needs_datasets
@pytest.mark.parametrize("name", KNOWN)
def test_a_data_set_gives_its_known_answers(name: str) -> None:
    imported, _ = dataset(name)
    assert imported == KNOWN[name][0]
    assert Counter(event(e)["name"] for e in readable(name)) == KNOWN[name][1]


@needs_datasets
@pytest.mark.parametrize("name", KNOWN)
def test_every_request_has_an_id_of_its_own_and_was_received_when_its_event_happened(name: str) -> None:
    _, envelopes = dataset(name)
    assert len({e["request_id"] for e in envelopes}) == len(envelopes)
    for e in readable(name):
        received = dt.datetime.fromisoformat(e["received_at"]) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        assert event(e)["timestamp_micros"] == received // dt.timedelta(microseconds=1)


@needs_datasets
@pytest.mark.parametrize("name", KNOWN)
def test_every_event_has_what_googles_event_builder_requires(name: str) -> None:
    rules = orjson.loads(Path(DATASETS, "ga4", "ga_dev_tools_event_builder.json").read_bytes())["events"]
    for e in readable(name):
        params = event(e)["params"]
        assert {*rules[event(e)["name"]]["required"], "currency"} <= params.keys()
        assert isinstance(e["body"]["client_id"], str) and isinstance(item(e)["item_id"], str)
        assert isinstance(params.get("session_id", ""), str) and item(e)["quantity"] == 1
        assert not {"ip", "user_agent"} & e.keys() and e["path"] == f"/import/{name}"


@needs_datasets
def test_taobaos_lines_can_be_written_again_from_their_bodies() -> None:
    codes = {"view_item": "pv", "add_to_cart": "cart", "add_to_wishlist": "fav", "purchase": "buy"}
    again = []
    for e in readable("taobao"):
        second, rest = divmod(event(e)["timestamp_micros"], 1_000_000)
        user, it, code = e["body"]["client_id"], item(e), codes[event(e)["name"]]
        again.append(f"{user},{it['item_id']},{it['item_category']},{code},{second}")
        assert rest == 0 and event(e)["params"]["currency"] == "CNY" and event(e)["params"]["value"] == 0
        if code == "buy":
            assert event(e)["params"]["transaction_id"] == f"{user}-{it['item_id']}-{second}"
    assert again == lines_of("taobao")
    assert len({orjson.dumps(e["body"]) for e in readable("taobao")}) == 10_000


@needs_datasets
def test_rees46s_lines_can_be_written_again_from_their_bodies() -> None:
    codes = {"view_item": "view", "add_to_cart": "cart", "purchase": "purchase"}
    again = []
    for e in readable("rees46"):
        params, it = event(e)["params"], item(e)
        time = dt.datetime.fromisoformat(e["received_at"]).strftime("%Y-%m-%d %H:%M:%S UTC")
        optional = [it.get(key, "") for key in ("item_category", "item_brand")]
        fields = [time, codes[event(e)["name"]], it["item_id"], it["item_category2"], *optional]
        again.append(",".join([*fields, f"{it['price']:.2f}", e["body"]["client_id"], params["session_id"]]))
        assert params["value"] == it["price"] and params["currency"] == "USD"
    assert again == lines_of("rees46")[:-1]


@needs_datasets
def test_rees46s_purchases_sum_to_the_cent_and_its_cut_last_line_is_kept_as_it_is() -> None:
    prices = []
    for e in readable("rees46"):
        if event(e)["name"] == "purchase":
            params, second = event(e)["params"], event(e)["timestamp_micros"] // 1_000_000
            prices.append(Decimal(str(params["value"])))
            assert params["transaction_id"] == f"{params['session_id']}-{item(e)['item_id']}-{second}"
    assert sum(prices) == Decimal("59442.63")
    (cut,) = [e for e in dataset("rees46")[1] if "body" not in e]
    assert cut["body_text"] == lines_of("rees46")[-1] and cut["body_text"].count(",") == 7
    assert cut["received_at"] == "2019-10-01T02:50:00.000000Z"


@needs_datasets
def test_rees46s_equal_rows_stay_separate_requests_with_equal_bodies() -> None:
    times = Counter(orjson.dumps(e["body"]) for e in readable("rees46")).values()
    assert sorted(n for n in times if n > 1) == [2, 2, 4]


@needs_datasets
def test_yoochooses_lines_can_be_written_again_from_their_bodies_train_first() -> None:
    again = []
    for e in readable("yoochoose"):
        second, micros = divmod(event(e)["timestamp_micros"], 1_000_000)
        fraction = f"{micros:06d}".rstrip("0") or "0"
        again.append(f"{e['body']['client_id']}\t{item(e)['item_id']}\t{second}.{fraction}")
        assert event(e)["params"]["session_id"] == e["body"]["client_id"]
    assert again == lines_of("yoochoose")
    days = Counter(e["received_at"][:10] for e in readable("yoochoose"))
    assert [days[d] for d in sorted(days)] == [11624, 11827, 11653, 9107, 9020, 17025, 13581, 9]


@needs_datasets
def test_ottos_sessions_can_be_written_again_from_their_bodies() -> None:
    codes = {"view_item": "clicks", "add_to_cart": "carts", "purchase": "orders"}
    again: dict[int, Any] = {}
    for e in sorted(readable("otto"), key=lambda e: [int(n) for n in e["request_id"].split("-")[1:]]):
        millis, rest = divmod(event(e)["timestamp_micros"], 1000)
        session, aid, code = int(e["body"]["client_id"]), int(item(e)["item_id"]), codes[event(e)["name"]]
        again.setdefault(session, []).append({"aid": aid, "ts": millis, "type": code})
        assert rest == 0
        if code == "orders":
            assert event(e)["params"]["transaction_id"] == f"{session}-{millis}-{aid}"
    sessions = [{"session": session, "events": events} for session, events in again.items()]
    assert sessions == [orjson.loads(line) for line in lines_of("otto")]


@needs_datasets
@pytest.mark.parametrize("name", ["taobao", "otto"])
def test_a_shift_moves_folders_and_body_times_by_the_same_whole_days(name: str, tmp_path: Path) -> None:
    folder = str(Path(DATASETS, name))
    first = dt.date(2024, 2, 1)
    shifted = import_dataset(name, folder, str(tmp_path), codec="none", shift_to=first)
    plain, envelopes = dataset(name)
    days = first - plain.first_log_date
    assert (shifted.first_log_date, shifted.shift_days) == (first, days.days)
    assert shifted.last_log_date - plain.last_log_date == days
    moved = by_date(tmp_path)
    assert min(moved) == first.isoformat() and max(moved) == shifted.last_log_date.isoformat()
    assert all(e["received_at"].startswith(date) for date, found in moved.items() for e in found)
    again = sorted(everything(tmp_path), key=lambda e: str(e["request_id"]))
    for before, after in zip(envelopes, again, strict=True):
        event(after)["timestamp_micros"] -= days // dt.timedelta(microseconds=1)
        assert after["body"] == before["body"]


@needs_datasets
def test_the_same_data_set_gives_the_same_bytes(tmp_path: Path) -> None:
    for copy in ("a", "b"):
        import_dataset("rees46", str(Path(DATASETS, "rees46")), str(tmp_path / copy))
    files = [sorted(p.relative_to(tmp_path / c) for p in (tmp_path / c).rglob("*.zst")) for c in "ab"]
    assert files[0] == files[1] and files[0]
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files[0])


# --- lines -----------------------------------------------------------------------------------------------

WRONG = {
    "taobao": [
        b"1,2,3,pv",
        b"1,2,3,pv,1511827200,6",
        b"1,2,3,look,1511827200",
        b"1,2,3,pv,today",
        b"1,2,3,pv,-1511827200",
        b"1,2,3,pv,15118272001",
        b" ",
        "1,2,3,pv,\N{ARABIC-INDIC DIGIT ONE}".encode(),
    ],
    "rees46": [
        b"2019-10-01 00:00:00 UTC,view,1,2,,acme,35.79,3",
        b"2019-10-01 00:00:00 UTC,view,1,2,,ac,me,35.79,3,s-1",
        b"2019-10-01 00:00:00 UTC,remove,1,2,,acme,35.79,3,s-1",
        b"2019-02-30 00:00:00 UTC,view,1,2,,acme,35.79,3,s-1",
        b"2019-10-01 00:00:00,view,1,2,,acme,35.79,3,s-1",
        b"0000-10-01 00:00:00 UTC,view,1,2,,acme,35.79,3,s-1",
    ],
    "yoochoose": [b"3\t214716935", b"3\t214716935\t1396437466.", b"3\t4\t1.1234567", b"3 4 1396437466.94"],
    "otto": [
        b"[]",
        b"{",
        b'{"session":7,"events":[]}',
        b'{"session":7,"events":[{"aid":1,"ts":1659304800025,"type":"clicks"}],"extra":1}',
        b'{"session":7,"events":[{"aid":"1","ts":1659304800025,"type":"clicks"}]}',
        b'{"session":7,"events":[{"aid":1,"ts":1,"type":"clicks"},{"aid":1,"ts":1659304800025,"type":"x"}]}',
        b'{"session":7,"events":[{"aid":1,"ts":1659304800025,"type":"clicks"}]},{}',
    ],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_line_that_cannot_be_read_is_kept_whole_and_its_neighbours_are_read(
    name: str, tmp_path: Path
) -> None:
    wrong = [line for bad in WRONG[name] for line in (bad, GOOD[name])]
    found = import_bytes(name, b"\n".join([GOOD[name], *wrong]), tmp_path)
    assert [payload(e) for e in found if "body" not in e] == WRONG[name]
    assert len(found) == 1 + len(wrong)


def test_bytes_that_are_not_utf8_are_kept_in_base64_and_text_that_is_stays_text(tmp_path: Path) -> None:
    odd = [b"\xff\xfe", "1,2,3,péché,0 \ufffd \u2028\x00\x85".encode(), b"1,2,3,pv,1511827200\xc3"]
    found = import_bytes("taobao", b"\n".join([GOOD["taobao"], *odd, GOOD["taobao"]]), tmp_path)
    assert [payload(e) for e in found[1:4]] == odd
    assert ["body_base64" in e for e in found] == [False, True, False, True, False]
    assert [e["request_id"] for e in found] == [f"taobao-{n:09d}" for n in range(1, 6)]


def test_line_endings_blank_lines_and_a_missing_last_newline_change_nothing(tmp_path: Path) -> None:
    good = GOOD["rees46"]
    header = (IMPORTERS["rees46"].header or "").encode()
    forms = [
        b"\n".join([header, good, good, good]),
        b"\n".join([header, good, good, good, b""]),
        b"\r\n".join([header, good, good, good, b""]),
        b"\xef\xbb\xbf" + b"\n".join([header, b"", good, b"\r", good, b"", b"", good, b""]),
        b"\n".join([good, good, good]),
    ]
    bodies = []
    for number, data in enumerate(forms):
        (folder := tmp_path / str(number)).mkdir()
        bodies.append([e["body"] for e in import_bytes("rees46", data, folder)])
    assert len(bodies[0]) == 3 and all(b == bodies[0] for b in bodies)


def test_a_header_is_one_in_the_first_line_only(tmp_path: Path) -> None:
    header, good = (IMPORTERS["yoochoose"].header or "").encode(), GOOD["yoochoose"]
    found = import_bytes("yoochoose", b"\n".join([header, good, header]), tmp_path)
    assert [payload(e) for e in found if "body" not in e] == [header]


def test_an_unreadable_line_is_received_with_the_one_before_it_or_else_with_the_first_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "BLOCK", 7)  # some blocks then have no readable line at all
    later, sooner = b"1,2,3,pv,1511999999", b"1,2,3,pv,1511827200"
    data = b"\n".join([b"first", b"second", later, b"third", sooner, b"fourth", b"fifth"])
    found = import_bytes("taobao", data, tmp_path, shift_to=dt.date(2024, 1, 1))
    assert [e["received_at"][:10] for e in found] == ["2024-01-02"] * 4 + ["2024-01-01"] * 3
    assert found[0]["received_at"] == found[2]["received_at"]


def test_the_lines_of_a_log_date_are_in_order_of_time_then_of_the_source(tmp_path: Path) -> None:
    data = b"\n".join(b"%d,2,3,pv,%d" % (n, 1511827200 + n % 3) for n in range(9)) + b"\nbroken"
    import_bytes("taobao", data, tmp_path)
    (found,) = by_date(tmp_path / "raw").values()
    numbers = [int(str(e["request_id"]).split("-")[1]) for e in found]
    assert numbers == [1, 4, 7, 2, 5, 8, 3, 6, 9, 10]


def test_an_otto_session_is_one_request_an_event_each_on_its_own_log_date(tmp_path: Path) -> None:
    data = (
        b'{"session": 7, "events": [{"aid": 1, "ts": 1659304800025, "type": "clicks"}, '
        b'{"aid": 2, "ts": 1660304800025, "type": "orders"}]}'
    )
    found = import_bytes("otto", data, tmp_path)
    assert [e["request_id"] for e in found] == ["otto-000000001-0", "otto-000000001-1"]
    assert [e["received_at"] for e in found] == ["2022-07-31T22:00:00.025000Z", "2022-08-12T11:46:40.025000Z"]


@pytest.mark.parametrize(
    ("text", "micros"),
    [("1396437466.94", 1396437466_940000), ("1396437466", 1396437466_000000), ("0.000001", 1)],
)
def test_a_fraction_of_a_second_is_exact_to_the_microsecond(text: str, micros: int, tmp_path: Path) -> None:
    (found,) = import_bytes("yoochoose", b"1\t2\t" + text.encode(), tmp_path)
    assert event(found)["timestamp_micros"] == micros


@pytest.mark.parametrize(
    ("price", "written"),
    [
        ("35.79", b"35.79"),
        ("0.00", b"0.00"),
        ("-1", b"-1"),
        ("07", b'"07"'),
        ("1e999", b'"1e999"'),
        ("", None),
    ],
)
def test_a_price_is_written_as_it_stands_and_as_text_where_json_has_no_such_number(
    price: str, written: bytes | None, tmp_path: Path
) -> None:
    import_bytes("rees46", GOOD["rees46"].replace(b"35.79", price.encode()), tmp_path)
    (segment,) = (tmp_path / "raw").rglob("*.ndjson")
    wanted = [] if written is None else [b'"value":' + written + b",", b'"price":' + written + b","]
    assert all(part in segment.read_bytes() for part in wanted)
    assert (b'"price"' in segment.read_bytes()) == bool(wanted)


def test_an_empty_field_is_left_out(tmp_path: Path) -> None:
    (found,) = import_bytes("rees46", b"2019-10-01 00:00:00 UTC,view,1,2,,,1.00,3,", tmp_path)
    assert item(found) == {"item_id": "1", "item_category2": "2", "price": 1.0, "quantity": 1}
    assert "session_id" not in event(found)["params"]


@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_any_bytes_are_conserved_line_by_line_whatever_the_block_size(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(IMPORTERS)))
    header = (IMPORTERS[name].header or "").encode()
    mark = "\ufeff".encode()
    known = st.sampled_from([GOOD[name], GOOD[name] + b"\r", header, b"", b"\r", mark, *WRONG[name]])
    line = st.one_of(known, st.binary(max_size=12).map(lambda b: b.replace(b"\n", b",")))
    content = data.draw(st.sampled_from([b"", mark])) + b"\n".join(data.draw(st.lists(line, max_size=8)))
    lines = dict(enumerate(content.split(b"\n"), 1))
    nothing = {b"", b"\r"}
    no_first = {*nothing, header, header + b"\r"}
    events = {
        number: line
        for number, line in lines.items()
        if (line.removeprefix(mark) not in no_first if number == 1 else line not in nothing)
    }
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "BLOCK", data.draw(st.sampled_from([1, 5, 64, 1 << 20])))
        try:
            found = import_bytes(name, content, Path(folder))
        except UserError:
            assert not any(line.removesuffix(b"\r") == GOOD[name] for line in events.values())
            return
    number = {id(e): int(str(e["request_id"]).split("-")[1]) for e in found}
    assert sorted(number.values()) == sorted(events)
    for e in found:
        if "body" in e:
            assert len(e["body"]["events"]) == 1 and not {"body_text", "body_base64"} & e.keys()
        else:
            assert payload(e) == events[number[id(e)]] != GOOD[name]


# --- files, folders and the log --------------------------------------------------------------------------


def test_a_missing_source_or_file_is_named_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere.*yoochoose.*_train_full\.txt and \*_test\.txt"):
        import_dataset("yoochoose", str(tmp_path / "nowhere"), str(tmp_path / "raw"))
    (tmp_path / "x_train_full.txt").write_bytes(GOOD["yoochoose"])
    with pytest.raises(UserError, match=r"has no file named \*_test\.txt") as error:
        import_dataset("yoochoose", str(tmp_path), str(tmp_path / "raw"))
    assert str(tmp_path) in error.value.what and error.value.hint
    with pytest.raises(UserError, match="no importer 'ebay'"):
        import_dataset("ebay", str(tmp_path), str(tmp_path / "raw"))
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("content", [b"", b"\n\r\n", b"nothing\nto read"])
def test_a_source_without_a_readable_line_is_refused_with_what_a_line_looks_like(
    content: bytes, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="user,item,category"):
        import_bytes("taobao", content, tmp_path)


def test_several_files_are_read_in_the_importers_order_and_named_in_the_request_ids(tmp_path: Path) -> None:
    (tmp_path / "a_test.txt").write_bytes(b"broken\n2\t20\t1396437467.0")
    (tmp_path / "b_train_full.txt").write_bytes(b"SessionId\tItemId\tTime\n1\t10\t1396437466.0")
    (tmp_path / "notes.txt").write_bytes(b"not the importer's")
    import_dataset("yoochoose", str(tmp_path), str(tmp_path / "raw"), codec="none")
    found = [(e["request_id"], e["received_at"][17:19]) for e in everything(tmp_path / "raw")]
    assert found == [
        ("yoochoose-1-000000002", "46"),
        ("yoochoose-2-000000001", "46"),
        ("yoochoose-2-000000002", "47"),
    ]


def test_a_gzipped_file_reads_as_the_plain_one_and_half_of_it_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"\n".join([GOOD["taobao"]] * 50))
    (tmp_path / "UserBehavior.csv.gz").write_bytes(packed)
    assert import_dataset("taobao", str(tmp_path), str(tmp_path / "raw")).requests == 50
    (tmp_path / "UserBehavior.csv.gz").write_bytes(packed[:-9])
    with pytest.raises(UserError, match="cannot be read to its end"):
        import_dataset("taobao", str(tmp_path), str(tmp_path / "raw2"))
    assert not (tmp_path / "raw2").exists()


def test_a_log_date_that_the_site_already_has_is_never_written_to(tmp_path: Path) -> None:
    import_bytes("taobao", GOOD["taobao"], tmp_path)
    before = sorted(tmp_path.rglob("*"))
    two_days = b"1,2,3,pv,1511740800\n" + GOOD["taobao"]
    with pytest.raises(UserError, match=r"site taobao on 1 of the 2.*2017-11-28(?s:.*)--site"):
        import_bytes("taobao", two_days, tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    assert len(import_bytes("taobao", two_days, tmp_path, site="another")) == 3
    assert len(import_bytes("taobao", two_days, tmp_path, shift_to=dt.date(2024, 1, 1))) == 5


def test_an_import_that_is_stopped_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "BLOCK", 40)

    def stop(done: int, of: int) -> None:
        if done:
            assert 0 < done < of and list((tmp_path / "raw").rglob("*.ndjson"))
            raise KeyboardInterrupt

    data = b"\n".join([GOOD["taobao"]] * 20)
    with pytest.raises(KeyboardInterrupt):
        import_bytes("taobao", data, tmp_path, progress=stop)
    assert RawLog(str(tmp_path / "raw")).log_dates() == []
    assert len(import_bytes("taobao", data, tmp_path)) == 20


def test_progress_counts_lines_up_to_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "BLOCK", 40)
    calls: list[tuple[int, int]] = []
    import_bytes(
        "taobao", b"\n".join([GOOD["taobao"]] * 9), tmp_path, progress=lambda *call: calls.append(call)
    )
    assert calls[0] == (0, 9) and calls[-1] == (9, 9) and calls == sorted(calls) and len(calls) > 3


def test_a_shift_past_the_last_year_is_refused(tmp_path: Path) -> None:
    data = GOOD["taobao"] + b"\n1,2,3,pv,1611827200"
    with pytest.raises(UserError, match="beyond the year 9999"):
        import_bytes("taobao", data, tmp_path, shift_to=dt.date(9999, 12, 1))


# --- an importer of one's own ----------------------------------------------------------------------------


def test_a_new_importer_is_a_pattern_and_a_body(tmp_path: Path) -> None:
    def read(lines: pl.DataFrame) -> pl.DataFrame:
        found = match(lines, r"^(?<second>[0-9]+) (?<client>\S+) (?<page>\S+)$")
        return found.with_columns(event_time=epoch(pl.col("second")))

    mine = Importer(
        name="pages",
        site="blog",
        description="second client page",
        files=("*.log",),
        read=read,
        body=ga4.body(
            client_id=pl.col("client"),
            name=pl.lit("page_view"),
            params={"page_location": js.string(pl.col("page"))},
        ),
    )
    found = import_bytes(mine, b'1511827200 me /a"b\nodd', tmp_path)
    assert found[0]["body"] == {
        "client_id": "me",
        "events": [
            {
                "name": "page_view",
                "timestamp_micros": 1511827200000000,
                "params": {"page_location": '/a"b'},
            }
        ],
    }
    assert (found[0]["site"], found[0]["path"], found[1]["body_text"]) == ("blog", "/import/pages", "odd")


def test_an_importer_that_reads_half_of_a_line_or_makes_no_body_loses_nothing(tmp_path: Path) -> None:
    def read(lines: pl.DataFrame) -> pl.DataFrame:
        parts = lines.with_columns(pl.col("text").str.split(";")).explode("text")
        part = pl.int_range(pl.len()).over("line_number")
        return parts.with_columns(part=part, event_time=epoch(pl.col("text").str.extract("^([0-9]{1,10})$")))

    careless = Importer(
        name="careless",
        site="x",
        description="seconds;…",
        files=("*",),
        read=read,
        body=pl.when(pl.col("text") != "1511827201").then(pl.lit("{}")),
    )
    data = b"1511827200;1511827205\n1511827200;no\n1511827201"
    found = import_bytes(careless, data, tmp_path)
    assert [e.get("body", e.get("body_text")) for e in found] == [{}, {}, "1511827200;no", "1511827201"]
