"""Taking erased clients out of the log: what is left, what is refused, and what a kill leaves."""

from __future__ import annotations

import datetime as dt
import gzip
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.errors import UserError
from rs_assets.log import RawLog
from rs_assets.log.blocks import decompressed
from rs_assets.log.erasure import Client, read_history, read_orders
from rs_assets.log.erasure import rewriting as rewriting_module
from rs_assets.log.erasure.ordering import order_erasure
from rs_assets.log.erasure.rewriting import rewrite
from rs_assets.log.seals import data_versions, verify
from rs_assets.log.seals.sealing import seal_log_dates
from rs_assets.log.writer import LogWriter
from rs_assets_tests.logs import ENDINGS, encoded, envelope, event, write_log
from rs_assets_tests.s3 import Store

GONE = "1111111111.1700000000"
STAYS = "2222222222.1700000000"
NOW = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
TODAY = NOW.date()
DATES = ["2024-01-01", "2024-01-02", "2024-01-03"]
CLIENT = Client("client_id", GONE)


def line(client: str, n: int = 0) -> bytes:
    return envelope(event(page_title=str(n)), event("view_item"), body={"client_id": client})


def text_of(log: RawLog, place: str) -> bytes:
    """A segment's bytes, decompressed as far as they can be."""
    segment = next(one for day in log.log_dates() for one in log.segments(day) if one.place == place)
    with log.reading(segment) as file:
        return b"".join(part for part in decompressed(file, segment) if isinstance(part, bytes))


