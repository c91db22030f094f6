"""Shadow mode: what challengers would have answered, written into the raw log beside what champions did.

Belongs here: the events that say so, and when they are written. Does not belong here: who challenges (`serving`).

An answer is an event like any other: of the site and the client that it is about, judged by the contract
(`contract/schemas/events/shadow.py`), replayed with the log. It is none of the shopper's: no session counts it.
Challengers answer when a segment is written, all at once and in a thread: a shopper never waits for them. What was
not written yet when a scorer is killed is lost, and nobody misses it.
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from rs_assets.contract.schemas.events.shadow import INTENT, RECOMMENDATION
from rs_assets.errors import UserError
from rs_assets.log.writer import LogWriter
from rs_assets.scorer import answers
from rs_assets.scorer.answers import Asked, Recommended
from rs_assets.scorer.intake import log_date, timestamp
from rs_assets.scorer.serving import Serving

PATH = "/scorer/shadow"
MOST = 100_000
"""Answers that wait to be written; those beyond are dropped, and counted."""


@dataclass(frozen=True, slots=True)
class _Said:
    serving: Serving
    client_id: str
    asked: Asked
    champion: Recommended | float | None
    at: int


class Shadow:
    """Keeps what champions answered until it is written, with the challengers' answers beside it.

    Args:
        raw_log: any fsspec path; must be writable.
    """

    def __init__(self, raw_log: str) -> None:
        self._writer = LogWriter(raw_log)
        self._lists: list[_Said] = []
        self._chances: list[_Said] = []
        self._alone = threading.Lock()
        self.written = self.dropped = 0
        self.trouble = ""

    def recommended(
        self, serving: Serving, client_id: str, asked: Asked, champion: Recommended, at: int
    ) -> None:
        """Note a champion's recommendations, if there is a challenger who might have others."""
        if _differs(serving, 0):
            self._note(self._lists, _Said(serving, client_id, asked, champion, at))

    def predicted(
        self, serving: Serving, client_id: str, asked: Asked, champion: float | None, at: int
    ) -> None:
        """Note a champion's probability, if there is a challenger who might have another."""
        if _differs(serving, 1):
            self._note(self._chances, _Said(serving, client_id, asked, champion, at))

    def flush(self) -> int:
        """Ask the challengers, and write a segment a site and log date; how many answers were written."""
        with self._alone:
            lists, self._lists = self._lists, []
            chances, self._chances = self._chances, []
            lines: defaultdict[tuple[str, str], list[bytes]] = defaultdict(list)
            for said, events in (*_with_lists(lists), *_with_chances(chances)):
                lines[said.asked.site, log_date(said.at)].append(_line(said, events))
            return sum(self._written(site, day, found) for (site, day), found in sorted(lines.items()))

    def _note(self, waiting: list[_Said], said: _Said) -> None:
        if len(waiting) < MOST:
            waiting.append(said)
        else:
            self.dropped += 1

    def _written(self, site: str, day: str, lines: Sequence[bytes]) -> int:
        try:
            self._writer.write(site, day, b"".join(lines))
        except UserError as problem:  # sealed meanwhile, or storage refuses
            self.dropped += len(lines)
            self.trouble = problem.what
            return 0
        self.written += len(lines)
        return len(lines)


def _differs(serving: Serving, model: int) -> bool:
    challengers = serving.challengers
    return challengers is not None and challengers.digests[model] != serving.champions.digests[model]


def _with_lists(said: Sequence[_Said]) -> Iterator[tuple[_Said, list[dict[str, Any]]]]:
    for serving, some in _by_serving(said):
        assert serving.challengers is not None
        model, other = serving.champions.next_item, serving.challengers.next_item
        for one, found in zip(some, answers.recommend(other, [one.asked for one in some]), strict=True):
            assert isinstance(one.champion, Recommended)
            pairs = (("champion", model.cut, one.champion), ("challenger", other.cut, found))
            # A list without an item is none: items must hold one.
            events = [
                {
                    "name": RECOMMENDATION,
                    "params": {
                        **_by("next_item", role, cut),
                        "items": [{"item_id": item, "index": at} for at, item in enumerate(shown.item_ids)],
                    },
                }
                for role, cut, shown in pairs
                if shown.item_ids
            ]
            if events:
                yield one, events


def _with_chances(said: Sequence[_Said]) -> Iterator[tuple[_Said, list[dict[str, Any]]]]:
    for serving, some in _by_serving(said):
        assert serving.challengers is not None
        model, other = serving.champions.intent, serving.challengers.intent
        for one, found in zip(some, answers.probabilities(other, [one.asked for one in some]), strict=True):
            pairs = (("champion", model.cut, one.champion), ("challenger", other.cut, found))
            events = [
                {"name": INTENT, "params": {**_by("purchase_intent", role, cut), "score": chance}}
                for role, cut, chance in pairs
                if chance is not None
            ]
            if events:
                yield one, events


def _by_serving(said: Sequence[_Said]) -> Iterator[tuple[Serving, list[_Said]]]:
    groups: dict[int, tuple[Serving, list[_Said]]] = {}
    for one in said:
        groups.setdefault(id(one.serving), (one.serving, []))[1].append(one)
    yield from groups.values()


def _by(model: str, role: str, cut: object) -> dict[str, Any]:
    return {"method": model, "content_type": role, "content_id": str(cut)}


def _line(said: _Said, events: list[dict[str, Any]]) -> bytes:
    envelope = {
        "received_at": timestamp(said.at),
        "site": said.asked.site,
        "request_id": uuid.uuid4().hex,
        "path": PATH,
        "body": {"client_id": said.client_id, "timestamp_micros": said.at, "events": events},
    }
    return orjson.dumps(envelope) + b"\n"
