"""Collectors over an object store, as processes, over HTTP: what was acknowledged is there, whoever else writes."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request

import orjson

from rs_assets.log import RawLog
from rs_assets_tests.collector.asking import collecting, lines
from rs_assets_tests.s3 import Store

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
