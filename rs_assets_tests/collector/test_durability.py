"""What was acknowledged is in the log: when the process is killed, the disk is full, the date is sealed."""

from __future__ import annotations

import asyncio
import datetime as dt
import http.client
import os
import resource
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from rs_assets.collector import Committer, store_at
from rs_assets.collector import disk as disk_module
from rs_assets.collector.committer import NotKept
from rs_assets.collector.disk import FOLDER, Disk
from rs_assets.collector.envelopes import Envelope
from rs_assets.log import RawLog
from rs_assets.log.seals import verify
from rs_assets.log.seals.collecting import collecting as collecting_now
from rs_assets.log.seals.sealing import seal_log_dates
from rs_assets_tests.collector.asking import collecting, lines
from rs_assets_tests.logs import event, split

NOW = dt.datetime(2024, 1, 2, 10, tzinfo=dt.UTC)


def line(request: str, received: dt.datetime = NOW, site: str = "shop-a") -> bytes:
    return Envelope(site, request, "/mp/collect", None, None).line(received, b'"body":{}')


def ids(root: Path) -> list[str]:
    return sorted(one["request_id"] for one in lines(root))


class Load(threading.Thread):
    """Sends until the server is gone; knows what was sent, and what of it acknowledged."""

    def __init__(self, address: str, name: str) -> None:
        super().__init__()
        self.address, self.tag = address.removeprefix("http://"), name
        self.sent: list[str] = []
        self.acknowledged: list[str] = []
        self.refused: list[str] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        for k in range(1_000_000):
            client = f"{self.tag}-{k}"
            body = orjson.dumps({"client_id": client, "events": [event()]})
            self.sent.append(client)
            try:
                connection.request("POST", "/mp/collect?measurement_id=shop-a", body)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            (self.acknowledged if answer.status == 204 else self.refused).append(client)


def test_killed_under_load_again_and_again_it_has_lost_nothing_that_it_acknowledged(tmp_path: Path):
    sent: set[str] = set()
    acknowledged: list[str] = []
    for k in range(8):
        # Segments so small that the kill finds some of them half closed.
        with collecting(tmp_path, "--segment-bytes", "20000") as (address, process):
            loads = [Load(address, f"{k}-{j}") for j in range(4)]
            for load in loads:
                load.start()
            time.sleep(0.3 + 0.11 * k)
            process.send_signal(signal.SIGKILL)
            for load in loads:
                load.join()
        sent.update(client for load in loads for client in load.sent)
        acknowledged += [client for load in loads for client in load.acknowledged]
    assert len(acknowledged) > 500
    Disk(str(tmp_path)).close()
    found = [one["body"]["client_id"] for one in lines(tmp_path)]
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found) <= sent
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_full_disk_is_answered_with_503_and_what_came_before_is_there(tmp_path: Path):
    """A process may write no file larger than 100,000 bytes: its journal is full, as a disk would be."""
    limit = ("prlimit", "--fsize=100000") if os.path.exists("/usr/bin/prlimit") else ()
    assert limit, "prlimit is part of util-linux"
    with collecting(tmp_path, prefix=limit) as (address, process):
        big = b'{"client_id":"big","events":[],"x":"' + b"x" * 90_000 + b'"}'
        statuses = []
        for k in range(4):
            connection = http.client.HTTPConnection(address.removeprefix("http://"))
            connection.request("POST", f"/mp/collect?measurement_id=shop-a&k={k}", big)
            statuses.append(connection.getresponse().status)
        connection = http.client.HTTPConnection(address.removeprefix("http://"))
        connection.request("GET", "/health")
        health = connection.getresponse()
        assert statuses.count(503) >= 1 and statuses.count(204) >= 1
        if statuses[-1] == 503:
            assert health.status == 503 and orjson.loads(health.read())["status"] == "failing"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert [one["body"]["client_id"] for one in lines(tmp_path)] == ["big"] * statuses.count(204)


