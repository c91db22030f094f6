"""The application: what it answers to whatever it is sent, and whose models answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.lake.environments import create
from rs_assets.models.next_item.promotion import FAMILY as NEXT_ITEM
from rs_assets.models.promotion.publish import CHAMPION, FILES
from rs_assets.scorer import Application, Scorer
from rs_assets_tests.lakes import through
from rs_assets_tests.logs import event
from rs_assets_tests.scorer.asgi import call, post
from rs_assets_tests.scorer.conftest import LAST

ITEM = {"item_id": "A00001", "price": 2.5}
VIEW = event("view_item", value=2.5, currency="EUR", items=[ITEM])


@pytest.fixture(scope="module")
def scorer(lake: Lake) -> Iterator[Scorer]:
    scorer = Scorer(lake)
    yield scorer
    scorer.close()


@pytest.fixture(scope="module")
def app(scorer: Scorer) -> Application:
    return Application(scorer)


def body(*events: object, site: str = "shop-a", client: str = "c", **more: object) -> dict[str, object]:
    return {"site": site, "client_id": client, "events": list(events), **more}


def test_a_session_is_answered_with_its_events_added(app):
    status, answer = post(app, "/recommend", body(VIEW, event("page_view"), client="new"))
    assert status == 200
    assert (answer["position"], answer["items_met"], answer["added"], answer["repeated"]) == (2, 1, 2, 0)
    assert len({item["item_id"] for item in answer["items"]}) == 20
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    status, answer = post(app, "/intent", body(VIEW, client="new"))
    assert (status, answer["position"]) == (200, 3)
    assert 0 < answer["probability"] < 1


def test_the_site_may_stand_in_the_query_as_for_a_plain_ga4_body(app):
    status, answer = post(app, "/intent", {"client_id": "q", "events": [VIEW]}, "site=shop-b&x=1")
    assert (status, answer["site"]) == (200, "shop-b")


def test_a_site_without_a_model_is_recommended_nothing(app):
    status, answer = post(app, "/recommend", body(VIEW, site="elsewhere"))
    assert (status, answer["items"], answer["model"]) == (200, [], None)


def test_what_is_in_the_cart_is_not_recommended(app):
    first = post(app, "/recommend", body(VIEW, client="cart"))[1]["items"][0]["item_id"]
    added = event("add_to_cart", value=1.0, currency="EUR", items=[{"item_id": first}])
    shown = [item["item_id"] for item in post(app, "/recommend", body(added, client="cart"))[1]["items"]]
    assert len(shown) == 20
    assert first not in shown


def test_sent_again_an_event_does_not_count_twice(app):
    events = [{**event("page_view"), "timestamp_micros": 1_704_880_000_000_000 + n} for n in range(3)]
    for n in range(1, 4):
        status, answer = post(app, "/intent", body(*events[:n], client="again"))
        assert (status, answer["position"], answer["added"], answer["repeated"]) == (200, n, 1, n - 1)


def test_a_purchase_that_another_client_sent_is_none_of_this_one(app):
    bought = event("purchase", transaction_id="t-1", value=1.0, currency="EUR", items=[ITEM])
    assert post(app, "/intent", body(bought, client="buyer"))[0] == 200
    status, answer = post(app, "/intent", body(bought, client="other"))
    assert (status, [one["code"] for one in answer["violations"]]) == (422, ["TRANSACTION_REPEATED"])


def test_of_a_request_the_valid_events_count_and_the_others_are_told(app):
    status, answer = post(app, "/intent", body(event("nonsense"), event("page_view"), client="half"))
    assert (status, answer["position"], answer["added"]) == (200, 1, 1)
    assert [(one["event"], one["code"]) for one in answer["violations"]] == [(0, "EVENT_UNKNOWN")]


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        (b"{", 400, "JSON_MALFORMED"),
        (b"\xff\xfe", 400, "ENCODING_INVALID"),
        (b"", 400, "JSON_MALFORMED"),
        (b"[]", 422, "TYPE_MISMATCH"),
        (b"{}", 422, "FIELD_MISSING"),
        (orjson.dumps({"client_id": "", "events": [VIEW]}), 422, "CLIENT_ID_MISSING"),
        (orjson.dumps({"client_id": "c", "events": [event("view_item")]}), 422, "FIELD_MISSING"),
        (orjson.dumps({"client_id": "c", "events": [VIEW] * 26}), 422, "TOO_MANY_EVENTS"),
        (
            orjson.dumps({"client_id": "c", "events": [event(page_title="x" * 140_000)]}),
            413,
            "BODY_TOO_LARGE",
        ),
    ],
)
def test_what_keeps_no_contract_is_refused_with_the_reasons(app, text, status, code):
    answered, answer = post(app, "/recommend", text, "site=shop-a")
    assert answered == status
    assert code in [one["code"] for one in answer["violations"]]
    assert set(answer["violations"][0]) == {"event", "code", "path", "message", "expected", "observed"}


def test_what_no_log_would_hold_is_refused(app):
    assert post(app, "/recommend", b" " * (1 << 21), "site=shop-a")[0] == 413
    assert post(app, "/recommend", body(VIEW) | {"site": "../x"})[0] == 422
    assert post(app, "/recommend", {"client_id": "c", "events": [VIEW]})[0] == 422
    assert post(app, "/nowhere", b"")[0] == 404
    assert asyncio.run(call(app, "GET", "/recommend"))[0] == 405
    assert post(app, "/health", b"")[0] == 405


TEXTS = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    ["site", "client_id", "events", "name", "params", "items", "timestamp_micros"]
                ),
                inner,
            ),
        ),
        max_leaves=12,
    ).map(lambda value: repr(value).replace("'", '"').encode()),
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(["/recommend", "/intent"]),
    TEXTS,
    st.sampled_from(["site=shop-a", "", "site=%ff", "a&&="]),
)
@example(
    "/intent",
    b'{"client_id":"c","events":[{"name":"page_view","params":{"page_title":"\\ud800"}}]}',
    "site=s",
)
@example("/intent", b'{"client_id":"c","events":[' + b'{"name":"page_view"},' * 25 + b"]}", "site=s")
@example("/intent", b'{"client_id":"c","events":' + b"[" * 2_000, "site=s")
@example(
    "/intent", b'\n\r{"client_id":\n"c","events":[{"name":"page_view","timestamp_micros":1e15}]}', "site=s"
)
def test_any_bytes_get_an_answer_that_says_why_and_never_a_500(app, path, text, query):
    status, answer = post(app, path, text, query)
    assert status in (200, 400, 413, 422)
    assert ("error" in answer) == (status != 200)


def test_health_says_who_serves_since_when_and_how_much_is_kept(app, scorer):
    status, answer = asyncio.run(call(app, "GET", "/health"))
    assert status == 200
    assert answer["champions"]["next_item"]["cut"] == "2024-01-08"
    assert answer["champions"]["next_item"]["log_date"] == LAST
    assert set(answer["champions"]["next_item"]["sites"]) == {"shop-a", "shop-b", "shop-c"}
    assert answer["environment"] == "prod" and answer["since"].endswith("Z")
    assert answer["sessions"] == len(scorer.memory) > 0


def test_memory_is_bounded_and_who_was_not_heard_of_for_longest_goes_first(lake):
    scorer = Scorer(lake, events=50)
    app = Application(scorer)
    for n in range(60):
        post(app, "/intent", body(event("page_view"), client=f"c{n}"))
    assert scorer.memory.events == len(scorer.memory) == 50
    assert post(app, "/intent", body(event("page_view"), client="c59"))[1]["position"] == 2
    assert post(app, "/intent", body(event("page_view"), client="c0"))[1]["position"] == 1
    scorer.close()


def test_a_machine_that_meets_ever_new_items_is_forgotten_before_it_fills_the_memory(
    lake, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rs_assets.scorer.memory.LARGEST", 60)
    scorer = Scorer(lake)
    app, kept = Application(scorer), []
    for n in range(100):
        item = [{"item_id": f"i{n}"}]
        post(app, "/intent", body(event("view_item", value=1, currency="EUR", items=item), client="machine"))
        kept.append(scorer.memory.events)
    assert max(kept) == 60
    assert min(kept) == 0
    scorer.close()


def test_a_flood_of_what_keeps_no_contract_is_refused_and_nobody_else_is(
    app, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rs_assets.scorer.batching.WAITING", 20)

    async def flood() -> list[tuple[int, Any]]:
        bad = [call(app, "POST", "/intent", orjson.dumps(body(event("nonsense")))) for _ in range(300)]
        good = [call(app, "POST", "/intent", orjson.dumps(body(VIEW, client=f"f{n}"))) for n in range(50)]
        return await asyncio.gather(*good, *bad)

    statuses = [status for status, _ in asyncio.run(flood())]
    assert set(statuses[:50]) == {200}
    assert set(statuses[50:]) == {422, 503}
    assert post(app, "/intent", body(event("nonsense")))[0] == 422


def test_nobody_serves_where_nothing_was_promoted(tmp_path: Path):
    with pytest.raises(UserError, match="Nobody serves next_item"):
        Scorer(Lake(str(tmp_path)))


def test_a_newer_version_serves_without_a_request_being_dropped(lake):
    child = Lake(lake.root, "dev-scorer")
    create(child)
    scorer = Scorer(child)
    app = Application(scorer)
    assert not scorer.look()

    def nobody(stage: Any) -> None:
        for name in FILES:
            data = Path(lake.object(NEXT_ITEM.promotion, LAST, name)).read_bytes()
            if name == CHAMPION:
                data = NEXT_ITEM.nobody(scorer.serving.champions.next_item.cut, ["for the test"])
            Path(stage.path(NEXT_ITEM.promotion, LAST, name)).write_bytes(data)

    async def load() -> list[tuple[int, Any]]:
        asked = [
            asyncio.create_task(
                call(app, "POST", "/recommend", orjson.dumps(body(VIEW, client=f"r{n}")), "site=shop-a")
            )
            for n in range(200)
        ]
        for _ in range(3):
            await asyncio.sleep(0)
        through(child, nobody)
        assert await asyncio.to_thread(scorer.look)
        asked.append(asyncio.create_task(call(app, "POST", "/recommend", orjson.dumps(body(VIEW)))))
        return await asyncio.gather(*asked)

    before = scorer.serving
    answers = asyncio.run(load())
    assert {status for status, _ in answers} == {200}
    assert all(bool(answer["items"]) == (answer["model"] is not None) for _, answer in answers)
    assert answers[-1][1]["items"] == []
    assert scorer.serving.version > before.version
    assert scorer.serving.champions.intent is before.champions.intent, "the same bytes are not read again"
    scorer.close()


def test_a_version_that_cannot_be_loaded_leaves_the_one_that_serves(lake):
    child = Lake(lake.root, "dev-broken")
    create(child)
    scorer = Scorer(child)

    def broken(stage: Any) -> None:
        for name in FILES:
            data = Path(lake.object(NEXT_ITEM.promotion, LAST, name)).read_bytes()
            Path(stage.path(NEXT_ITEM.promotion, LAST, name)).write_bytes(
                data[:-1] + b"!" if name == CHAMPION else data
            )

    through(child, broken)
    serving = scorer.serving
    assert not scorer.look()
    assert scorer.serving is serving
    assert scorer.trouble
    assert post(Application(scorer), "/recommend", body(VIEW))[0] == 200
    scorer.close()
