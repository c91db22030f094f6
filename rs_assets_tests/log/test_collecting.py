"""A log date is sealed when nobody can write to it any more, and not before."""

from __future__ import annotations

import datetime as dt
import signal
import urllib.request
from pathlib import Path

import orjson
import pytest

from rs_assets.collector.disk import Disk
from rs_assets.log import RawLog
from rs_assets.log.seals.collecting import collecting, today
from rs_assets.log.seals.sealing import seal_log_dates
from rs_assets_tests.collector.asking import collecting as running

DAY = "2024-01-02"


def line(received: str, request: str = "r") -> bytes:
    said = {
        "received_at": f"{received}.000000Z",
        "site": "shop-a",
        "request_id": request,
        "path": "/mp/collect",
    }
    return orjson.dumps({**said, "body": {"client_id": "c", "events": [{"name": "page_view"}]}}) + b"\n"


def segment(raw: Path, log_date: str) -> None:
    folder = raw / "site=shop-a" / f"log_date={log_date}"
    folder.mkdir(parents=True)
    (folder / "000001.ndjson").write_bytes(line(f"{log_date}T10:00:00"))


@pytest.mark.parametrize(
    ("now", "first_open"),
    [
        ("2024-01-03T00:14:59+00:00", "2024-01-02"),
        ("2024-01-03T00:15:00+00:00", "2024-01-03"),
        ("2024-01-03T01:14:00+01:00", "2024-01-02"),
    ],
)
def test_a_log_date_is_closed_a_quarter_of_an_hour_after_its_utc_day(now: str, first_open: str) -> None:
    assert str(today(dt.datetime.fromisoformat(now))) == first_open


def test_a_journal_that_is_no_segment_yet_holds_its_log_date_and_all_after_it_open(tmp_path: Path) -> None:
    for log_date in ("2024-01-01", DAY, "2024-01-03"):
        segment(tmp_path, log_date)
    journal = tmp_path / "_collecting" / "20240102T235958000000-0123456789ab.journal"
    journal.parent.mkdir()
    journal.write_bytes(line("2024-01-02T23:59:58", "late"))
    log = RawLog(str(tmp_path))
    done = seal_log_dates(log, dt.date(2024, 1, 4))
    assert [seal.log_date for seal in done.seals] == ["2024-01-01"]
    assert [(one.log_date, one.place) for one in done.waiting] == [(DAY, f"_collecting/{journal.name}")]

    # Whoever collects next takes it up; then nothing is in the way, and its line is under the seal.
    Disk(str(tmp_path)).close()
    assert collecting(log) == []
    done = seal_log_dates(RawLog(str(tmp_path)), dt.date(2024, 1, 4))
    assert [seal.log_date for seal in done.seals] == [DAY, "2024-01-03"]
    assert done.waiting == []
    assert [seal.lines for seal in done.seals] == [2, 1]


def test_a_journal_of_today_keeps_nobody_from_sealing_yesterday(tmp_path: Path) -> None:
    segment(tmp_path, DAY)
    with running(tmp_path) as (address, process):
        body = orjson.dumps({"client_id": "c", "events": [{"name": "page_view"}]})
        with urllib.request.urlopen(f"{address}/mp/collect?measurement_id=shop-a", body) as answer:
            assert answer.status == 204
        log = RawLog(str(tmp_path))
        assert [one.log_date for one in collecting(log)] == [str(dt.datetime.now(dt.UTC).date())]
        done = seal_log_dates(log, dt.date(2024, 1, 3))
        assert ([seal.log_date for seal in done.seals], done.waiting) == ([DAY], [])
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