def test_a_line_that_was_cut_off_is_no_line_and_those_before_it_are_a_segment(tmp_path: Path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / "left.journal").write_bytes(line("1") + line("2", site="b") + line("3")[:40])
    disk = Disk(str(tmp_path))
    disk.close()
    assert disk.recovered == 1
    assert ids(tmp_path) == ["1", "2"]
    assert list(folder.iterdir()) == []


def test_a_journal_whose_segments_are_there_already_adds_none(tmp_path: Path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    for _ in range(2):  # killed between the last segment and the end of the journal
        (folder / "left.journal").write_bytes(line("1") + line("2", site="b"))
        Disk(str(tmp_path)).close()
    assert ids(tmp_path) == ["1", "2"]


def test_the_journal_of_one_that_lives_is_left_to_it(tmp_path: Path):
    one, other = Disk(str(tmp_path)), None
    one.keep([line("1")])
    other = Disk(str(tmp_path))
    assert other.recovered == 0
    other.keep([line("2")])
    other.close()
    assert ids(tmp_path) == ["2"]
    one.close()
    assert ids(tmp_path) == ["1", "2"]


def test_no_reader_of_the_log_sees_a_journal(tmp_path: Path):
    disk = Disk(str(tmp_path))
    disk.keep([line("1")])
    assert RawLog(str(tmp_path)).sites() == []
    disk.close()
    assert RawLog(str(tmp_path)).sites() == ["shop-a"]


def test_no_segment_crosses_midnight_and_each_is_on_its_own_log_date(tmp_path: Path):
    disk = Disk(str(tmp_path))
    eve = dt.datetime(2024, 1, 1, 23, 59, 59, 999_999, dt.UTC)
    disk.keep([line("1", eve), line("2", eve + dt.timedelta(microseconds=1)), line("3", eve)])
    disk.close()
    log = RawLog(str(tmp_path))
    assert [(one.log_date, one.site) for day in log.log_dates() for one in log.segments(day)] == [
        ("2024-01-01", "shop-a"),
        ("2024-01-02", "shop-a"),
    ]
    assert ids(tmp_path) == ["1", "2", "3"]


def test_a_sealed_log_date_is_not_written_to_and_its_lines_are_not_lost(tmp_path: Path):
    disk = Disk(str(tmp_path))
    disk.keep([line("1")])
    disk.close()
    (segment,) = tmp_path.glob("site=*/*/*")
    seal_log_dates(RawLog(str(tmp_path)), dt.date(2024, 1, 3))
    disk = Disk(str(tmp_path))
    disk.keep([line("2"), line("3", NOW + dt.timedelta(days=1))])
    disk.close()
    assert (disk.trouble, disk.late) == ("", {"2024-01-02": 1})
    log = RawLog(str(tmp_path))
    today = log.log_dates()[-1]
    assert log.log_dates() == ["2024-01-02", "2024-01-03", today] and today > "2026"
    assert [one.path for one in log.segments("2024-01-02")] == [str(segment)]
    assert not verify(RawLog(str(tmp_path)), dt.date(2024, 1, 3)).broken
    assert [one["request_id"] for one in lines(tmp_path)] == ["1", "3", "2"]
    assert lines(tmp_path)[-1]["received_at"] == "2024-01-02T10:00:00.000000Z"
    assert split(log, today).report.conserved


@pytest.mark.parametrize("days", [0, 1], ids=["the same day", "a day later"])
def test_late_lines_are_there_once_though_their_journal_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
):
    """A power cut may bring back a journal that was deleted."""
    disk = Disk(str(tmp_path))
    disk.keep([line("1")])
    disk.close()
    seal_log_dates(RawLog(str(tmp_path)), dt.date(2024, 1, 3))
    disk = Disk(str(tmp_path))
    disk.keep([line("2")])
    (journal,) = (tmp_path / FOLDER).iterdir()
    kept = journal.read_bytes()
    disk.close()
    journal.write_bytes(kept)
    monkeypatch.setattr(disk_module, "_today", lambda: str(dt.date.today() + dt.timedelta(days=days)))
    Disk(str(tmp_path)).close()
    assert ids(tmp_path) == ["1", "2"]
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_lines_on_both_sides_of_midnight_are_in_journals_whose_names_say_so(tmp_path: Path):
    """Whoever seals looks at names: a line of yesterday in a journal of today would come too late for its seal."""
    disk = Disk(str(tmp_path))
    morning = dt.datetime(2024, 1, 3, 0, 0, 0, 5, dt.UTC)
    disk.keep([line("today", morning), line("yesterday", morning - dt.timedelta(seconds=1))])
    disk.keep([line("late", morning - dt.timedelta(seconds=2))])
    waiting = collecting_now(RawLog(str(tmp_path)))
    assert [one.log_date for one in waiting] == ["2024-01-02", "2024-01-03"]
    assert b'"late"' in Path(tmp_path, waiting[0].place).read_bytes()
    sealed = seal_log_dates(RawLog(str(tmp_path)), dt.date(2024, 1, 4))
    assert sealed.seals == [] and sealed.waiting == waiting
    disk.close()
    assert collecting_now(RawLog(str(tmp_path))) == []
    assert [one.log_date for one in seal_log_dates(RawLog(str(tmp_path)), dt.date(2024, 1, 4)).seals] == [
        "2024-01-02",
        "2024-01-03",
    ]


