"""The scorer over HTTP, as an ASGI application.

Belongs here: paths, status codes, bodies, what runs beside requests. Does not belong here: any answer (`scorer`).

    POST /recommend?site=shop-a    a GA4 body; or one with `site` in it: {site, client_id, events}
    POST /intent?site=shop-a       the same
    GET  /health

A request of which some events are valid is answered, with what is held against the others; one without any is
refused, with the reasons.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs

import orjson

from rs_assets.contract.queries import LINE_BYTES
from rs_assets.log.layout import SITE
from rs_assets.models.purchase_intent import NotTrained, Trained
from rs_assets.scorer.batching import Busy
from rs_assets.scorer.intake import timestamp
from rs_assets.scorer.scorer import Heard, Scorer
from rs_assets.scorer.serving import Models, Serving

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LOOK_SECONDS = 2.0
"""Between looks for a newer version; each reads a link."""
FLUSH_SECONDS = 30.0
"""Between segments of shadow answers."""
MALFORMED = {"JSON_MALFORMED", "LINE_TRUNCATED", "ENCODING_INVALID", "NUL_BYTE"}
JSON = (b"content-type", b"application/json")


class Refused(Exception):
    """A request that gets no answer: the status, and a body that says why."""

    def __init__(self, status: int, error: str, **more: object) -> None:
        super().__init__(error)
        self.status, self.body = status, {"error": error, **more}


class Application:
    """The ASGI application over a scorer. Its lifespan looks for newer models, and writes shadow answers."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._paths = {"/recommend": ("POST", self._recommend), "/intent": ("POST", self._intent)}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            try:
                status, answer = 200, await self._answer(scope, receive)
            except Refused as refused:
                status, answer = refused.status, refused.body
            body = orjson.dumps(answer)
            headers = [JSON, (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Message, receive: Receive) -> dict[str, object]:
        path, method = scope["path"], scope["method"]
        if path == "/health" and method in ("GET", "HEAD"):
            return health(self.scorer)
        if path not in (*self._paths, "/health"):
            raise Refused(404, f"There is no {path}.", paths=["/recommend", "/intent", "/health"])
        wanted, answer = self._paths.get(path, ("GET", None))
        if method != wanted or answer is None:
            raise Refused(405, f"{path} takes {wanted}.")
        body = await _body(receive)
        try:
            heard = await self.scorer.hear(_site(scope, body), body)
        except Busy:
            raise Refused(503, "Too many requests that keep no contract wait to be judged.") from None
        if heard.asked is None:
            raise _refusal(heard)
        return _about(heard) | await answer(heard)

    async def _recommend(self, heard: Heard) -> dict[str, object]:
        serving, found = await self.scorer.recommend(heard)
        items = zip(found.item_ids, found.scores, strict=True)
        return {
            "model": found.model,
            "cut": serving.champions.next_item.cut,
            "items": [{"item_id": item, "score": score} for item, score in items],
        }

    async def _intent(self, heard: Heard) -> dict[str, object]:
        serving, found = await self.scorer.predict(heard)
        model = serving.champions.intent
        why = {"reason": model.reason} if isinstance(model, NotTrained) else {"model": model.card.chosen}
        return {"model": None, **why, "cut": model.cut, "probability": found}

    async def _live(self, receive: Receive, send: Send) -> None:
        beside: list[asyncio.Task[None]] = []
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                beside.append(asyncio.create_task(_every(LOOK_SECONDS, self.scorer.look)))
                if self.scorer.shadow is not None:
                    beside.append(asyncio.create_task(_every(FLUSH_SECONDS, self.scorer.shadow.flush)))
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                for task in beside:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                await asyncio.to_thread(self.scorer.close)
                await send({"type": "lifespan.shutdown.complete"})
                return


def health(scorer: Scorer) -> dict[str, object]:
    """What serves, since when, and how much is kept."""
    serving, shadow = scorer.serving, scorer.shadow
    return {
        "status": "ok",
        "environment": serving.environment,
        "version": dict(serving.version),
        "since": timestamp(scorer.since),
        "trouble": scorer.trouble or None,
        "champions": _models(serving.champions, serving),
        "challengers": _models(serving.challengers, serving) if serving.challengers else None,
        "shadow": shadow
        and {"written": shadow.written, "dropped": shadow.dropped, "trouble": shadow.trouble or None},
        "sessions": len(scorer.memory),
        "events": scorer.memory.events,
    }


def _models(models: Models, serving: Serving) -> dict[str, object]:
    sites = {name: site.card.chosen for name, site in models.next_item.sites.items()}
    intent = models.intent
    said = {"model": intent.card.chosen} if isinstance(intent, Trained) else {"reason": intent.reason}
    first, second = serving.log_dates
    return {
        "next_item": {"log_date": first, "cut": models.next_item.cut, "sites": sites},
        "purchase_intent": {"log_date": second, "cut": intent.cut, **said},
    }


async def _every(seconds: float, work: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(work)


async def _body(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request ended before its body did.")
        part = message.get("body", b"")
        size += len(part)
        if size > LINE_BYTES:
            raise Refused(413, f"A body has at most {LINE_BYTES:,} bytes.")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts) if len(parts) > 1 else part


def _site(scope: Message, body: bytes) -> str:
    """The site that a request is of: `site` in the query, or in the body."""
    query = scope.get("query_string", b"")
    sites = parse_qs(query.decode("latin-1")).get("site") if query else None
    site: object = sites[0] if sites else None
    if site is None:
        with suppress(ValueError):
            said = orjson.loads(body)
            site = said.get("site") if isinstance(said, dict) else None
    if site is None:
        raise Refused(422, "Which site? Say it in the query (?site=shop-a), or as `site` in the body.")
    if not isinstance(site, str) or not SITE.fullmatch(site):
        raise Refused(422, "The site is no name of one: letters, digits, '.', '_' and '-', 63 at most.")
    return site


def _refusal(heard: Heard) -> Refused:
    violations = [asdict(one) for one in heard.violations]
    codes = {one.code for one in heard.violations}
    if codes & MALFORMED:
        return Refused(400, "The body is not JSON.", violations=violations)
    if "BODY_TOO_LARGE" in codes:
        return Refused(413, "The body is too large.", violations=violations)
    return Refused(422, "No event of the request keeps the contract.", violations=violations)


def _about(heard: Heard) -> dict[str, object]:
    assert heard.asked is not None
    return {
        "site": heard.asked.site,
        "client_id": heard.client_id,
        "position": heard.position,
        "items_met": heard.asked.met,
        "added": heard.added,
        "repeated": heard.repeated,
        "violations": [asdict(one) for one in heard.violations],
    }
