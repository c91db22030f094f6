"""`rs-assets score` as a person runs it: it starts, answers, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets_tests.logs import event

VIEW = event("view_item", value=2.5, currency="EUR", items=[{"item_id": "A00001", "price": 2.5}])
BODY = orjson.dumps({"client_id": "c", "events": [VIEW]})


@contextmanager
def serving(home: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server of its own process: its address, when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "rs_assets.cli", "score", "--port", str(port), *options]
    env = {**os.environ, "RS_HOME": str(home)}
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            assert process.poll() is None, process.stderr and process.stderr.read()
            try:
                with urllib.request.urlopen(f"{address}/health"):
                    break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield address, process
    finally:
        process.kill()
        process.communicate()


def post(address: str, body: bytes) -> dict[str, object]:
    with urllib.request.urlopen(f"{address}/recommend?site=shop-a", data=body) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def test_it_serves_until_it_is_told_to_stop_and_ends_with_0(replayed: Path):
    with serving(replayed) as (address, process):
        assert len(post(address, BODY)["items"]) == 20  # type: ignore[arg-type]
        with pytest.raises(urllib.error.HTTPError, match="400"):
            post(address, b"{")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGTERM)
        assert said.startswith("Serving prod: next_item of log date 2024-01-10")
        assert "Traceback" not in said


def test_when_it_ends_what_was_noted_in_the_shadow_is_in_the_log(replayed: Path, lake: Lake, tmp_path: Path):
    from rs_assets.lake.environments import create
    from rs_assets.models.next_item import NextItem, dump
    from rs_assets.models.next_item.promotion import FAMILY
    from rs_assets_tests.lakes import through
    from rs_assets_tests.scorer.conftest import LAST

    child = Lake(lake.root, "dev-shadow")
    create(child)

    def nobody(stage) -> None:  # type: ignore[no-untyped-def]
        import datetime as dt

        path = stage.path(FAMILY.model, LAST, "model.bin")
        Path(path).write_bytes(dump(NextItem(dt.date(2024, 1, 8), {})))

    through(child, nobody)
    raw = tmp_path / "raw"
    env = pytest.MonkeyPatch()
    env.setenv("RS_RAW_LOG", str(raw))
    with serving(replayed, "--shadow", "--environment", "dev-shadow") as (address, process):
        post(address, BODY)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    env.undo()
    log = RawLog(str(raw))
    (log_date,) = log.log_dates()
    assert len(log.segments(log_date)) == 1
