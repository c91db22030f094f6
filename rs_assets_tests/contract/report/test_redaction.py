"""Whatever is planted in an event, and wherever: who sent it cannot be told from a report."""

from __future__ import annotations

import json
import re

import duckdb
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.contract.report.asked import Asked
from rs_assets.contract.report.payload import laid_out, parsed
from rs_assets.contract.report.redaction import NUMBERS, SHOWN, redacted
from rs_assets.contract.report.scrub import WORDS, mask, scrub, scrub_address
from rs_assets.contract.report.summary import received, summarize
from rs_assets_tests.logs import LOG_DATE, envelope, event, split_lines

LETTERS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=6, max_size=24)
IDENTITY = LETTERS.map(lambda text: f"id.{text}")
EMAIL = st.tuples(LETTERS, LETTERS).map(lambda parts: f"{parts[0]}@{parts[1]}.example")
IP = st.one_of(
    st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).filter(lambda ip: int(ip) > 2**80).map(str)
)
DIGITS = st.text("0123456789", min_size=7, max_size=20)
PLACES = [
    "page_location",
    "page_title",
    "item_name",
    "currency",
    "value",
    "name",
    "unknown",
    "user_properties",
    "key",
    "nested",
]


def _text(line: bytes) -> str:
    root = parsed(line)
    assert root is not None
    return "\n".join(line.text for line in laid_out(redacted(root), 100))


def _planted(place: str, secret: str, **who: object) -> bytes:
    """A request in which somebody is told by their identities and, at a place, by `secret`."""
    said = f"of {secret}, now"
    params: dict[str, object] = {"page_location": "https://shop.example/", "items": [{"item_id": "a"}]}
    body: dict[str, object] = {}
    if place == "page_location":
        params["page_location"] = f"https://shop.example/who/{secret}?u={secret}&{secret}#{secret}"
    elif place == "item_name":
        params["items"] = [{"item_name": said}]
    elif place == "user_properties":
        body["user_properties"] = {"plan": {"value": said}, secret: {"value": 1}}
    elif place == "key":
        params[said] = 1
    elif place == "nested":
        params["clients"] = {secret: [{secret: secret}]}
    elif place != "name":
        params[place] = said
    name = said if place == "name" else "view_item"
    return envelope(
        event(name, **params),
        body={**body, **{k: v for k, v in who.items() if k in ("client_id", "user_id")}},
        **{k: v for k, v in who.items() if k not in ("client_id", "user_id")},
    )


@given(
    client=IDENTITY,
    user=IDENTITY,
    ip=IP,
    agent=IDENTITY,
    place=st.sampled_from(PLACES),
    which=st.integers(0, 3),
)
@settings(deadline=None)
def test_an_identity_is_not_shown_nor_what_repeats_it(
    client: str, user: str, ip: str, agent: str, place: str, which: int
) -> None:
    who = {"client_id": client, "user_id": user, "ip": ip, "user_agent": agent}
    text = _text(_planted(place, [*who.values()][which], **who))
    assert not [secret for secret in who.values() if secret.casefold() in text.casefold()]


@given(secret=st.one_of(EMAIL, IP, DIGITS), place=st.sampled_from(PLACES))
@settings(deadline=None)
def test_addresses_and_long_digit_strings_are_not_shown_wherever_they_stand(secret: str, place: str) -> None:
    assert secret not in _text(_planted(place, secret))


@given(secret=st.one_of(EMAIL, IP, DIGITS, IDENTITY), cut=st.integers(0, 400), place=st.sampled_from(PLACES))
@settings(deadline=None)
def test_of_a_line_that_is_no_json_only_the_contracts_words_are_shown(
    secret: str, cut: int, place: str
) -> None:
    line = _planted(place, secret, client_id=secret, user_agent=secret)[cut:].decode()
    for text in (mask(line), mask(line[:-60]), mask(line.replace('"', "'"))):
        assert secret not in text
        assert set(re.findall(r"\w+", text)) <= WORDS


@pytest.mark.parametrize(
    "text",
    [
        "anna@shop.example",
        "mailto:anna.b+c@shop.example.",
        "anna%40shop.example",
        "198.51.100.7",
        "2001:db8::7",
        "fe80::1%eth0",
        "2001:0db8:0000:0000:0000:0000:0000:0007",
        "+49 170 1234567",
        "4111 1111 1111 1111",
        "0123456789",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "GA1.2.1637215143.1704242085",
    ],
)
def test_nothing_is_left_of_it(text: str) -> None:
    left = re.sub(r"[…#\W_]|mailto|GA", "", scrub(f"see {text} now"))
    assert not re.search(r"\d{3}|anna|shop|db8|fe80", left), left


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-02T10:00:00.123456Z",
        "2024-01-02",
        "119.99",
        "view_item",
        "1,000",
        "https://shop.example/p/A00623",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert scrub(text) == text


