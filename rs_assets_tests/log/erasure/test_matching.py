"""Which lines are an erased client's, however its id is written in them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.collector.dialects import gtag, segment, snowplow
from rs_assets.collector.dialects.piece import Piece
from rs_assets.errors import UserError
from rs_assets.log.erasure.clients import Client, require_id
from rs_assets.log.erasure.matching import MANY, Matcher
from rs_assets_tests.logs import envelope, event

GONE = "1111111111.1700000000"
STAYS = "2222222222.1700000000"
SALT = "5a" * 32


def by_id(*clients: Client) -> Matcher:
    return Matcher(frozenset(clients))


def by_digest(*clients: Client) -> Matcher:
    return Matcher(keyed=frozenset((one.kind, one.digest(SALT)) for one in clients), salt=SALT)


BOTH = pytest.mark.parametrize("by", [by_id, by_digest])


def found(matcher: Matcher, line: bytes) -> bool:
    """What a matcher says of a line, alone and among others."""
    text = line.decode(errors="replace")
    among = matcher.matches(pl.Series(['{"a":1}', text, ""])).tolist()
    assert among == [False, matcher.names_one(text), False]
    return bool(among[1])


def kept_as(piece: Piece) -> bytes:
    """A piece as the collector writes it."""
    if piece.body is None:
        return orjson.dumps({"site": "shop-a", "body_text": piece.sent.decode()})
    return orjson.dumps({"site": "shop-a", "body": piece.body, "sent_text": piece.sent.decode()})


SEGMENT = {"type": "track", "event": "Product Viewed", "anonymousId": GONE, "userId": "max@example.com"}
NAMING = [
    envelope(event(), event("view_item"), body={"client_id": GONE}),
    envelope(event(), body={"client_id": GONE}).replace(b'"client_id":', b'"client_id" : '),
    envelope(event()).replace(b'"c-1"', GONE.encode()),  # sent as a number
    envelope(event(), body={"client_id": GONE}).replace(b"1700", b"\\u00317\\u00300"),
    envelope(event(), body={"client_id": GONE})[:-9],  # cut
    orjson.dumps({"body_text": envelope(event(), body={"client_id": GONE})[:-3].decode()}),
    orjson.dumps({"body_base64": base64.b64encode(b'\xff{"client_id":"' + GONE.encode() + b'"}').decode()}),
    orjson.dumps({"body_too_large": {"first_base64": base64.b64encode(f"cid={GONE}".encode()).decode()}}),
    b'\xff{"client_id":"' + GONE.encode() + b'"',
    *map(kept_as, gtag.pieces(f"v=2&cid={GONE}&en=page_view".encode(), b"")),
    *map(kept_as, gtag.pieces(f"v=2&cid={GONE}".encode(), b"en=page_view\nep.a=1")),
    *map(kept_as, snowplow.pieces(b"", orjson.dumps({"data": [{"e": "pv", "duid": GONE}]}))),
    *map(kept_as, snowplow.pieces(b"", orjson.dumps({"data": [{"e": "pp", "nuid": GONE}]}))),
    *map(kept_as, segment.pieces("/v1/batch", orjson.dumps({"batch": [SEGMENT]}))),
]
OTHERS = [
    envelope(event(), body={"client_id": STAYS}),
    envelope(event(), body={"client_id": GONE + "0"}),
    envelope(event(), body={"client_id": "9" + GONE}),
    envelope(event(), body={"client_id": f"{GONE}.5"}),
    envelope(event(), body={"client_id": f"a-{GONE}"}),
    envelope(event(value=float(GONE[:10]))),
    b"",
    b"\xff\xfe",
]


@BOTH
@pytest.mark.parametrize("line", NAMING, ids=range(len(NAMING)))
def test_a_client_is_found_in_every_payload_that_the_collector_keeps(by: type, line: bytes) -> None:
    assert found(by(Client("client_id", GONE)), line)
    assert not found(by(Client("client_id", STAYS)), line)


@BOTH
@pytest.mark.parametrize("line", OTHERS, ids=range(len(OTHERS)))
def test_another_client_is_not_taken_for_it(by: type, line: bytes) -> None:
    assert not found(by(Client("client_id", GONE)), line)


@pytest.mark.parametrize(
    "page",
    [f"https://a.example/?ref={GONE}", f"_ga=GA1.1.{GONE}; x", f"see {GONE}.", f"{GONE}/", f"a\n{GONE}"],
)
def test_a_long_id_is_found_as_a_word_anywhere_as_long_as_it_is_known(page: str) -> None:
    line = envelope(event(page_location=page), body={"client_id": STAYS})
    assert found(by_id(Client("client_id", GONE)), line)
    assert not found(by_digest(Client("client_id", GONE)), line)  # there is nothing to look for


@BOTH
def test_a_short_id_is_found_behind_a_key_alone(by: type) -> None:
    matcher = by(Client("user_id", "42"))
    assert found(matcher, envelope(event(), body={"user_id": "42"}))
    assert found(matcher, envelope(event()).replace(b'"c-1"', b'"c-1","user_id":42'))
    assert found(matcher, orjson.dumps({"body_text": '{"user_id": "42",,'}))
    assert found(matcher, orjson.dumps({"sent_text": "v=2&uid=42&cid=1.2"}))
    assert not found(matcher, envelope(event(quantity=42, page_title="42"), body={"user_id": "421"}))
    assert not found(matcher, envelope(event(), body={"client_id": "42"}))


@BOTH
@pytest.mark.parametrize(
    "name", ["max@example.com", "Jörg Müller", 'say "hi"', "a\\b", "50% off", "a/b+c d", "日本", "{0000-1}"]
)
def test_an_id_of_any_characters_is_found_however_it_is_escaped(by: type, name: str) -> None:
    matcher = by(Client("user_id", name))
    for line in (
        envelope(event(), body={"user_id": name}),
        json.dumps({"body": {"user_id": name, "events": []}}).encode(),
        orjson.dumps({"sent_text": f"v=2&uid={quote(name, safe='')}&cid=1.2"}),
    ):
        assert found(matcher, line), line
    assert not found(matcher, envelope(event(), body={"user_id": name + "x"}))


@given(
    st.lists(st.sampled_from([*NAMING, *OTHERS, envelope(event(page_title="\\u0031"))]), max_size=20),
    st.booleans(),
)
def test_many_ids_are_found_as_few_are(lines: list[bytes], keyed: bool) -> None:
    texts = pl.Series([line.decode(errors="replace") for line in lines], dtype=pl.String)
    client = Client("client_id", GONE)
    many = [Client("client_id", f"{n}.{n}") for n in range(MANY + 1)]
    by = by_digest if keyed else by_id
    few = by(client).matches(texts)
    assert few.tolist() == [line in NAMING for line in lines]
    assert np.array_equal(by(client, *many).matches(texts), few)


@pytest.mark.parametrize("text", ["", " a", "a ", "x" * 257, "a\nb", "\0"])
def test_what_no_event_can_carry_is_no_id(text: str) -> None:
    with pytest.raises(UserError, match="cannot be the id"):
        require_id(text)
