"""Collectors over an object store, as processes, over HTTP: what was acknowledged is there, whoever else writes."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
import urllib.error
import urllib.request

import orjson
import pytest
from s3fs import S3FileSystem

from rs_assets.collector.envelopes import Envelope
from rs_assets.collector.objects import Objects
from rs_assets.log import RawLog
from rs_assets.log.seals import verify
from rs_assets.log.seals.sealing import seal_log_dates
from rs_assets_tests.collector.asking import collecting, lines
from rs_assets_tests.s3 import Store

NOW = dt.datetime(2024, 1, 2, 10, tzinfo=dt.UTC)
line = Envelope("shop-a", "1", "/mp/collect", None, None).line(NOW, b'"body":{}')
SOON = ("--segment-seconds", "0.1")


def send(address: str, client: str) -> int:
    body = orjson.dumps({"client_id": client, "events": [{"name": "page_view"}]})
    try:
        with urllib.request.urlopen(
            f"{address}/mp/collect?measurement_id=shop-a", body, timeout=60
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def health(address: str) -> int:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as failing:
        return failing.code


def clients(bucket: str) -> list[str]:
    return sorted(line["body"]["client_id"] for line in lines(bucket))


def test_collectors_side_by_side_never_write_the_same_object(s3: Store) -> None:
    bucket = s3.bucket()
    kept: list[str] = []

    def many(address: str, who: str) -> None:
        kept.extend(name for n in range(25) if send(address, name := f"{who}-{n}") == 204)

    with s3.noting() as asked, collecting(bucket, *SOON) as (one, _), collecting(bucket, *SOON) as (other, _):
        senders = [
            threading.Thread(target=many, args=(address, f"{n}-{k}"))
            for n, address in enumerate((one, other))
            for k in range(4)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert len(kept) == 200
    assert clients(bucket) == sorted(kept)
    puts = [one.path for one in asked if one.method == "PUT" and "/site=" in one.path]
    assert len(puts) == len(set(puts)) > 2
    log = RawLog(bucket)
    assert sum(len(log.segments(day)) for day in log.log_dates()) == len(puts)


def test_one_that_starts_while_the_bucket_is_away_says_so_before_anything_is_sent(s3: Store) -> None:
    bucket = s3.bucket()
    s3.away = True
    try:
        with collecting(bucket, *SOON) as (address, _):
            assert health(address) == 503
    finally:
        s3.away = False


def test_a_bucket_that_does_not_answer_is_not_waited_for(s3: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        S3FileSystem.clear_instance_cache()
        store = Objects("s3://some-bucket/raw", patience=0.5)
        for ask in (lambda: store.keep([line]), store.probe):
            with pytest.raises(TimeoutError, match="storage d"):
                ask()
        store.close()
    S3FileSystem.clear_instance_cache()


def test_lines_of_a_sealed_log_date_are_put_on_the_date_of_their_writing(s3: Store) -> None:
    bucket = s3.bucket()
    store = Objects(bucket)
    store.keep([line])
    seal_log_dates(RawLog(bucket), dt.date(2024, 1, 3))
    store.keep([line])
    store.close()
    log = RawLog(bucket)
    assert [len(log.segments(day)) for day in log.log_dates()] == [1, 1]
    assert store.late == {"2024-01-02": 1}
    assert not verify(RawLog(bucket), dt.date(2024, 1, 3)).broken
    assert {one["received_at"] for one in lines(bucket)} == {"2024-01-02T10:00:00.000000Z"}


def test_while_the_bucket_is_away_nothing_is_acknowledged_and_health_says_so(s3: Store) -> None:
    bucket = s3.bucket()
    with collecting(bucket, *SOON) as (address, _):
        assert (send(address, "before"), health(address)) == (204, 200)
        s3.away = True
        try:
            assert (send(address, "lost"), health(address)) == (503, 503)
        finally:
            s3.away = False
        until = time.monotonic() + 60
        while (
            health(address) != 200 and time.monotonic() < until
        ):  # it looks by itself whether storage is back
            time.sleep(0.2)
        assert health(address) == 200
        assert send(address, "after") == 204
    assert clients(bucket) == ["after", "before"]
