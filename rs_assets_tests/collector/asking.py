"""A collector under test: the application without a server, and `rs-assets collect` as a process.

Belongs here: requests in, answers and the log's lines out. Does not belong here: expectations.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import zstandard

from rs_assets.collector import Application, Committer, store_at
from rs_assets.collector.sites import Sites, declared
from rs_assets.log import RawLog

Json = dict[str, Any]
TO_SHOP_A = "measurement_id=shop-a"


@dataclass(frozen=True)
class Answer:
    """A status, headers, a body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Request:
    """What is sent; a body of several parts comes in several messages."""

    method: str = "POST"
    path: str = "/mp/collect"
    query: str = TO_SHOP_A
    body: bytes = b""
    headers: Mapping[str, str] | None = None
    client: str = "203.0.113.77"
    parts: Sequence[bytes] | None = None


async def ask(app: Application, request: Request) -> Answer:
    """One request to the application."""
    parts = [request.body] if request.parts is None else list(request.parts)
    sent: list[Json] = []

    async def receive() -> Json:
        if not parts:
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = request.headers or {}
    scope: Json = {
        "type": "http",
        "method": request.method,
        "path": request.path,
        "query_string": request.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": (request.client, 1234),
    }
    await app(scope, receive, send)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(part["body"] for part in sent[1:]))


def answers(root: Path, *requests: Request, sites: Sites | None = None) -> list[Answer]:
    """What is answered to these requests, one after the other; the collector is closed then."""

    async def all_of_them() -> list[Answer]:
        return [await ask(app, request) for request in requests]

    committer = Committer(store_at(str(root)))
    app = Application(committer, declared(["shop-a"]) if sites is None else sites)
    try:
        return asyncio.run(all_of_them())
    finally:
        committer.close()


def lines(root: str | Path) -> list[Json]:
    """All lines of a log, in the order in which they are read."""
    log, found = RawLog(str(root)), []
    for log_date in log.log_dates():
        for segment in log.segments(log_date):
            with log.reading(segment) as file:
                data = zstandard.ZstdDecompressor().decompressobj().decompress(file.read())
            assert data.endswith(b"\n")
            found += [orjson.loads(line) for line in data.splitlines()]
    return found


@contextmanager
def collecting(
    raw: Path | str, *options: str, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`rs-assets collect` in a process of its own, and its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*prefix, sys.executable, "-m", "rs_assets.cli", "collect", "--port", str(port), *options]
    all_of_it = {**os.environ, "RS_RAW_LOG": str(raw), "RS_SITES": "shop-a", **(env or {})}
    process = subprocess.Popen(command, env=all_of_it, stderr=subprocess.PIPE, text=True)
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            assert process.poll() is None, process.stderr and process.stderr.read()
            try:
                with urllib.request.urlopen(f"{address}/health"):
                    break
            except urllib.error.HTTPError:
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        yield address, process
    finally:
        process.kill()
        process.communicate()
