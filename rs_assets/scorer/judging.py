"""Requests judged by the pipeline's own contract, several at a time.

Belongs here: requests as lines of the log, and what the judge says of them as events and violations. Does not belong
here: any rule (`rs_assets.contract`), or the quick way round (`intake`).
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import polars as pl

from rs_assets.contract.judge import Judged, judge
from rs_assets.contract.parse import Parser
from rs_assets.contract.repairs import REPAIRS
from rs_assets.contract.shapes import Shapes
from rs_assets.features.running import Event, micros
from rs_assets.log.blocks import Batch
from rs_assets.log.layout import Segment
from rs_assets.scorer.intake import Request, Taken, Violation, fingerprint, log_date, timestamp

MOST_SHAPES = 10_000
"""Requests after which the shapes met are forgotten: strangers can send as many as they like."""


class Judge:
    """The contract, for requests. One thread at a time.

    Args:
        sites: those that may send; all may if there are none.
    """

    def __init__(self, sites: frozenset[str] = frozenset()) -> None:
        self._sites = sites
        self._parser = Parser(threads=1, memory_gib=0.5)
        self._judged = 0
        self._shapes = Shapes()
        self.judge([Request("-", b"{}", 0)])  # the first time takes ten times as long

    def judge(self, requests: Sequence[Request]) -> list[Taken]:
        """What each request holds. It takes about as long for a hundred as for one."""
        found: dict[int, Taken] = {}
        by_date: defaultdict[str, list[int]] = defaultdict(list)
        for k, request in enumerate(requests):
            by_date[log_date(request.received)].append(k)
        for day, ks in by_date.items():
            found.update(zip(ks, self._of_date(day, [requests[k] for k in ks]), strict=True))
        return [found[k] for k in range(len(requests))]

    def close(self) -> None:
        """Let go of what the parser holds."""
        self._parser.close()

    def _of_date(self, day: str, requests: Sequence[Request]) -> list[Taken]:
        self._judged += len(requests)
        if self._judged > MOST_SHAPES:
            self._judged, self._shapes = 0, Shapes()
        batch = _batch(day, requests, self._sites)
        judged = judge(self._parser, self._shapes, batch, None, day, REPAIRS)
        return _taken(judged, requests)


def line(request: Request) -> bytes:
    """A request as a line of the log, without its newline."""
    fields = {"received_at": timestamp(request.received), "site": request.site, "request_id": "-"}
    return orjson.dumps(fields)[:-1] + b"," + _payload(request.body) + b"}"


def _payload(body: bytes) -> bytes:
    """The member of an envelope that holds a payload: as it was sent where it is JSON, but for its line breaks."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return b'"body_base64":' + orjson.dumps(base64.b64encode(body).decode())
    if _is_json(text):
        return b'"body":' + body.replace(b"\r", b" ").replace(b"\n", b" ")
    return b'"body_text":' + orjson.dumps(text)


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _batch(day: str, requests: Sequence[Request], sites: frozenset[str]) -> Batch:
    lines = [line(request) for request in requests]
    senders = list(dict.fromkeys(request.site for request in requests))
    segments = [Segment(day, site, "request", "", 0, not sites or site in sites) for site in senders]
    ends = np.cumsum([len(one) + 1 for one in lines], dtype=np.int64) - 1
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    of = np.array([senders.index(request.site) for request in requests], np.int32)
    numbers = np.arange(1, len(lines) + 1, dtype=np.int64)
    data = bytearray(b"".join(one + b"\n" for one in lines))
    return Batch(segments, data, starts, ends, of, numbers, len(data))


def _taken(judged: Judged, requests: Sequence[Request]) -> list[Taken]:
    events: defaultdict[int, list[tuple[Event, int]]] = defaultdict(list)
    clients: dict[int, str] = {}
    bodies: dict[int, Any] = {}
    rows = pl.concat([judged.places.select("k"), judged.valid], how="horizontal")
    for row in rows.sort("k", "event_index").iter_rows(named=True):
        k, index = row["k"], row["event_index"]
        if k not in bodies:
            bodies[k] = _body(requests[k].body)
        sent = bodies[k]
        known = int(row["fingerprint"])
        if sent is not None:
            of_body = (sent.get("user_id"), sent.get("timestamp_micros"), requests[k].received)
            known = fingerprint(sent["events"][index], *of_body)
        clients[k] = row["client_id"]
        events[k].append((_event(row), known))
    violations: defaultdict[int, list[Violation]] = defaultdict(list)
    order = ["k", "event_index", "rule"]
    for row in judged.violations.sort(order, nulls_last=False).iter_rows(named=True):
        names = ("code", "path", "message", "expected", "observed")
        violations[row["k"]].append(Violation(row["event_index"], *(row[name] for name in names)))
    return [Taken(clients.get(k, ""), events[k], violations[k]) for k in range(len(requests))]


def _body(text: bytes) -> Any:
    """The body as `intake` sees it; None where only the judge can read it."""
    try:
        body = orjson.loads(text)
        orjson.dumps(body)
        return body
    except (ValueError, orjson.JSONEncodeError):
        return None


def _event(row: dict[str, Any]) -> Event:
    items = row["items"] or ()
    ids = (item["item_name"] if item["item_id"] is None else item["item_id"] for item in items)
    name = row["event_name"]
    return Event(
        time=micros(row["event_time"]),
        received=micros(row["received_at"]),
        index=row["event_index"],
        name=name,
        value=row["value"],
        item_ids=tuple(ids),
        price=items[0]["price"] if items and name == "view_item" else None,
        transaction=row["transaction_id"] if name == "purchase" else None,
    )
