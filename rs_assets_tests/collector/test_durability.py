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
from pathlib import Path

import orjson
import pytest

from rs_assets.collector import Committer, store_at
from rs_assets.collector.committer import NotKept
from rs_assets.collector.envelopes import Envelope
from rs_assets.collector.journal import FOLDER, Disk
from rs_assets.log import RawLog
from rs_assets.log.seals.sealing import seal_log_dates
from rs_assets_tests.collector.asking import collecting, lines
from rs_assets_tests.logs import event

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
    Disk(str(tmp_path)).close()
    disk = Disk(str(tmp_path))
    disk.keep([line("1")])
    disk.close()
    seal_log_dates(RawLog(str(tmp_path)), dt.date(2024, 1, 3))
    disk = Disk(str(tmp_path))
    disk.keep([line("2")])
    disk.close()
    assert "is sealed" in disk.trouble
    assert ids(tmp_path) == ["1"]
    (left,) = (tmp_path / FOLDER).iterdir()
    assert left.read_bytes() == line("2")


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
