"""The envelope: one received request as one line of the raw log.

Belongs here: the envelope's fields and how a frame of received requests becomes lines. Does not belong
here: judging what a payload says, which is the contract's.

A payload that is JSON stands in `body` as it was sent; text that is not JSON stands in `body_text`; bytes
that are not UTF-8 stand in `body_base64`. Exactly one of the three is there.
"""

from __future__ import annotations

import polars as pl

from rs_assets.log import json_text as js

OPTIONAL = ("path", "ip", "user_agent")
PAYLOADS = ("body", "body_text", "body_base64")


def lines(requests: pl.DataFrame) -> bytes:
    """Received requests as newline-ended envelopes, in the frame's order.

    Args:
        requests: `received_at` (Datetime[us], UTC without a zone), `site`, `request_id` (String), and any of
            `path`, `ip`, `user_agent`, `body` (JSON text), `body_text`, `body_base64` (String, nullable).
    """
    if requests.is_empty():
        return b""
    present = set(requests.columns)
    fields = {
        "received_at": js.string(pl.col("received_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")),
        "site": js.string(pl.col("site")),
        "request_id": js.string(pl.col("request_id")),
        **{name: js.string(pl.col(name)) for name in OPTIONAL if name in present},
        **{
            name: pl.col(name) if name == "body" else js.string(pl.col(name))
            for name in PAYLOADS
            if name in present
        },
    }
    text = requests.select((js.obj(fields) + pl.lit("\n")).str.join("")).item()
    return str(text).encode()