def test_a_journal_that_a_power_cut_left_in_pieces_gives_its_whole_lines_and_the_pieces_apart(tmp_path: Path):
    """A batch that was being synced has pages that are there and pages of zeros; nobody was told that it was kept."""
    torn = bytes(50) + line("x")[50:]
    cut = line("y")[:30] + b"\n"
    folder = tmp_path / FOLDER
    folder.mkdir()
    name = "20240102T100000000000-0123456789ab.journal"
    (folder / name).write_bytes(line("1") + torn + line("2") + cut + line("3")[:40])
    disk = Disk(str(tmp_path))
    disk.close()
    assert (disk.recovered, disk.trouble) == (1, "")
    log = RawLog(str(tmp_path))
    found = split(log, "2024-01-02")
    assert found.report.conserved
    kept = found.quarantined.filter(found.quarantined["site"] == "_unknown")
    assert sorted(len(raw) for raw in kept["raw"]) == sorted([len(torn) - 1, len(cut) - 1])
    assert len(log.segments("2024-01-02")) == 2


def test_a_journal_that_cannot_be_taken_up_is_named_and_nothing_else_waits_for_it(tmp_path: Path):
    (tmp_path / FOLDER / "20240101T000000000000-0123456789ab.journal").mkdir(parents=True)
    (tmp_path / FOLDER / "left.journal").write_bytes(line("1"))
    disk = Disk(str(tmp_path))
    assert "20240101T000000000000-0123456789ab.journal cannot be taken up" in disk.trouble
    disk.keep([line("2")])
    disk.close()
    assert ids(tmp_path) == ["1", "2"]


def test_a_collector_that_lives_takes_up_the_journal_of_one_that_died(tmp_path: Path):
    living = Disk(str(tmp_path))
    living.keep([line("1")])
    (tmp_path / FOLDER / "left.journal").write_bytes(line("2"))
    living._look_again = 0.0
    living.tick()
    living.close()
    assert ids(tmp_path) == ["1", "2"]
    assert living.recovered == 1


def test_half_a_segment_of_one_that_died_is_cleared_away(tmp_path: Path):
    """Nothing of a client's may stay where no reader of the log looks."""
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "left.journal").write_bytes(line("1"))
    place = tmp_path / "site=shop-a" / "log_date=2024-01-02"
    place.mkdir(parents=True)
    (place / "left.ndjson.zst.0123.tmp").write_bytes(b"half")
    Disk(str(tmp_path)).close()
    assert [path.name for path in place.iterdir()] == ["left.ndjson.zst"]


