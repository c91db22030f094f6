"""The split: every event of a log date in exactly one of two tables, whatever bytes the log holds."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rs_assets.contract import candidates as candidates_module
from rs_assets.contract import split as split_module
from rs_assets.contract.codes import CONTRACT_VERSION, Code
from rs_assets.contract.parse import Parser, Sent
from rs_assets.contract.quarantine import QUARANTINED_EVENTS
from rs_assets.contract.queries import ALL_FIELDS
from rs_assets.contract.shapes import Shape, Shapes
from rs_assets.contract.split import ConservationError, judged_batches, split_log_date
from rs_assets.contract.typed import VALID_EVENTS
from rs_assets.errors import UserError
from rs_assets.log import RawLog, blocks
from rs_assets.log.erasure import read_orders
from rs_assets.log.generator import Plan, generate
from rs_assets_tests.logs import (
    ENDINGS,
    LOG_DATE,
    RECEIVED,
    SITE,
    Outcome,
    encoded,
    envelope,
    event,
    split,
    split_lines,
    write_log,
)

Files = dict[tuple[str, str], bytes]
Place = tuple[str, str, int]

GOOD = [envelope(event(page_title=str(n))) for n in range(4)]
SEEDS = [
    *GOOD[:1],
    envelope(event("view_item", value=1, currency="EUR", items=[{"item_id": "i"}]), event(a=1), event()),
    envelope(event(page_title="é\\\"\u2028"), 5, {"name": "page_view", "params": []}, event(items={}), None),
    b'{"body":{"events":[{}],"client_id":"c"}}',
    b'{"site":"shop-a","body_text":"<xml>"}',
    *(b"{}", b"[]", b'{"body":{"events":{}}}', b"\xef\xbb\xbf{}", b"", b" \r", b"\x0c"),
]  # fmt: skip
MARKS = [
    *(
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b" ",
        b"\r",
        b"\x0b",
        b"\0",
        b"\xff",
        b"\xe2\x82",
        b"1e999",
    ),
    *(b"NaN", b"null", b"\\ud83d", b"\\u0069", b'"items":', b'"events":[', b'"params":{', b"5", b"-"),
]


@st.composite
def mutilated(draw: st.DrawFn) -> bytes:
    """A line that was sound once: cut, overwritten, put together from two."""
    line = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(line))] * 2)))
        put = draw(st.sampled_from([*MARKS, b"", *SEEDS[:3]]) | st.binary(max_size=4))
        line = line[:start] + put + line[draw(st.sampled_from([start, end])) :]
    return line.replace(b"\n", b" ")


LINE = (
    mutilated() | st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"")) | st.sampled_from(SEEDS)
)
SEGMENT = st.tuples(st.lists(LINE, max_size=6), st.booleans(), st.sampled_from(list(ENDINGS)))
LOG = st.lists(st.tuples(st.sampled_from(["shop-a", "shop-b"]), SEGMENT), max_size=4)


def written(segments: list[tuple[str, tuple[list[bytes], bool, str]]]) -> tuple[Files, dict[Place, bytes]]:
    """The files of a log, and every filled line by its place."""
    files: Files = {}
    lines: dict[Place, bytes] = {}
    for n, (site, (texts, newline_at_end, codec)) in enumerate(segments):
        name = f"{n}{ENDINGS[codec]}"
        files[site, name] = encoded(b"\n".join(texts) + b"\n" * newline_at_end, codec)
        lines.update({(site, name, i): t for i, t in enumerate(texts, 1) if t.strip(b" \t\r\x0b\x0c")})
    return files, lines


def names_twice(line: bytes) -> bool:
    """Whether some object has two members of one name: which of them counts is up to the reader."""
    objects: list[list[tuple[str, object]]] = []
    json.loads(line, object_pairs_hook=objects.append)
    return any(len({name for name, _ in members}) < len(members) for members in objects)


def events_in(line: bytes) -> int | None:
    """How many events a strict reader tells in a line; 0 if none, None if the reader cannot say."""
    try:
        payload = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if names_twice(line):
        return None
    body = payload.get("body") if isinstance(payload, dict) else None
    events = body.get("events") if isinstance(body, dict) else None
    return len(events) if isinstance(events, list) else 0


@settings(deadline=None, max_examples=60)
@given(LOG, st.sampled_from([(2, 1, 64), (2, 200, 50), (1, 1 << 24, 1 << 20)]))
@example([("shop-a", (SEEDS, True, "zst")), ("shop-b", (SEEDS, False, "none"))], (2, 1, 64))
def test_any_bytes_are_conserved(
    segments: list[tuple[str, tuple[list[bytes], bool, str]]], sizes: tuple[int, int, int]
) -> None:
    threads, batch_bytes, read_bytes = sizes
    files, lines = written(segments)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "READ_BYTES", read_bytes)
        outcome = split(write_log(Path(folder), files), threads=threads, batch_bytes=batch_bytes)
    valid, refused = outcome.where_valid, outcome.where_quarantined
    by_line: dict[Place, list[int | None]] = {place: [] for place in lines}
    for site, segment, line, index in (*valid, *refused):
        by_line[site, segment, line].append(index)
    for place, indexes in by_line.items():
        count = events_in(lines[place])
        if count is None:
            count = len(indexes) if 0 in indexes else 0
        assert Counter(indexes) == Counter(range(count) or [None])
    raw = outcome.quarantined.select("site", "segment", "line", "raw").rows()
    assert all(lines[site, segment, line] == text for site, segment, line, text in raw)
    report = outcome.report
    assert report.lines == len(lines)
    assert (report.valid, report.quarantined) == (len(valid), len(refused))
    assert report.events == len(valid) + len(refused) and report.conserved
    assert outcome.valid.schema == pl.Schema(VALID_EVENTS)
    assert outcome.quarantined.schema == pl.Schema(QUARANTINED_EVENTS)


def messy_log(folder: Path) -> RawLog:
    """Two days at three sites with every class of fault, batched and late, and some damage on top."""
    plan = Plan(start=dt.date(2024, 1, 1), days=2, events=6_000, broken=0.2, codec="gz", late=0.05)
    generate(plan, str(folder / "raw"), str(folder / "truth.csv"))
    generated = folder / "raw" / "site=shop-a" / f"log_date={LOG_DATE}" / "000001.ndjson.gz"
    generated.write_bytes(generated.read_bytes()[:-5_000])
    lines = b"\n".join([*SEEDS, b"\xff", b"{", *GOOD, *GOOD])
    files = {
        ("shop-a", "000002.ndjson"): lines,
        ("shop-b", "000000.ndjson.zst"): encoded(lines, "zst")[:-9],
        ("shop-c", "000000.ndjson.gz"): b"",
        ("shop-c", "000003.ndjson.gz"): b"not gzip",
    }
    return write_log(folder / "raw", files)


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> RawLog:
    return messy_log(tmp_path_factory.mktemp("messy"))


@pytest.fixture(scope="module")
def once(messy: RawLog) -> Outcome:
    return split(messy)


@pytest.mark.parametrize(
    ("threads", "batch_bytes", "read_bytes"),
    [
        (1, 1 << 24, 1 << 20),
        (4, 1 << 24, 1 << 20),
        (2, 1 << 17, 1 << 14),
        (3, 20_000, 1_000),
        (1, 1, 1 << 20),
    ],
)
def test_threads_and_batches_change_no_byte_of_either_table(
    messy: RawLog,
    once: Outcome,
    monkeypatch: pytest.MonkeyPatch,
    threads: int,
    batch_bytes: int,
    read_bytes: int,
) -> None:
    monkeypatch.setattr(blocks, "READ_BYTES", read_bytes)
    monkeypatch.setattr(blocks, "COMPRESSED_BYTES", read_bytes // 4)
    again = split(messy, threads=threads, batch_bytes=batch_bytes)
    assert again.files == once.files
    assert again.report == once.report


def test_fields_known_from_the_log_date_before_change_no_byte_and_spare_the_second_reading(
    once: Outcome, messy: RawLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, read = [], candidates_module._read_again

    def counted(
        parser: Parser, shapes: Shapes, events: pl.DataFrame, again: Mapping[int, bytes]
    ) -> tuple[pl.DataFrame, dict[int, Shape | None]]:
        lines.extend(again)
        return read(parser, shapes, events, again)

    def knowing(sent: Sent, batch_bytes: int) -> Outcome:
        batches = judged_batches(
            messy, LOG_DATE, orders=read_orders(messy), batch_bytes=batch_bytes, sent=sent
        )
        return split(messy, batches=batches)

    monkeypatch.setattr(candidates_module, "_read_again", counted)
    sent = Sent()
    first = knowing(sent, 1 << 16)
    assert sent.fields.params and (before := len(lines)) > 0
    again = knowing(sent, 1 << 16)
    assert len(lines) - before < before
    every = knowing(Sent(ALL_FIELDS), blocks.BATCH_BYTES)
    assert first.files == again.files == every.files == once.files
    assert first.report == again.report == every.report == once.report


def test_the_split_leaves_the_log_and_the_folder_of_its_output_alone(messy: RawLog, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path(messy.root).rglob("*")}
    paths = str(tmp_path / "v.parquet"), str(tmp_path / "q.parquet")
    split_log_date(messy, LOG_DATE, *paths)
    assert {path: path.stat().st_mtime_ns for path in Path(messy.root).rglob("*")} == before
    assert sorted(os.listdir(tmp_path)) == ["q.parquet", "v.parquet"]


def test_the_report_says_what_the_tables_say(once: Outcome, messy: RawLog) -> None:
    report = once.report
    assert report.log_date == LOG_DATE
    assert report.segments == len(messy.segments(LOG_DATE)) == 7
    assert report.by_reason == Counter(once.quarantined["reasons"].explode())
    assert report.by_site == {
        site: (
            once.valid.filter(pl.col("site") == site).height,
            once.quarantined.filter(pl.col("site") == site).height,
        )
        for site in ("shop-a", "shop-b", "shop-c")
    }
    assert report.counts() == {
        "segments": 7,
        "lines": report.lines,
        "events": once.valid.height + once.quarantined.height,
        "valid": once.valid.height,
        "quarantined": once.quarantined.height,
        "erased": 0,
    }
    assert report.quarantine_rate == once.quarantined.height / report.events


def test_tables_are_in_the_order_of_the_log_and_ids_are_places_and_unique(once: Outcome) -> None:
    assert once.where_valid == sorted(once.where_valid)
    places = [(site, segment, line) for site, segment, line, _ in once.where_quarantined]
    assert places == sorted(places)
    ids = [*once.valid["event_id"], *once.quarantined["quarantine_id"]]
    assert len(set(ids)) == len(ids)
    assert "shop-a/2024-01-02/000002.ndjson:1:0" in ids
    assert "shop-b/2024-01-02/000000.ndjson.zst:1:damage" in ids


def test_every_quarantined_event_says_when_what_and_by_which_contract() -> None:
    outcome = split_lines(envelope(event("view_itm"), {"params": {"page_title": "t"}}), b"{")
    rows = outcome.quarantined.drop("violations", "raw").to_dicts()
    known = {"log_date": dt.date(2024, 1, 2), "site": SITE, "segment": "000001.ndjson"}
    received = dt.datetime.fromisoformat(RECEIVED).replace(tzinfo=None)
    place = "shop-a/2024-01-02/000001.ndjson"
    assert [
        (
            row["quarantine_id"],
            row["line"],
            row["event_index"],
            row["received_at"],
            row["event_name"],
            row["reasons"],
        )
        for row in rows
    ] == [
        (f"{place}:1:0", 1, 0, received, "view_itm", [Code.EVENT_UNKNOWN]),
        (f"{place}:1:1", 1, 1, received, None, [Code.FIELD_MISSING]),
        (f"{place}:2", 2, None, None, None, [Code.LINE_TRUNCATED]),
    ]
    for row in rows:
        assert known.items() <= row.items()
        assert row["contract_version"] == CONTRACT_VERSION


def test_an_empty_log_date_has_two_empty_tables(tmp_path: Path) -> None:
    log = write_log(tmp_path, {(SITE, "1.ndjson"): GOOD[0]})
    outcome = split(log, "2024-01-09")
    assert outcome.valid.schema == pl.Schema(VALID_EVENTS)
    assert outcome.quarantined.schema == pl.Schema(QUARANTINED_EVENTS)
    assert (outcome.valid.height, outcome.quarantined.height) == (0, 0)
    assert set(outcome.report.counts().values()) == {0}
    assert outcome.report.conserved and outcome.report.quarantine_rate == 0
    assert outcome.files == split(log, "2024-01-10").files


def outputs(folder: Path) -> tuple[str, str]:
    folder.mkdir()
    return str(folder / "v.parquet"), str(folder / "q.parquet")


def test_a_missing_log_is_an_error_and_no_empty_table(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no raw log at"):
        split_log_date(RawLog(str(tmp_path / "nowhere")), LOG_DATE, *outputs(tmp_path / "out"))
    assert os.listdir(tmp_path / "out") == []


@pytest.mark.parametrize("kind", ["a dangling link", "a folder"])
@pytest.mark.parametrize("batch_bytes", [1, 1 << 24])
def test_a_segment_that_cannot_be_read_is_one_error_that_names_it_and_leaves_nothing(
    tmp_path: Path, kind: str, batch_bytes: int
) -> None:
    names = ["1.ndjson", "3.ndjson"]
    log = write_log(tmp_path / "raw", {(SITE, name): b"\n".join(GOOD) for name in names})
    unreadable = tmp_path / "raw" / f"site={SITE}" / f"log_date={LOG_DATE}" / "2.ndjson.gz"
    if kind == "a folder":
        unreadable.mkdir()
    else:
        unreadable.symlink_to("nowhere")
    before = threading.active_count()
    with pytest.raises(UserError) as error:
        split_log_date(log, LOG_DATE, *outputs(tmp_path / "out"), batch_bytes=batch_bytes)
    assert f"site={SITE}/log_date={LOG_DATE}/2.ndjson.gz cannot be read" in error.value.what
    assert "Nothing of this log date was published" in error.value.hint
    assert os.listdir(tmp_path / "out") == []
    assert threading.active_count() == before


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_a_cut_segment_keeps_its_whole_lines_and_says_where_it_breaks_off(tmp_path: Path, codec: str) -> None:
    first, second = (
        encoded(text, codec) for text in (GOOD[0] + b"\n" + GOOD[1] + b"\n" + GOOD[2][:60], GOOD[2][60:])
    )
    name = f"1{ENDINGS[codec]}"
    files = {(SITE, name): first + second[: len(second) // 2], (SITE, "2.ndjson"): GOOD[3]}
    outcome = split(write_log(tmp_path, files))
    assert outcome.where_valid == [(SITE, name, 1, 0), (SITE, name, 2, 0), (SITE, "2.ndjson", 1, 0)]
    rows = outcome.quarantined.select("segment", "line", "event_index", "reasons", "raw").rows()
    assert len(rows) == 2
    cut, damaged = rows
    # How much of the last frame can be read is up to the codec.
    assert cut[:4] == (name, 3, None, [Code.LINE_TRUNCATED])
    assert cut[4] == GOOD[2][: len(cut[4])] and len(cut[4]) >= 60
    assert damaged == (name, 4, None, [Code.SEGMENT_DAMAGED], b"")
    [violation] = outcome.quarantined["violations"][1]
    assert violation["message"] == (
        f"site={SITE}/log_date={LOG_DATE}/{name} cannot be read from line 4 on: "
        f"its {codec} data ends before its end mark: the file was cut"
    )
    assert outcome.quarantined["quarantine_id"].to_list() == [
        f"{SITE}/{LOG_DATE}/{name}:3",
        f"{SITE}/{LOG_DATE}/{name}:4:damage",
    ]
    assert outcome.report.events == 5


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_wherever_a_segment_is_cut_nothing_readable_is_lost_and_the_damage_is_told(
    tmp_path: Path, codec: str
) -> None:
    data = b"".join(encoded(line + b"\n", codec) for line in GOOD)
    ends = [sum(len(encoded(line + b"\n", codec)) for line in GOOD[:n]) for n in range(5)]
    for cut in [1, 5, *(end + by for end in ends[1:4] for by in (-4, 0, 7)), len(data) - 1]:
        outcome = split(write_log(tmp_path, {(SITE, "1" + ENDINGS[codec]): data[:cut]}), threads=1)
        whole = sum(end <= cut for end in ends) - 1
        lines = [line for *_, line, _ in outcome.where_valid]
        assert lines[:whole] == list(range(1, whole + 1))
        damaged = outcome.quarantined.filter(pl.col("reasons").list.contains(Code.SEGMENT_DAMAGED))
        assert damaged.height == (cut not in ends)
        assert outcome.report.conserved


@pytest.mark.parametrize("codec", ["gz", "zst"])
@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.99])
def test_a_corrupt_byte_costs_no_line_of_the_frames_before_and_is_no_exception(
    tmp_path: Path, codec: str, place: float
) -> None:
    frame = encoded(b"\n".join(GOOD) + b"\n", codec)
    bad = bytearray(frame)
    bad[int(len(bad) * place)] ^= 0xFF
    outcome = split(write_log(tmp_path, {(SITE, "1" + ENDINGS[codec]): frame + bytes(bad) + frame}))
    assert [line for *_, line, _ in outcome.where_valid][:4] == [1, 2, 3, 4]
    assert outcome.report.by_reason[Code.SEGMENT_DAMAGED] <= 1
    assert (
        outcome.report.by_reason[Code.SEGMENT_DAMAGED] or place == 0.3
    )  # a byte of gzip's head that says nothing
    assert outcome.report.conserved


def test_damage_without_a_line_has_a_row_of_its_own(tmp_path: Path) -> None:
    outcome = split(write_log(tmp_path, {(SITE, "1.ndjson.zst"): b"not zstandard"}))
    [row] = outcome.quarantined.to_dicts()
    assert (row["line"], row["event_index"], row["raw"]) == (1, None, b"")
    assert row["reasons"] == [Code.SEGMENT_DAMAGED]
    assert (row["log_date"], row["contract_version"]) == (dt.date(2024, 1, 2), CONTRACT_VERSION)
    assert outcome.report.by_site == {SITE: (0, 1)}
    assert outcome.report.counts() == {
        "segments": 1,
        "lines": 0,
        "events": 1,
        "valid": 0,
        "quarantined": 1,
        "erased": 0,
    }


def test_a_split_that_loses_an_event_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write_log(tmp_path / "raw", {(SITE, "1.ndjson"): b"\n".join([*GOOD, b"{"])})
    found = split_module.quarantined

    def lose_one(*judged: object) -> pl.DataFrame:
        return found(*judged).head(0)

    monkeypatch.setattr(split_module, "quarantined", lose_one)
    with pytest.raises(ConservationError, match=r"5 events in 5 lines .* 4 valid and 0 quarantined"):
        split_log_date(log, LOG_DATE, *outputs(tmp_path / "out"))
    assert os.listdir(tmp_path / "out") == []


def test_a_line_that_nobody_answers_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = write_log(tmp_path / "raw", {(SITE, "1.ndjson"): b"\n".join(GOOD)})
    judged = split_module.judge

    def overlook(*asked: object) -> object:
        result = judged(*asked)
        result.batch.start = np.append(result.batch.start, 0)
        return result

    monkeypatch.setattr(split_module, "judge", overlook)
    with pytest.raises(ConservationError, match="Nothing was published"):
        split_log_date(log, LOG_DATE, *outputs(tmp_path / "out"))
    assert os.listdir(tmp_path / "out") == []
