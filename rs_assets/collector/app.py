"""The collector over HTTP, as an ASGI application.

Belongs here: paths, status codes, headers, and a request's way to its lines. Does not belong here: judging payloads
(the graph's), or storage (`committer`).

    POST /mp/collect?measurement_id=…&api_secret=…          GA4's Measurement Protocol
    POST|GET /g/collect?tid=…                               gtag.js
    POST /com.snowplowanalytics.snowplow/tp2, GET /i        Snowplow
    POST /v1/batch, /v1/track, /v1/page, /v1/screen         Segment
    POST /debug/mp/collect                                  what the contract says of it; nothing is kept
    GET  /health

204 means kept, on stable storage; 503 that it was not, so send it again. It is plain ASGI, without a framework:
there are four paths and one answer, and routing and response objects would cost a fifth of the requests a second.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import datetime as dt
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import parse_qs

import orjson

from rs_assets.collector import bodies
from rs_assets.collector.bodies import Message, Receive, Unread
from rs_assets.collector.committer import Committer, NotKept
from rs_assets.collector.debug import BODY_BYTES, Debug
from rs_assets.collector.dialects import Piece, gtag, segment, snowplow
from rs_assets.collector.envelopes import Envelope, network, user_agent
from rs_assets.collector.sites import Site, Sites, knows
from rs_assets.log import payload
from rs_assets.log.payload import TooLarge

Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

QUERY_BYTES = 16_384
HEADER_BYTES = 16_384
MP, DEBUG, GTAG = "/mp/collect", "/debug/mp/collect", "/g/collect"
SNOWPLOW = ("/com.snowplowanalytics.snowplow/tp2", "/i")
SEGMENT = ("/v1/batch", "/v1/track", "/v1/page", "/v1/screen")
METHODS = {
    MP: ("POST",),
    DEBUG: ("POST",),
    GTAG: ("POST", "GET"),
    SNOWPLOW[0]: ("POST",),
    SNOWPLOW[1]: ("GET",),
    **dict.fromkeys(SEGMENT, ("POST",)),
    "/health": ("GET",),
}
IDS = ("measurement_id", "tid", "firebase_app_id", "aid", "site")
JSON = (b"content-type", b"application/json")
NO_STORE = (b"cache-control", b"no-store")


class Refused(Exception):
    """A request of which nothing is kept: the status, and why."""

    def __init__(self, status: int, why: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(why)
        self.status, self.headers = status, headers


class Application:
    """The ASGI application over a committer. When its life ends, what waits is kept and what is open is closed.

    Args:
        committer: where lines go.
        sites: who may send.
    """

    def __init__(self, committer: Committer, sites: Sites) -> None:
        self._committer, self._sites = committer, sites
        self._debug = Debug(sites.names)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, or the life of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            headers: Mapping[bytes, bytes] = dict(scope["headers"])
            answer: Mapping[str, object] | None = None
            more: Headers = ()
            try:
                status, answer = await self._answer(scope, headers, receive)
            except Refused as refused:
                status, answer, more = refused.status, {"error": str(refused)}, refused.headers
            except Unread as unread:
                status, answer = unread.status, {"error": str(unread)}
            except NotKept as problem:
                status, answer, more = 503, {"error": f"Not kept: {problem}"}, ((b"retry-after", b"1"),)
            await _send(scope, send, status, answer, [*_cors(scope, headers), NO_STORE, *more])

    async def _answer(
        self, scope: Message, headers: Mapping[bytes, bytes], receive: Receive
    ) -> tuple[int, Mapping[str, object] | None]:
        path, method = scope["path"], scope["method"]
        allowed = METHODS.get(path)
        if allowed is None:
            raise Refused(404, f"There is no {path}.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
            raise Refused(431, f"Headers have at most {HEADER_BYTES:,} bytes.")
        if len(scope["query_string"]) > QUERY_BYTES:
            raise Refused(414, f"A query has at most {QUERY_BYTES:,} bytes.")
        if method == "OPTIONS" or (method == "HEAD" and path != "/health"):
            return 204, None
        if path == "/health" and method in ("GET", "HEAD"):
            return self._health()
        if method not in allowed:
            names = ", ".join((*allowed, "HEAD", "OPTIONS")).encode()
            raise Refused(405, f"{path} takes {' and '.join(allowed)}.", (b"allow", names))
        body = await bodies.read(receive)
        encoding = headers.get(b"content-encoding")
        if encoding is not None and not isinstance(body, TooLarge):
            body = bodies.unpacked(body, encoding.decode("latin-1").strip().lower())
        site = self._site(path, scope["query_string"], headers, body)
        if path == DEBUG:
            return await self._judged(site, body)
        await self._committer.keep(self._lines(site, scope, headers, body))
        return 204, None

    def _site(self, path: str, query: bytes, headers: Mapping[bytes, bytes], body: bytes | TooLarge) -> Site:
        said = parse_qs(query.decode("latin-1"), max_num_fields=None) if query else {}
        ids = [one for name in IDS for one in said.get(name, ())]
        if path in SEGMENT:
            ids += _write_key(headers)
            if not ids and isinstance(body, bytes) and (key := segment.write_key(body)):
                ids.append(key)
        elif path in SNOWPLOW and not ids and isinstance(body, bytes) and (app := snowplow.app_id(body)):
            ids.append(app)
        site = self._sites.of(ids)
        if path in (MP, DEBUG) and not knows(site, said.get("api_secret", [""])[0]):
            site = self._sites.unknown
        if site is self._sites.unknown and not self._sites.keep_unknown:
            raise Refused(403, "No site is known by these ids and secrets.")
        if not self._sites.admits(site):
            raise Refused(429, "The site sends more than it may.", (b"retry-after", b"1"))
        return site

    def _lines(
        self, site: Site, scope: Message, headers: Mapping[bytes, bytes], body: bytes | TooLarge
    ) -> bytes:
        path, query, client = scope["path"], scope["query_string"], scope.get("client")
        around = Envelope(
            site.name,
            uuid.uuid4().hex,
            path,
            network(client[0]) if client else None,
            user_agent(headers.get(b"user-agent")),
        )
        now = dt.datetime.now(dt.UTC)
        if isinstance(body, TooLarge):
            return around.line(now, body.member())
        if path == MP:
            return around.line(now, payload.member(body))
        if path == GTAG:
            found = gtag.pieces(query, body)
        else:
            found = snowplow.pieces(query, body) if path in SNOWPLOW else segment.pieces(path, body)
        several = len(found) > 1
        return b"".join(
            around.line(now, _members(piece), k if several else None) for k, piece in enumerate(found)
        )

    async def _judged(self, site: Site, body: bytes | TooLarge) -> tuple[int, Mapping[str, object]]:
        if isinstance(body, TooLarge) or len(body) > BODY_BYTES:
            raise Refused(413, f"A body to be judged has at most {BODY_BYTES:,} bytes.")
        received = int(dt.datetime.now(dt.UTC).timestamp() * 1_000_000)
        return 200, {
            "validationMessages": await asyncio.to_thread(self._debug.messages, site.name, body, received)
        }

    def _health(self) -> tuple[int, Mapping[str, object]]:
        committer = self._committer
        trouble = committer.trouble or committer.store.trouble or committer.upkeep
        # Journals that cannot be closed are safe where they are: requests are still kept.
        status = 503 if committer.trouble else 200
        said = {"status": "ok" if status == 200 else "failing", "trouble": trouble or None}
        counts = {"kept": committer.kept, "refused": committer.refused, "late": dict(committer.store.late)}
        return status, {**said, **counts}

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(self._committer.close)
                await send({"type": "lifespan.shutdown.complete"})
                return


def _members(piece: Piece) -> bytes:
    """A piece's body with what was sent beside it, so that nothing is lost that has no name in GA4."""
    if piece.body is not None:
        try:
            body = orjson.dumps(piece.body)
        except (
            orjson.JSONEncodeError
        ):  # nested too deep by the names that were put around it, or a number too large
            return payload.member(piece.sent)
        return b'"body":' + body + b',"sent_text":' + orjson.dumps(piece.sent.decode())
    return payload.member(piece.sent)


def _write_key(headers: Mapping[bytes, bytes]) -> list[str]:
    scheme, _, said = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"basic":
        return []
    try:
        return [base64.b64decode(said, validate=True).decode().partition(":")[0]]
    except (binascii.Error, UnicodeDecodeError):
        return []


def _cors(scope: Message, headers: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Any page may send. Cookies are neither set nor read, but beacons bring them, and browsers ask."""
    origin = headers.get(b"origin")
    if origin is None:
        return []
    found = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"origin"),
    ]
    if scope["method"] == "OPTIONS":
        methods = ", ".join(METHODS.get(scope["path"], ("POST",))).encode()
        wanted = headers.get(b"access-control-request-headers", b"content-type, content-encoding")
        found += [
            (b"access-control-allow-methods", methods),
            (b"access-control-allow-headers", wanted),
            (b"access-control-max-age", b"86400"),
        ]
    return found


async def _send(
    scope: Message, send: Send, status: int, answer: Mapping[str, object] | None, headers: Headers
) -> None:
    body = b"" if answer is None else orjson.dumps(answer)
    said = [*headers]
    if answer is not None:
        said += [JSON, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