def test_a_journal_is_deleted_when_its_segment_lasts_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The name of a file that was synced is lost in a power cut, until its folder was synced, too."""
    done: list[tuple[str, str]] = []
    fsync, link, unlink = os.fsync, os.link, os.unlink

    def note(what: str, path: str) -> None:
        done.append((what, os.path.relpath(path, tmp_path)))

    def synced(file: int) -> None:
        fsync(file)
        note("sync", os.readlink(f"/proc/self/fd/{file}"))

    def linked(source: str, to: str) -> None:
        link(source, to)
        note("link", to)

    def unlinked(path: str) -> None:
        unlink(path)
        note("unlink", path)

    disk = Disk(str(tmp_path / "raw"))
    disk.keep([line("1")])
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    monkeypatch.setattr(os, "unlink", unlinked)
    disk.close()
    monkeypatch.undo()
    (there,) = [n for n, (what, _) in enumerate(done) if what == "link"]
    (gone,) = [n for n, (what, path) in enumerate(done) if what == "unlink" and path.endswith(".journal")]
    folders = ["raw/site=shop-a/log_date=2024-01-02", "raw/site=shop-a", "raw"]
    after_the_link = done[there:gone]
    assert ("sync", folders[0]) in after_the_link
    assert {("sync", folder) for folder in folders} <= set(done[:gone])


class Ailing(Disk):
    """A disk whose upkeep fails, and which is as slow as it is told."""

    delay = 0.0

    def keep(self, lines: Sequence[bytes]) -> None:
        time.sleep(self.delay)
        super().keep(lines)

    def tick(self) -> None:
        raise RuntimeError("upkeep failed")


def test_a_fault_in_upkeep_is_said_and_nobody_waits_for_ever(tmp_path: Path):
    committer = Committer(Ailing(str(tmp_path)))
    for k in range(3):
        asyncio.run(committer.keep(line(str(k))))
    committer.close()
    assert "upkeep failed" in committer.upkeep or committer.upkeep == ""
    assert ids(tmp_path) == ["0", "1", "2"]


def test_what_waited_too_long_is_refused_and_not_written_after_its_day(tmp_path: Path):
    store = Ailing(str(tmp_path))
    store.delay = 0.6
    committer = Committer(store, probe=False, waiting=0.3)

    async def keep() -> list[BaseException | None]:
        first = asyncio.create_task(committer.keep(line("1")))
        await asyncio.sleep(0.1)  # the store is busy with the first now
        return await asyncio.gather(first, committer.keep(line("2")), return_exceptions=True)

    kept, refused = asyncio.run(keep())
    committer.close()
    assert kept is None and isinstance(refused, NotKept)
    assert (ids(tmp_path), committer.kept, committer.refused) == (["1"], 1, 1)


def test_a_batch_that_is_not_kept_leaves_those_before_it_whole(tmp_path: Path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    taken = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    committer = Committer(store_at(str(tmp_path)))

    async def keep(*sent: bytes) -> list[BaseException | None]:
        return await asyncio.gather(*(committer.keep(one) for one in sent), return_exceptions=True)

    try:
        assert asyncio.run(keep(line("1"))) == [None]
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
        found = asyncio.run(keep(line("2"), line("3")))
        assert all(isinstance(one, NotKept) for one in found) and committer.trouble
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, taken)
    assert asyncio.run(keep(line("4"))) == [None]
    assert committer.trouble == ""
    committer.close()
    assert ids(tmp_path) == ["1", "4"]


def test_requests_that_wait_together_share_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    syncs = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda file: (time.sleep(0.05), syncs.append(file), real(file)))
    committer = Committer(store_at(str(tmp_path)))

    async def keep() -> None:
        await asyncio.gather(*(committer.keep(line(str(k))) for k in range(500)))

    asyncio.run(keep())
    committer.close()
    assert len(syncs) < 10
    assert len(ids(tmp_path)) == 500


def test_it_ends_when_it_is_told_to_and_its_segments_are_closed(tmp_path: Path):
    with collecting(tmp_path) as (address, process):
        connection = http.client.HTTPConnection(address.removeprefix("http://"))
        connection.request("POST", "/mp/collect?measurement_id=shop-a", b"{}")
        assert connection.getresponse().status == 204
        connection.close()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
        assert process.returncode in (0, -signal.SIGTERM)
        assert "Traceback" not in said and said.startswith("Collecting into")
    assert len(lines(tmp_path)) == 1
