"""Snowplow's tracker protocol: `tp2` (several events, JSON) and `/i` (one, in the query).

Belongs here: its fields' names in GA4's. Does not belong here: rules on them, which are the contract's.

Page views, structured events and self-describing events are mapped; a structured event is named by its action, a
self-describing one by its schema. Page pings and the rest stay text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from rs_assets.collector.dialects.piece import Piece, micros, number, swells, there

NAMES = {"link_click": "click", "submit_form": "form_submit", "site_search": "search"}
NO_NAME = re.compile(r"[^a-z0-9]+")


def pieces(query: bytes, body: bytes) -> list[Piece]:
    """A piece an event; each has a client of its own."""
    if not body:
        try:
            return [_piece(query, dict(parse_qsl(query.decode(), errors="strict", max_num_fields=500)))]
        except (UnicodeDecodeError, ValueError):
            return [Piece(query, None)]
    try:
        data = orjson.loads(body)["data"]
        if not isinstance(data, list) or not data or swells(len(data), 0):
            raise TypeError
        sent = [(orjson.dumps(one), one) for one in data]
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, KeyError, TypeError, IndexError):
        return [Piece(body, None)]
    return [_piece(text, one) for text, one in sent]


def _piece(text: bytes, sent: object) -> Piece:
    if not isinstance(sent, dict):
        return Piece(text, None)
    event = _event(sent)
    if event is None:
        return Piece(text, None)
    name, params = event
    page = there(
        page_location=sent.get("url"),
        page_title=sent.get("page"),
        page_referrer=sent.get("refr"),
        language=sent.get("lang"),
        screen_resolution=sent.get("res"),
        session_id=sent.get("sid"),
    )
    ga4 = there(
        client_id=sent.get("duid") or sent.get("nuid") or sent.get("tnuid") or sent.get("uid"),
        user_id=sent.get("uid"),
        timestamp_micros=micros(sent["ttm"] if "ttm" in sent else sent.get("dtm")),
    )
    return Piece(text, {**ga4, "events": [{"name": name, "params": {**page, **params}}]})


def _event(sent: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    kind = sent.get("e")
    if kind == "pv":
        return "page_view", {}
    if kind == "se" and isinstance(sent.get("se_ac"), str):
        said = there(
            event_category=sent.get("se_ca"),
            event_label=sent.get("se_la"),
            event_property=sent.get("se_pr"),
            event_value=number(sent.get("se_va")),
        )
        return _name(sent["se_ac"]), said
    if kind == "ue":
        return _self_describing(sent)
    return None


def _self_describing(sent: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    try:
        if "ue_px" in sent:
            text = sent["ue_px"]
            said = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        else:
            said = orjson.loads(sent["ue_pr"])
        schema, data = said["data"]["schema"], said["data"]["data"]
        name = schema.removeprefix("iglu:").split("/")[1]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None
    return (_name(name), data) if isinstance(data, dict) else None


def _name(text: str) -> str:
    name = NO_NAME.sub("_", text.lower()).strip("_")
    return NAMES.get(name, name)


def app_id(body: bytes) -> str | None:
    """The application that the first event of a payload names."""
    try:
        found = orjson.loads(body)["data"][0]["aid"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return None
    return found if isinstance(found, str) else None