def all_bytes(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


def forget(log: RawLog, *clients: Client) -> None:
    order_erasure(log, clients or (CLIENT,), by="anna", why="request 17", now=NOW)


def written(log_root: str) -> RawLog:
    """Three sealed log dates of two sites; of the second one, the client sent nothing."""
    writer = LogWriter(log_root)
    for n, log_date in enumerate(DATES):
        for site in ("shop-a", "shop-b"):
            client = GONE if n != 1 and site == "shop-a" else STAYS
            lines = [line(STAYS, 1), line(client, 2), line(STAYS, 3)]
            writer.write(site, log_date, b"\n".join(lines) + b"\n")
    log = RawLog(log_root)
    seal_log_dates(log, TODAY)
    return log


def test_a_rewrite_takes_the_clients_lines_out_and_leaves_every_other_byte_as_it_was(tmp_path: Path) -> None:
    log = written(str(tmp_path))
    before = all_bytes(tmp_path)
    forget(log)
    done = rewrite(log, by="anna", why="", now=NOW)
    after = all_bytes(tmp_path)
    changed = [f"site=shop-a/log_date={log_date}/000001.ndjson.zst" for log_date in (DATES[0], DATES[2])]
    assert done.replaced == changed
    assert {place for place in before if before[place] != after[place]} == set(changed)
    for place in changed:
        assert text_of(log, place) == line(STAYS, 1) + b"\n\n" + line(STAYS, 3) + b"\n"
    assert not any(GONE.encode() in data for data in after.values())
    assert set(after) - set(before) == {f"_erasures/00000{n}.json" for n in (1, 2, 3)} | {"_erasures/lock"}


def test_the_chain_verifies_after_a_rewrite_with_the_head_that_it_had(tmp_path: Path) -> None:
    log = written(str(tmp_path))
    head = verify(log, TODAY).head
    assert head
    forget(log)
    assert not verify(log, TODAY).broken
    rewrite(log, by="anna", why="", now=NOW)
    found = verify(log, TODAY, head=head.digest)
    assert (found.broken, found.head, found.rewritten, found.read) == ([], head, 2, 6)
    assert data_versions(log, DATES, TODAY) == data_versions_of_bytes(log)


def data_versions_of_bytes(log: RawLog) -> dict[str, str]:
    from rs_assets.log.digests import log_date_digest

    return {log_date: log_date_digest(log, log_date) for log_date in DATES}


def test_the_tombstone_says_what_was_there_and_what_is_there_when_by_whom_and_why(tmp_path: Path) -> None:
    log = written(str(tmp_path))
    sealed = {one.place: one for seal in verify(log, TODAY).seals.values() for one in seal.segments}
    forget(log)
    rewrite(log, by="bo", why="the month is over", now=NOW)
    history = read_history(log)
    [order], [first, last] = history.orders, history.rewrites
    assert (order.by, order.why, order.at, order.lines) == ("anna", "request 17", "2024-03-01T12:00:00Z", 2)
    assert list(order.found) == [DATES[0], DATES[2]]
    assert (first.log_date, last.log_date) == (DATES[0], DATES[2])
    assert (first.by, first.why, first.orders, first.lines) == ("bo", "the month is over", (order.digest,), 1)
    [segment] = first.segments
    assert segment.was == sealed[segment.was.place]
    assert segment.now in verify(log, TODAY).seals[DATES[0]].segments
    assert (last.previous, first.previous) == (first.digest, order.digest)


def test_what_is_changed_after_a_rewrite_or_in_the_history_does_not_verify(tmp_path: Path) -> None:
    log = written(str(tmp_path))
    forget(log)
    rewrite(log, by="anna", why="", now=NOW)
    segment = tmp_path / f"site=shop-a/log_date={DATES[0]}/000001.ndjson.zst"
    kept = segment.read_bytes()
    segment.write_bytes(encoded(line(STAYS), "zst"))
    assert [one.place for one in verify(log, TODAY).broken] == [str(segment.relative_to(tmp_path))]
    segment.write_bytes(kept)
    entry = tmp_path / "_erasures/000002.json"
    for forged in (
        entry.read_bytes().replace(b'"erased":1', b'"erased":2'),
        entry.read_bytes().replace(b'"why":"', b'"why":"not '),
        b"{}",
        None,
    ):
        data = entry.read_bytes()
        if forged is None:
            entry.unlink()
        else:
            entry.write_bytes(forged)
        broken = [one.kind for one in verify(log, TODAY).broken]
        assert "history_broken" in broken
        with pytest.raises(UserError, match="history is broken"):
            read_orders(log)
        entry.write_bytes(data)
    assert not verify(log, TODAY).broken


def test_ids_are_kept_until_nothing_is_left_and_only_their_digests_after(tmp_path: Path) -> None:
    log = written(str(tmp_path))
    forget(log, CLIENT, Client("user_id", "max@example.com"))
    [ids] = (tmp_path / "_erasures").glob("*.ids.json")
    assert GONE in ids.read_text()
    entry = (tmp_path / "_erasures/000001.json").read_text()
    assert GONE not in entry and "max@example.com" not in entry
    done = rewrite(log, by="anna", why="", now=NOW)
    assert [order.number for order in done.forgotten] == [1]
    assert not ids.exists()
    matcher = read_orders(log).matcher
    assert not matcher.known and len(matcher.keyed) == 2
    assert matcher.names_one(line(GONE).decode()) and not matcher.names_one(line(STAYS).decode())


def test_lines_that_came_later_are_recognised_by_the_digest_and_taken_out_by_the_next_rewrite(
    tmp_path: Path,
) -> None:
    log = written(str(tmp_path))
    forget(log)
    rewrite(log, by="anna", why="", now=NOW)
    LogWriter(str(tmp_path)).write("shop-a", "2024-01-04", line(GONE) + b"\n" + line(STAYS))
    done = rewrite(log, by="anna", why="", now=NOW)
    [entry] = done.rewrites
    assert (entry.log_date, entry.lines) == ("2024-01-04", 1)
    assert text_of(log, "site=shop-a/log_date=2024-01-04/000001.ndjson.zst") == b"\n" + line(STAYS)
    again = rewrite(log, by="anna", why="", now=NOW)
    assert (again.rewrites, again.replaced) == ([], [])


def test_a_log_date_that_is_not_over_is_left_alone_and_its_ids_are_kept(tmp_path: Path) -> None:
    log = written(str(tmp_path))
    writer = LogWriter(str(tmp_path))
    writer.write("shop-a", str(TODAY), line(GONE))
    forget(log)
    done = rewrite(log, by="anna", why="", now=NOW)
    place = f"site=shop-a/log_date={TODAY}/000001.ndjson.zst"
    assert done.remaining == {str(TODAY): {place: 1}}
    assert not done.forgotten and list((tmp_path / "_erasures").glob("*.ids.json"))
    done = rewrite(log, by="anna", why="", now=NOW + dt.timedelta(days=1))
    assert (done.replaced, [order.number for order in done.forgotten]) == ([place], [1])


@pytest.mark.parametrize("codec", sorted(ENDINGS))
def test_a_last_line_without_its_newline_keeps_or_loses_what_it_should(tmp_path: Path, codec: str) -> None:
    name = f"1{ENDINGS[codec]}"
    other = f"2{ENDINGS[codec]}"
    log = write_log(
        tmp_path,
        {
            ("shop-a", name): encoded(line(GONE) + b"\r\n \n" + line(STAYS), codec),
            ("shop-a", other): encoded(line(STAYS) + b"\n" + line(GONE), codec),
        },
        "2024-01-02",
    )
    seal_log_dates(log, TODAY)
    forget(log)
    rewrite(log, by="anna", why="", now=NOW)
    assert text_of(log, f"site=shop-a/log_date=2024-01-02/{name}") == b"\n \n" + line(STAYS)
    assert text_of(log, f"site=shop-a/log_date=2024-01-02/{other}") == line(STAYS) + b"\n\n"
    assert not verify(log, TODAY).broken


@pytest.mark.parametrize("codec", ["gz", "zst"])
def test_a_damaged_segment_stays_damaged_behind_the_same_lines(tmp_path: Path, codec: str) -> None:
    lines = [line(GONE if n % 3 == 0 else STAYS, n) for n in range(3000)]
    rng = random.Random(5)
    noise = [envelope(event(page_title=rng.randbytes(40).hex()), body={"client_id": STAYS}) for _ in lines]
    data = b"\n".join(one for pair in zip(lines, noise, strict=True) for one in pair)
    whole = gzip.compress(data) if codec == "gz" else zstandard.ZstdCompressor().compress(data)
    log = write_log(tmp_path, {("shop-a", f"1{ENDINGS[codec]}"): whole[: len(whole) * 2 // 3]})
    seal_log_dates(log, TODAY)
    [before] = verify(log, TODAY).seals["2024-01-02"].segments
    forget(log)
    rewrite(log, by="anna", why="", now=NOW)
    [after] = verify(log, TODAY).seals["2024-01-02"].segments
    assert (after.lines, after.damaged) == (before.lines, True) and after.lines > 1000
    assert GONE.encode() not in text_of(log, before.place)
    assert not verify(log, TODAY).broken


def test_a_segment_that_is_not_what_was_sealed_is_not_made_good_by_a_rewrite(tmp_path: Path) -> None:
    log = written(str(tmp_path))
    forget(log)
    segment = tmp_path / f"site=shop-a/log_date={DATES[0]}/000001.ndjson.zst"
    segment.write_bytes(encoded(line(GONE), "zst"))
    with pytest.raises(UserError, match="is not what was sealed"):
        rewrite(log, by="anna", why="", now=NOW)
    assert segment.read_bytes() == encoded(line(GONE), "zst")
    assert not read_history(log).rewrites


def test_a_rewrite_is_refused_while_anybody_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = written(str(tmp_path))
    with pytest.raises(UserError, match="no erasure order"):
        rewrite(log, by="anna", why="", now=NOW)
    forget(log)
    before = all_bytes(tmp_path)
    journal = tmp_path / "_collecting/20240103T1-1.journal"
    journal.parent.mkdir()
    journal.write_bytes(line(GONE))
    with pytest.raises(UserError, match="collector still holds lines"):
        rewrite(log, by="anna", why="", now=NOW)
    journal.unlink()
    with rewriting_module._alone(log), pytest.raises(UserError, match="Another rewrite"):
        rewrite(log, by="anna", why="", now=NOW)
    cleaned = rewriting_module.clean

    def clean_while_another_writes(*args: object) -> object:
        target = tmp_path / f"site=shop-a/log_date={DATES[0]}/000002.ndjson"
        target.write_bytes(line(STAYS))
        return cleaned(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(rewriting_module, "clean", clean_while_another_writes)
    with pytest.raises(UserError, match="changed while it was read"):
        rewrite(log, by="anna", why="", now=NOW)
    (tmp_path / f"site=shop-a/log_date={DATES[0]}/000002.ndjson").unlink()
    assert all_bytes(tmp_path) == before


KILLED = """
import datetime as dt, sys
from rs_assets.log import RawLog
from rs_assets.log.erasure.rewriting import rewrite
print("ready", flush=True)
rewrite(RawLog(sys.argv[1]), by="anna", why="", now=dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC))
print("done", flush=True)
"""


def segments_of(root: Path) -> dict[str, bytes]:
    return {
        place: data
        for place, data in all_bytes(root).items()
        if place.startswith("site=") and not place.endswith(".erasing")
    }


def sizes_of(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in root.rglob("site=*/log_date=*/*.ndjson")}


def test_whenever_a_rewrite_is_killed_every_segment_is_whole_and_the_next_one_finishes(
    tmp_path: Path,
) -> None:
    writer = LogWriter(str(tmp_path), codec="none")
    for log_date in DATES:
        for n in range(70):
            lines = [line(GONE if k % 7 == n % 7 else STAYS, k) for k in range(40)]
            writer.write("shop-a", log_date, b"\n".join(lines) + b"\n")
    log = RawLog(str(tmp_path))
    seal_log_dates(log, TODAY)
    forget(log)
    old, sizes = segments_of(tmp_path), sizes_of(tmp_path)
    new = {
        place: b"\n".join(b"" if GONE.encode() in one else one for one in data.split(b"\n"))
        for place, data in old.items()
    }
    rng, states = random.Random(3), list[int]()
    while (replaced := sum(data == new[place] for place, data in segments_of(tmp_path).items())) < len(old):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout and process.stdout.readline() == b"ready\n"
        # Until some more segments are replaced, and then to any instant of the next one.
        enough = replaced + rng.randrange(1, 40)
        while process.poll() is None and len(sizes.items() - sizes_of(tmp_path).items()) < enough:
            pass
        time.sleep(rng.uniform(0, 0.004))
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = segments_of(tmp_path)
        assert found.keys() == old.keys()
        assert all(data in (old[place], new[place]) for place, data in found.items())
        states.append(sum(found[place] == new[place] for place in found))
    assert any(state % 70 for state in states) and states == sorted(states)
    rewrite(log, by="anna", why="", now=NOW)
    after = all_bytes(tmp_path)
    assert {place: data for place, data in after.items() if place.startswith("site=")} == new
    assert not verify(log, TODAY).broken
    assert not any(GONE.encode() in data for data in after.values())


def test_a_rewrite_that_was_stopped_between_its_entry_and_a_segment_is_told_and_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = written(str(tmp_path))
    forget(log)
    before = all_bytes(tmp_path)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rewriting_module, "_replace", stop)
        with pytest.raises(KeyboardInterrupt):
            rewrite(log, by="anna", why="", now=NOW)
    assert {place: data for place, data in all_bytes(tmp_path).items() if place in before} == before
    [broken] = verify(log, TODAY).broken
    assert "forget --rewrite" in str(broken)
    assert data_versions(log, DATES, TODAY) == data_versions_of_bytes(log)
    done = rewrite(log, by="anna", why="", now=NOW)
    assert [entry.log_date for entry in done.rewrites] == [DATES[2]] and len(done.replaced) == 2
    assert not verify(log, TODAY).broken


def test_orders_and_rewrites_work_on_an_object_store(s3: Store) -> None:
    import fsspec

    root = s3.bucket()
    log = written(root)
    fs = fsspec.filesystem("s3")
    before = {path: fs.cat_file(path) for path in fs.find(root)}
    forget(log)
    rewrite(log, by="anna", why="", now=NOW)
    fs.invalidate_cache()
    after = {path: fs.cat_file(path) for path in fs.find(root)}
    changed = [path for path in before if before[path] != after[path]]
    assert [path.split("/raw/")[1].split("/")[:2] for path in changed] == [
        ["site=shop-a", f"log_date={DATES[0]}"],
        ["site=shop-a", f"log_date={DATES[2]}"],
    ]
    for log_date in (DATES[0], DATES[2]):
        place = f"site=shop-a/log_date={log_date}/000001.ndjson.zst"
        assert text_of(log, place) == line(STAYS, 1) + b"\n\n" + line(STAYS, 3) + b"\n"
    assert not any(GONE.encode() in data for data in after.values())
    assert not verify(log, TODAY).broken and verify(log, TODAY).rewritten == 2
    assert not read_orders(log).matcher.known


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from([line(GONE, 1), line(STAYS, 2), b"", b" \t", b"nonsense", f"x {GONE}".encode()]),
            max_size=8,
        ),
        max_size=4,
    ),
    st.sampled_from(sorted(ENDINGS)),
    st.booleans(),
)
def test_whatever_stands_in_a_segment_its_other_lines_stay_where_they_are(
    tmp_path_factory: pytest.TempPathFactory, segments: list[list[bytes]], codec: str, ended: bool
) -> None:
    root = tmp_path_factory.mktemp("log")
    files = {
        ("shop-a", f"{n}{ENDINGS[codec]}"): b"\n".join(lines) + (b"\n" if ended else b"")
        for n, lines in enumerate(segments)
    }
    log = write_log(root, {place: encoded(data, codec) for place, data in files.items()})
    if not files:
        return
    forget(log)
    rewrite(log, by="anna", why="", now=NOW)
    for (site, name), data in files.items():
        found = text_of(log, f"site={site}/log_date=2024-01-02/{name}").split(b"\n")
        expected = [b"" if GONE.encode() in one else one for one in data.split(b"\n")]
        cut = GONE.encode() in data.split(b"\n")[-1]  # a newline stands for an unended last line
        assert found == expected + ([b""] if cut else [])


def test_no_module_of_the_graph_can_give_an_order_or_rewrite() -> None:
    code = """
import sys
import rs_assets.definitions
from rs_assets.contract import split
from rs_assets.contract.drift import publish
from rs_assets.defs import launch
print(sorted(name for name in sys.modules if name.startswith("rs_assets.log")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "rs_assets.log.erasure.reading" in done.stdout
    for name in ("ordering", "rewriting", "segments", "search"):
        assert f"rs_assets.log.erasure.{name}" not in done.stdout
    assert "rs_assets.log.whole" not in done.stdout