def test_of_an_address_the_names_of_the_query_stay() -> None:
    assert (
        scrub_address("https://a.example/s?q=shoes&mail=x&token#top") == "https://a.example/s?q=…&mail=…&…#…"
    )


def test_structure_types_and_the_contracts_values_stay() -> None:
    line = envelope(
        event("purchase", value="12.50", currency="EUR", page_title=7, serch_term="x", items=[{"price": 3}]),
        body={"client_id": 42, "user_id": "", "timestamp_micros": 1704189600000000},
    )
    shown = json.loads(re.sub(r"#+", "0", _text(line)))
    whole = orjson.loads(line)
    (params,) = (e["params"] for e in shown["body"]["events"])
    assert params == {
        **{"value": "12.50", "currency": "EUR", "page_title": 0, "serch_term": "…", "items": [{"price": 3}]}
    }
    assert shown["body"]["client_id"] == 0 and shown["body"]["user_id"] == ""
    assert list(shown) == list(whole) and list(shown["body"]) == list(whole["body"])
    assert shown["site"] == whole["site"] and shown["received_at"] == whole["received_at"]


def test_a_time_keeps_its_length_by_which_its_unit_is_told() -> None:
    line = envelope(event("page_view"), body={"timestamp_micros": 1704189600})
    assert '"timestamp_micros": ##########\n' in _text(line)


def test_a_key_written_with_escapes_is_the_same_key() -> None:
    assert "secret" not in _text(
        envelope(event("x")).replace(b'"client_id":"c-1"', b'"client\\u005fid":"secret"')
    )
    assert "anna" not in _text(envelope(event("anna\\u0040b.example")).replace(b"\\\\u", b"\\u"))


def test_half_a_surrogate_pair_is_text_like_any_other() -> None:
    _text(envelope(event("x")).replace(b'"x"', b'"a@b \\ud800"')).encode()


def test_only_fields_of_the_contract_are_shown() -> None:
    from rs_assets.contract import schemas

    known = {
        *schemas.ENVELOPE.columns,
        *schemas.EVENT.columns,
        *schemas.ITEM.columns,
        "name",
        "timestamp_micros",
    }
    assert {path[-1] for path in SHOWN | NUMBERS} <= known
    assert not {"client_id", "user_id", "ip", "user_agent", "page_title", "search_term"} & {
        p[-1] for p in SHOWN
    }


def test_a_report_over_everything_that_can_break_shows_nobody() -> None:
    secrets = ["1637215143.1704242085", "u-712627831", "198.51.100.7", "Mozilla/5.0 (X)", "anna@shop.example"]
    who = dict(zip(("client_id", "user_id", "ip", "user_agent", "mail"), secrets, strict=True))
    sent = {"user_agent": who["user_agent"], "ip": who["ip"]}
    body = {"client_id": who["client_id"], "user_id": who["user_id"]}
    good = event("page_view", mail=who["mail"])
    whole = envelope(event("page_view", page_title=7, mail=who["mail"]), body=body, **sent)
    lines = [
        whole,
        whole[:-40],
        whole[:170],
        whole.replace(b'"body":', b'"body"'),
        whole.replace(b"page_view", b"page\x00view"),
        whole.replace(b"page_view", b"page\xffview"),
        envelope(event(who["mail"]), event(who["client_id"]), body=body, **sent),
        envelope(good, body={**body, "user_id": [who["user_id"]]}, **sent),
        envelope(good, body={**body, "client_id": {"a": who["client_id"]}}, **sent),
        envelope(event("page_view", page_location=[who["mail"]]), body=body, **sent),
        envelope(good, body=body, **{**sent, "ip": [who["ip"]], "user_agent": {"is": who["user_agent"]}}),
        envelope("…".join(secrets), body=body, **sent),
        orjson.dumps({"site": "shop-a", "body_text": str(body), **sent}),
        orjson.dumps({"site": "shop-a", "body": str(body), **sent}),
    ]
    outcome = split_lines(*lines)
    with duckdb.connect() as connection:
        frames = [connection.from_arrow(f.to_arrow()) for f in (outcome.valid, outcome.quarantined)]
        dates = outcome.quarantined["log_date"].unique().to_list()
        report = summarize(connection, frames[1], received(connection, frames[0]), Asked(samples=99), dates)
    assert str(dates[0]) == LOG_DATE and len(report.samples) >= len(lines)
    text = orjson.dumps(report, option=orjson.OPT_NON_STR_KEYS).decode()
    assert not [secret for secret in secrets if secret in text]
    assert not re.search(r"1637215143|712627831|Mozilla|anna", text)
