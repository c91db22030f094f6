"""Calling an ASGI application without a server.

Belongs here: one request in, status and JSON out. Does not belong here: expectations.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson


async def call(app: Any, method: str, path: str, body: bytes = b"", query: str = "") -> tuple[int, Any]:
    """The status and the JSON body of an answer."""
    sent: list[dict[str, Any]] = []
    inbox = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return inbox.pop() if inbox else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [],
    }
    await app(scope, receive, send)
    start, *parts = sent
    return start["status"], orjson.loads(b"".join(part["body"] for part in parts))


def post(app: Any, path: str, body: object, query: str = "") -> tuple[int, Any]:
    """One request, in an event loop of its own; a body that is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return asyncio.run(call(app, "POST", path, data, query))
