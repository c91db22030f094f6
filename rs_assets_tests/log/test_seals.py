"""Seals: what one says, the chain they make, and that no change under them stays unseen."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.errors import UserError
from rs_assets.log import RawLog
from rs_assets.log.blocks import read_batches
from rs_assets.log.digests import log_date_digest
from rs_assets.log.seals import (
    GENESIS,
    Broken,
    MalformedSeal,
    Sample,
    Seal,
    SealedSegment,
    Verified,
    data_versions,
    nothing,
    require_seals,
    verify,
)
from rs_assets.log.seals.manifest import parse
from rs_assets.log.seals.sealing import seal_log_dates
from rs_assets_tests.logs import encoded

TODAY = dt.date(2024, 1, 6)
DATES = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
LINES = b'{"a":1}\n\n{"b":2}\n'
SEGMENTS = {
    "site=shop-a/log_date=2024-01-01/000001.ndjson": LINES,
    "site=shop-a/log_date=2024-01-01/000002.ndjson": b"no newline",
    "site=shop-b/log_date=2024-01-01/000001.ndjson.gz": encoded(LINES, "gz"),
    "site=shop-a/log_date=2024-01-02/000001.ndjson.zst": encoded(LINES * 40, "zst"),
    "site=shop-b/log_date=2024-01-04/000001.ndjson.zst": encoded(LINES, "zst"),
    "site=shop-b/log_date=2024-01-04/000002.ndjson": b"",
}


def put(log: RawLog, place: str, data: bytes) -> None:
    fs, root = fsspec.url_to_fs(log.root)
    path = f"{root}/{place}"
    fs.makedirs(path.rpartition("/")[0], exist_ok=True)
    fs.pipe_file(path, data)


def get(log: RawLog, place: str) -> bytes:
    [data] = log.files.read([place])
    assert isinstance(data, bytes)
    return data


def remove(log: RawLog, place: str) -> None:
    fs, root = fsspec.url_to_fs(log.root)
    fs.rm(f"{root}/{place}")


def seal_place(log_date: str) -> str:
    return f"_seals/log_date={log_date}.json"


@contextlib.contextmanager
def made(root: str) -> Iterator[RawLog]:
    """A log of four closed log dates, of which the third received nothing."""
    log = RawLog(root)
    for place, data in SEGMENTS.items():
        put(log, place, data)
    try:
        yield log
    finally:
        fs, path = fsspec.url_to_fs(root)
        fs.rm(path, recursive=True)


@pytest.fixture(params=["memory", "local"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RawLog]:
    root = f"memory://{uuid.uuid4().hex}/raw" if request.param == "memory" else str(tmp_path / "raw")
    with made(root) as log:
        yield log


@pytest.fixture
def sealed(log: RawLog) -> RawLog:
    seal_log_dates(log, TODAY)
    return log


def broken(log: RawLog) -> list[tuple[str, str]]:
    return [(one.kind, one.place) for one in verify(log, TODAY).broken]


def test_each_closed_log_date_gets_a_seal_that_names_the_one_before(log: RawLog) -> None:
    done = seal_log_dates(log, TODAY)
    assert [seal.log_date for seal in done.seals] == DATES
    assert [seal.previous for seal in done.seals] == [GENESIS, *(seal.digest for seal in done.seals[:-1])]
    assert done.head and (done.head.log_date, done.head.digest) == (DATES[-1], done.seals[-1].digest)
    for seal in done.seals:
        assert get(log, seal_place(seal.log_date)) == seal.encode()
        assert seal.digest == hashlib.sha256(seal.encode()).hexdigest()
    found = verify(log, TODAY)
    assert (found.broken, found.unsealed, found.head) == ([], [], done.head)
    assert (found.segments, found.read, found.size) == (6, 6, sum(map(len, SEGMENTS.values())))


def test_a_seal_names_place_size_digest_and_lines_of_each_segment_and_nothing_else(sealed: RawLog) -> None:
    text = get(sealed, seal_place("2024-01-01"))
    fields = json.loads(text)
    assert text == json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    assert set(fields) == {"log_date", "previous", "segments", "version"}
    places = [place for place in SEGMENTS if "2024-01-01" in place]
    assert fields["segments"] == [
        {
            "place": place,
            "size": len(SEGMENTS[place]),
            "sha256": hashlib.sha256(SEGMENTS[place]).hexdigest(),
            "lines": 1 if place.endswith("2.ndjson") else 3,
            "damaged": False,
        }
        for place in places
    ]


def test_a_log_date_without_requests_between_others_has_a_seal_without_segments(sealed: RawLog) -> None:
    assert parse(get(sealed, seal_place("2024-01-03")), "2024-01-03").segments == ()


def test_the_same_bytes_get_the_same_seals_on_any_file_system(tmp_path: Path) -> None:
    with made(f"memory://{uuid.uuid4().hex}") as one, made(str(tmp_path / "raw")) as other:
        at_once = seal_log_dates(one, TODAY).seals
        for log_date in DATES:
            seal_log_dates(other, TODAY, last=dt.date.fromisoformat(log_date))
        assert [get(other, seal_place(seal.log_date)) for seal in at_once] == [s.encode() for s in at_once]


def test_todays_log_date_is_not_sealed_and_may_grow(sealed: RawLog) -> None:
    today = f"site=shop-a/log_date={TODAY}/000001.ndjson"
    for data in (b"a\n", b"a\nb\n"):
        put(sealed, today, data)
        assert seal_log_dates(sealed, TODAY).seals == []
        found = verify(sealed, TODAY)
        assert (found.broken, found.unsealed) == ([], [])
    with pytest.raises(UserError, match="is not closed yet"):
        seal_log_dates(sealed, TODAY, last=TODAY)


def test_a_closed_log_date_without_a_seal_is_told_and_no_fault(sealed: RawLog) -> None:
    put(sealed, "site=shop-a/log_date=2024-01-05/1.ndjson", b"a\n")
    put(sealed, "site=shop-a/log_date=2023-12-31/1.ndjson", b"a\n")
    found = verify(sealed, TODAY)
    assert (found.broken, found.unsealed) == ([], ["2023-12-31", "2024-01-05"])
    done = seal_log_dates(sealed, TODAY)
    assert ([seal.log_date for seal in done.seals], done.before) == (["2024-01-05"], ["2023-12-31"])


def test_sealing_again_writes_nothing(sealed: RawLog) -> None:
    before = {date: get(sealed, seal_place(date)) for date in DATES}
    assert seal_log_dates(sealed, TODAY).seals == []
    assert {date: get(sealed, seal_place(date)) for date in DATES} == before


def test_a_range_starts_a_chain_where_it_says_and_leaves_no_gap_later(log: RawLog) -> None:
    day = dt.date.fromisoformat
    done = seal_log_dates(log, TODAY, day("2024-01-02"), day("2024-01-03"))
    assert [seal.log_date for seal in done.seals] == ["2024-01-02"], "what lies behind it is not between yet"
    assert done.seals[0].previous == GENESIS
    with pytest.raises(UserError, match="would leave a gap"):
        seal_log_dates(log, TODAY, day("2024-01-04"))
    assert [s.log_date for s in seal_log_dates(log, TODAY, day("2024-01-01")).seals] == DATES[2:]
    assert verify(log, TODAY).unsealed == ["2024-01-01"]


def test_nothing_is_sealed_on_a_seal_that_does_not_hold(log: RawLog) -> None:
    seal_log_dates(log, TODAY, last=dt.date(2024, 1, 2))
    place = "site=shop-a/log_date=2024-01-01/000002.ndjson"
    put(log, place, b"longer than it was")
    with pytest.raises(UserError, match="The seal of log date 2024-01-01 no longer holds") as error:
        seal_log_dates(log, TODAY)
    assert place in error.value.what
    assert not log.files.has(seal_place("2024-01-04"))
    put(log, place, SEGMENTS[place])
    place = "site=shop-a/log_date=2024-01-02/000001.ndjson.zst"
    put(log, place, SEGMENTS[place][::-1])
    with pytest.raises(UserError, match="site=shop-a/log_date=2024-01-02/000001"):
        seal_log_dates(log, TODAY)


def test_a_segment_written_while_its_log_date_is_sealed_stops_it(log: RawLog) -> None:
    once = threading.Event()

    def write(*_: object) -> None:
        if not once.is_set():
            once.set()
            put(log, "site=shop-c/log_date=2024-01-01/1.ndjson", b"late\n")

    with pytest.raises(UserError, match="changed while it was read"):
        seal_log_dates(log, TODAY, progress=write)
    assert verify(log, TODAY).head is None


def test_two_who_seal_at_once_replace_nothing(log: RawLog) -> None:
    theirs = Seal("2024-01-01", "f" * 64).encode()
    with pytest.raises(UserError, match="it was not replaced"):
        seal_log_dates(log, TODAY, progress=lambda *_: put(log, seal_place("2024-01-01"), theirs))
    assert get(log, seal_place("2024-01-01")) == theirs


def test_a_seal_is_whole_or_not_there_on_a_disk_without_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    with made(str(tmp_path / "raw")) as log:
        seal_log_dates(log, TODAY)
        assert sorted(os.listdir(tmp_path / "raw" / "_seals")) == [f"log_date={date}.json" for date in DATES]
        assert verify(log, TODAY).broken == []


@pytest.mark.parametrize("codec", ["gz", "zst"])
@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("flip", [False, True])
def test_a_damaged_segment_is_sealed_as_it_lies_with_the_lines_the_split_reads(
    tmp_path: Path, codec: str, cut: float, flip: bool
) -> None:
    whole = encoded(b"".join(b'{"n":%d}\n' % (n * 7919) for n in range(5000)), codec)
    data = bytearray(whole[: int(len(whole) * cut)])
    if flip:
        data[len(data) // 2] ^= 0xFF
    log = RawLog(str(tmp_path))
    put(log, f"site=s/log_date=2024-01-01/1.ndjson.{codec}", bytes(data))
    [segment] = seal_log_dates(log, TODAY).seals[0].segments
    assert segment.size == len(data)
    batches = list(read_batches(log, "2024-01-01"))
    damage = [found for batch in batches for found in batch.damage]
    assert segment.damaged == bool(damage)
    assert segment.lines == (damage[0].after_line if damage else 5000)
    assert data_versions(log, ["2024-01-01"], TODAY) == {"2024-01-01": log_date_digest(log, "2024-01-01")}
    assert verify(log, TODAY).broken == []


def test_what_differs_is_named_with_what_was_sealed_and_what_is_there(sealed: RawLog) -> None:
    put(sealed, "site=shop-a/log_date=2024-01-01/000001.ndjson", LINES.replace(b"1", b"9"))
    put(sealed, "site=shop-a/log_date=2024-01-01/000002.ndjson", b"longer than it was")
    put(sealed, "site=shop-c/log_date=2024-01-03/000001.ndjson", b"new\n")
    remove(sealed, "site=shop-b/log_date=2024-01-04/000001.ndjson.zst")
    changed, longer, added, missing = verify(sealed, TODAY).broken
    assert (changed.kind, longer.kind, added.kind, missing.kind) == (
        "segment_changed",
        "segment_changed",
        "segment_added",
        "segment_missing",
    )
    assert changed.sealed.startswith("17 bytes, SHA-256 ") and changed.found.startswith("17 bytes, SHA-256 ")
    assert changed.sealed != changed.found
    assert (longer.sealed[:8], longer.found) == ("10 bytes", "18 bytes")
    assert (added.place, added.sealed, added.found) == (
        "site=shop-c/log_date=2024-01-03/000001.ndjson",
        "nothing",
        "4 bytes",
    )
    assert missing.found == "nothing"
    assert str(missing).startswith("site=shop-b/log_date=2024-01-04/000001.ndjson.zst: sealed ")


def test_work_is_refused_on_a_range_with_broken_seals_and_on_no_other(sealed: RawLog) -> None:
    first, second, _, last = map(dt.date.fromisoformat, DATES)
    put(sealed, "site=shop-c/log_date=2024-01-01/000001.ndjson", b"new\n")
    remove(sealed, "site=shop-a/log_date=2024-01-01/000001.ndjson")
    put(sealed, seal_place("2024-01-03"), b"{")
    with pytest.raises(UserError) as error:
        require_seals(sealed, TODAY, first, last)
    _, extra, missing, seal = error.value.what.splitlines()
    assert missing.startswith("site=shop-a/log_date=2024-01-01/000001.ndjson: sealed 17 bytes, SHA-256 ")
    assert extra == "site=shop-c/log_date=2024-01-01/000001.ndjson: sealed nothing; found 4 bytes."
    assert seal.startswith(f"{seal_place('2024-01-03')}: sealed a manifest")
    require_seals(sealed, TODAY, second, second)
    require_seals(sealed, TODAY, last, TODAY)


def test_a_change_that_keeps_the_size_is_left_to_verify_for_no_byte_is_read(sealed: RawLog) -> None:
    put(sealed, "site=shop-a/log_date=2024-01-01/000001.ndjson", LINES.replace(b"1", b"9"))
    require_seals(sealed, TODAY, dt.date(2024, 1, 1), TODAY)
    assert [kind for kind, _ in broken(sealed)] == ["segment_changed"]


def test_a_refusal_names_a_hundred_differences_and_counts_the_others(sealed: RawLog) -> None:
    for number in range(103):
        put(sealed, f"site=new/log_date=2024-01-02/{number:06d}.ndjson", b"{}\n")
    with pytest.raises(UserError) as error:
        require_seals(sealed, TODAY, dt.date(2024, 1, 1), TODAY)
    assert error.value.what.endswith("\n… and 3 more.") and error.value.what.count("site=new/") == 100


def test_a_missing_seal_between_two_is_named(sealed: RawLog) -> None:
    remove(sealed, seal_place("2024-01-02"))
    assert broken(sealed) == [("seal_missing", seal_place("2024-01-02"))]
    only = dt.date(2024, 1, 2)
    assert [one.kind for one in verify(sealed, TODAY, only, only).broken] == ["seal_missing"]
    with pytest.raises(UserError, match="no longer holds"):
        seal_log_dates(sealed, TODAY)


def test_a_chain_that_lost_its_beginning_says_so(sealed: RawLog) -> None:
    remove(sealed, seal_place("2024-01-01"))
    assert broken(sealed) == [("chain_start", seal_place("2024-01-02"))]


def test_a_chain_that_lost_its_end_is_found_by_who_kept_the_head(sealed: RawLog) -> None:
    head = verify(sealed, TODAY).head
    assert head
    put(sealed, "site=shop-a/log_date=2024-01-05/1.ndjson", b"a\n")
    seal_log_dates(sealed, TODAY)
    assert verify(sealed, TODAY, head=head.digest).broken == [], "the chain has grown since"
    remove(sealed, seal_place("2024-01-05"))
    remove(sealed, seal_place("2024-01-04"))
    assert verify(sealed, TODAY).broken == []
    [one] = verify(sealed, TODAY, head=head.digest).broken
    assert (one.kind, one.sealed) == ("head_unknown", f"SHA-256 {head.digest}")


def test_a_log_sealed_anew_after_a_change_is_found_by_who_kept_the_head(sealed: RawLog) -> None:
    head = verify(sealed, TODAY).head
    for log_date in DATES:
        remove(sealed, seal_place(log_date))
    put(sealed, "site=shop-a/log_date=2024-01-01/000001.ndjson", b"{}\n")
    seal_log_dates(sealed, TODAY)
    assert verify(sealed, TODAY).broken == []
    assert head and [b.kind for b in verify(sealed, TODAY, head=head.digest).broken] == ["head_unknown"]


def test_a_range_is_verified_with_the_seals_next_to_it(sealed: RawLog) -> None:
    put(sealed, "site=shop-a/log_date=2024-01-01/000002.ndjson", b"longer than it was")
    seal = parse(get(sealed, seal_place("2024-01-02")), "2024-01-02")
    put(sealed, seal_place("2024-01-02"), Seal("2024-01-02", seal.previous, ()).encode())
    second = dt.date(2024, 1, 2)
    found = verify(sealed, TODAY, second, second)
    assert list(found.seals) == ["2024-01-02"]
    assert {one.kind for one in found.broken} == {"seal_changed", "segment_added"}
    assert found.head and found.head.log_date == "2024-01-04"
    last = dt.date(2024, 1, 4)
    assert verify(sealed, TODAY, last, last).broken == []


SEALS = [seal_place(date) for date in DATES]
PLACES = [*SEGMENTS, *SEALS]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_single_change_to_a_segment_or_a_seal_is_found_and_named(data: st.DataObject) -> None:
    """Removing the last seal is not among them: only who kept the head can tell."""
    with made(f"memory://{uuid.uuid4().hex}") as log:
        seal_log_dates(log, TODAY)
        place = data.draw(st.sampled_from(PLACES))
        bytes_there, of_log = get(log, place), place in SEGMENTS
        how = data.draw(st.sampled_from(["flip", "cut", "insert", "remove", "add"]))
        at = data.draw(st.integers(0, max(0, len(bytes_there) - 1)))
        if how == "flip" and bytes_there:
            flipped = bytes_there[at] ^ data.draw(st.integers(1, 255))
            put(log, place, bytes_there[:at] + bytes([flipped]) + bytes_there[at + 1 :])
        elif how == "cut" and bytes_there:
            put(log, place, bytes_there[:at])
        elif how == "remove" and place != SEALS[-1]:
            remove(log, place)
        elif how == "add" and place in SEGMENTS:
            place = place.replace("/00000", "/10000")
            put(log, place, bytes_there)
        else:
            put(
                log, place, bytes_there[:at] + data.draw(st.binary(min_size=1, max_size=9)) + bytes_there[at:]
            )
        found = verify(log, TODAY).broken
        log_date = place.partition("log_date=")[2][:10]
        following = [log_date, *DATES[DATES.index(log_date) + 1 :][:1]]
        named = {one.place for one in found}
        assert found and (place in named or named & {seal_place(day) for day in following} or place in SEALS)
        if of_log:
            assert named == {place}


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_seal_that_says_something_else_is_found(data: st.DataObject) -> None:
    """Tampering that keeps the form: what the last seal says is compared with the bytes, the rest with the chain."""
    with made(f"memory://{uuid.uuid4().hex}") as log:
        seal_log_dates(log, TODAY)
        log_date = data.draw(st.sampled_from([DATES[0], DATES[1], DATES[3]]))
        fields = json.loads(get(log, seal_place(log_date)))
        segment = data.draw(st.sampled_from(fields["segments"]))
        what = data.draw(st.sampled_from(["lines", "size", "sha256", "damaged", "previous", "left out"]))
        if what in ("lines", "size"):
            segment[what] += data.draw(st.integers(1, 9))
        elif what == "damaged":
            segment["damaged"] = not segment["damaged"]
        elif what == "left out":
            fields["segments"].remove(segment)
        else:
            (fields if what == "previous" else segment)[what] = "ab" * 32
        text = (json.dumps(fields, sort_keys=True, separators=(",", ":")) + "\n").encode()
        parse(text, log_date)
        put(log, seal_place(log_date), text)
        assert verify(log, TODAY).broken


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_bytes_that_are_no_seal_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(MalformedSeal, match=r"\w+"):
        parse(data, "2024-01-01")


def test_a_seal_has_one_form_only() -> None:
    seal = Seal(
        "2024-01-01", GENESIS, (SealedSegment("site=s/log_date=2024-01-01/1.ndjson", 3, "a" * 64, 1),)
    )
    text = seal.encode()
    assert parse(text, "2024-01-01") == seal
    for other in (
        text[:-1],
        text + b"\n",
        text.replace(b":3", b": 3"),
        text.replace(b":3", b":3.0"),
        text.replace(b":3", b":-3"),
        text.replace(b":3", b":true"),
        text.replace(b"false", b"0"),
        text.replace(b'"version":1', b'"version":true'),
        text.replace(b'"version":1', b'"version":2'),
        text.replace(b"site=s/", b"site=s/../"),
        text.replace(b"log_date=2024-01-01/", b"log_date=2024-01-02/"),
        text.replace(b"site=s", b"site=\\u0073"),
        text.replace(b'{"damaged"', b'{"damaged":false,"damaged"'),
        text.replace(b"aaaa", b"AAAA"),
        b"[" * 100_000,
        b"\xff\xfe" + text.decode().encode("utf-16"),
        b"1" * 10_000,
    ):
        with pytest.raises(MalformedSeal):
            parse(other, "2024-01-01")
    with pytest.raises(MalformedSeal, match="names another log date"):
        parse(text, "2024-01-02")


def test_a_malformed_seal_is_named_and_its_neighbours_are_verified(sealed: RawLog) -> None:
    put(sealed, seal_place("2024-01-02"), b"{")
    remove(sealed, "site=shop-a/log_date=2024-01-01/000002.ndjson")
    assert broken(sealed) == [
        ("segment_missing", "site=shop-a/log_date=2024-01-01/000002.ndjson"),
        ("seal_malformed", seal_place("2024-01-02")),
    ]


def test_a_folder_in_the_place_of_a_seal_is_no_traceback(tmp_path: Path) -> None:
    with made(str(tmp_path / "raw")) as log:
        seal_log_dates(log, TODAY)
        os.unlink(tmp_path / "raw" / SEALS[3])
        (tmp_path / "raw" / SEALS[3]).mkdir()
        assert broken(log) == [("seal_malformed", SEALS[3])]


def test_a_segment_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    with made(str(tmp_path / "raw")) as log:
        seal_log_dates(log, TODAY)
        (place, *_) = SEGMENTS
        size = len(SEGMENTS[place])
        os.unlink(tmp_path / "raw" / place)
        os.symlink("x" * size, tmp_path / "raw" / place)
        found = verify(log, TODAY)
        assert {one.place for one in found.broken} == {place}


def test_a_sample_is_the_same_each_time_and_another_with_another_seed() -> None:
    places = [f"site=s/log_date=2024-01-01/{n:06d}.ndjson" for n in range(200)]
    once = Sample(count=20)(places)
    assert len(once) == 20 and once == Sample(count=20)(places[::-1])
    assert once != Sample(count=20, seed=1)(places)
    assert len(Sample(percent=1.2)(places)) == 3
    assert once < Sample(count=50)(places), "a larger sample holds the smaller one"
    assert (Sample(percent=0)(places), Sample(count=0)(places)) == (frozenset(), frozenset())
    assert Sample(count=999)(places) == Sample(percent=100)(places) == frozenset(places)


def test_a_sample_reads_some_and_lists_all(sealed: RawLog) -> None:
    for place in SEGMENTS:
        if SEGMENTS[place]:
            put(sealed, place, SEGMENTS[place][::-1])
    found = verify(sealed, TODAY, choice=Sample(count=2))
    assert (found.read, len(found.broken)) in ((2, 2), (2, 1)), "the empty segment is the same backwards"
    assert verify(sealed, TODAY, choice=nothing).broken == []
    put(sealed, "site=shop-a/log_date=2024-01-02/9.ndjson", b"x\n")
    assert [one.kind for one in verify(sealed, TODAY, choice=nothing).broken] == ["segment_added"]


def test_sealing_leaves_every_data_version_as_it_was(log: RawLog) -> None:
    before = data_versions(log, DATES, TODAY)
    assert before == {log_date: log_date_digest(log, log_date) for log_date in DATES}
    seal_log_dates(log, TODAY)
    assert data_versions(log, DATES, TODAY) == before


def test_a_sealed_log_date_is_not_read_for_its_data_version(
    sealed: RawLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "rs_assets.log.seals.versions.log_date_digest", lambda _, date: opened.append(date) or "read"
    )
    versions = data_versions(sealed, DATES, TODAY)
    assert opened == [] and "read" not in versions.values()
    put(sealed, "site=shop-a/log_date=2024-01-01/000002.ndjson", b"longer than it was")
    put(sealed, seal_place("2024-01-03"), b"nonsense")
    after = data_versions(sealed, DATES, TODAY)
    assert opened == ["2024-01-01", "2024-01-03"]
    assert after == {**versions, "2024-01-01": "read", "2024-01-03": "read"}


def test_progress_counts_every_byte_once(sealed: RawLog) -> None:
    told: list[tuple[int, int, str]] = []
    verify(sealed, TODAY, progress=lambda *now: told.append(now))
    size = sum(map(len, SEGMENTS.values()))
    assert [done for done, *_ in told] == sorted(done for done, *_ in told)
    assert told[-1][:2] == (size, size)


def test_nothing_sealed_is_nothing_broken(log: RawLog) -> None:
    assert verify(log, TODAY) == Verified({}, [], ["2024-01-01", "2024-01-02", "2024-01-04"], 0, 0, None)
    missing = verify(log, TODAY, head="a" * 64).broken
    assert missing == [Broken("", "head_unknown", "_seals", f"SHA-256 {'a' * 64}", missing[0].found)]


def test_a_log_that_is_not_there_is_not_sealed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no raw log"):
        seal_log_dates(RawLog(str(tmp_path / "nowhere")), TODAY)
