"""Payloads made to break the collector: each is kept, answered with 204, and does not swell."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.log import RawLog
from rs_assets_tests.collector.asking import Request, answers, lines
from rs_assets_tests.logs import split

TP2 = "/com.snowplowanalytics.snowplow/tp2"


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def described(data: str) -> str:
    said = f'{{"data":{{"schema":"iglu:x/login/jsonschema/1","data":{{"x":{data}}}}}}}'
    return base64.urlsafe_b64encode(said.encode()).decode()


def tp2(**sent: Any) -> bytes:
    return orjson.dumps({"data": [{"e": "pv", "duid": "c", **sent}]})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param(TP2, tp2(dtm=str(2**64 - 1)), id="a time of more than 64 bits"),
        pytest.param(TP2, tp2(dtm=1e308), id="a time that becomes infinite"),
        pytest.param(TP2, tp2(e="ue", ue_px=described(nested(400))), id="data nested too deep"),
        pytest.param(TP2, tp2(e="se", se_ac="\u00c9"), id="an action without a letter"),
        *(
            pytest.param(
                "/v1/track",
                f'{{"event":"x","anonymousId":"a","properties":{{"q":{nested(depth)}}}}}'.encode(),
                id=f"properties {depth} deep",
            )
            for depth in (249, 250, 251, 252, 253, 254, 600, 1100)
        ),
        pytest.param(
            "/v1/track",
            b'{"event":"Product Viewed","anonymousId":"a","properties":'
            b'{"product_id":"A","price":9223372036854775808,"quantity":10,"currency":"EUR"}}',
            id="a value of more than 64 bits",
        ),
        pytest.param("/v1/batch", b'{"batch":{"a":1}}', id="a batch that is no list"),
        pytest.param("/v1/batch", b'{"batch":5}', id="a batch that is a number"),
    ],
)
def test_what_no_dialect_can_map_is_kept_all_the_same(tmp_path: Path, path: str, body: bytes):
    (answer,) = answers(tmp_path, Request(path=path, query="aid=shop-a&site=shop-a", body=body))
    assert answer.status == 204
    log = RawLog(str(tmp_path))
    assert split(log, log.log_dates()[0]).report.conserved
    assert len(lines(tmp_path)) == 1


@pytest.mark.parametrize(
    ("path", "query", "body"),
    [
        pytest.param(
            "/v1/batch",
            "site=shop-a",
            b'{"batch":[' + b",".join([b"{}"] * 20_000) + b'],"x":"' + b"y" * 20_000 + b'"}',
            id="segment",
        ),
        pytest.param(
            "/v1/batch",
            "site=shop-a",
            b'{"batch":[' + b",".join([b"{}"] * 900) + b'],"x":"' + b"y" * 900_000 + b'"}',
            id="segment, few and large",
        ),
        pytest.param(TP2, "aid=shop-a", b'{"data":[' + b",".join([b"{}"] * 300_000) + b"]}", id="snowplow"),
        pytest.param(
            "/g/collect", "tid=shop-a&ep.x=" + "y" * 16_000, b"en=a\n" * 1_000, id="gtag's query in each line"
        ),
    ],
)
def test_a_payload_does_not_swell(tmp_path: Path, path: str, query: str, body: bytes):
    """80 kB of a batch became 400 MB: what is said once for all messages was written with each."""
    (answer,) = answers(tmp_path, Request(path=path, query=query, body=body))
    assert answer.status == 204
    (line,) = lines(tmp_path)
    assert len(orjson.dumps(line)) < len(query) + 2 * len(body) + 1_000


NAMES = [
    *("data", "schema", "e", "se_ac", "ue_pr", "ue_px", "dtm", "ttm", "aid", "duid"),
    *("batch", "event", "type", "properties", "products", "context", "page", "timestamp", "writeKey"),
    *("product_id", "price", "quantity", "currency", "url"),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        ["pv", "se", "ue", "track", "page", "Order Completed", "2024-01-01T00:00:00Z", "1e999"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES) | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
PATHS = ("/mp/collect", "/g/collect", TP2, "/v1/batch", "/v1/track", "/v1/page", "/v1/screen")


@settings(max_examples=200, deadline=None)
@given(
    sent=st.lists(
        st.tuples(
            st.sampled_from(PATHS),
            st.fixed_dictionaries(
                {},
                optional={
                    "data": JSON,
                    "batch": JSON,
                    "event": JSON,
                    "properties": JSON,
                    "context": JSON,
                    "timestamp": JSON,
                    "type": JSON,
                    "userId": JSON,
                    "writeKey": JSON,
                },
            )
            | JSON,
        ),
        min_size=5,
        max_size=5,
    ),
    query=st.text(st.characters(codec="ascii"), max_size=30),
)
def test_no_payload_of_any_dialect_is_lost(sent: list[tuple[str, Any]], query: str):
    with tempfile.TemporaryDirectory() as folder:
        asked = [Request(path=path, query=query, body=orjson.dumps(body)) for path, body in sent]
        assert [answer.status for answer in answers(Path(folder), *asked)] == [204] * len(sent)
        ids = {line["request_id"].partition("-")[0] for line in lines(folder)}
        assert len(ids) == len(sent)
