"""Each recommender against a plain telling of what it does, and what all of them have in common."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from rs_assets.errors import UserError
from rs_assets.models.next_item.blend import Blend, mixture
from rs_assets.models.next_item.candidates import CANDIDATES, PARTS, unfitted
from rs_assets.models.next_item.embedding import ItemEmbedding, embed, pmi
from rs_assets.models.next_item.events import ITEM_EVENTS
from rs_assets.models.next_item.limits import LONGEST
from rs_assets.models.next_item.near import near as near_items
from rs_assets.models.next_item.popularity import Popularity
from rs_assets.models.next_item.queries import single
from rs_assets.models.next_item.revisits import Revisits
from rs_assets.models.next_item.rules import AssociationRules, SequentialRules
from rs_assets.models.next_item.session_knn import SessionKnn, VectorSessionKnn
from rs_assets.models.next_item.sessions import encode

ALL = (*CANDIDATES, "revisits")
NOON = dt.datetime(2024, 1, 1, 12)

past = st.lists(st.text("abcdef", min_size=1, max_size=7), min_size=1, max_size=12)
now = st.text("abcdefz", min_size=1, max_size=6)


def of(*sessions: str) -> pl.DataFrame:
    """ITEM_EVENTS of sessions that ended one after another, an hour apart; each letter is a look at an item."""
    rows = [
        ("s", f"{n:04d}", at + 1, item, "view_item", NOON + dt.timedelta(hours=n, seconds=at), None)
        for n, session in enumerate(sessions)
        for at, item in enumerate(session)
    ]
    return pl.DataFrame(rows, schema=ITEM_EVENTS, orient="row")


def scored(recommender, session: str) -> dict[str, float]:
    """What a fitted recommender says of a session: scores by item, without what only fills up."""
    return {item: score for item, score in recommender.recommend(list(session), k=100) if score > 0}


def near(found: dict[str, float], wanted: dict[str, float]) -> None:
    assert found == pytest.approx({item: score for item, score in wanted.items() if score > 0}, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(past, now)
def test_association_rules_count_the_sessions_that_share_the_last_item(sessions, session):
    shared = Counter(i for s in sessions if session[-1] in s for i in set(s) if i != session[-1])
    total = sum(shared.values())
    near(scored(AssociationRules().fit(of(*sessions)), session), {i: n / total for i, n in shared.items()})


@settings(deadline=None, max_examples=60)
@given(past, now, st.booleans())
def test_sequential_rules_count_what_came_after_the_last_item_the_sooner_the_more(sessions, session, returns):
    after: dict[str, float] = defaultdict(float)
    for s in sessions:
        for at, item in enumerate(s):
            for distance, later in enumerate(s[at + 1 : at + 11], start=1):
                if item == session[-1] and (returns or later != item):
                    after[later] += 1 / distance
    total = sum(after.values())
    found = scored(SequentialRules(returns=returns).fit(of(*sessions)), session)
    near(found, {i: n / total for i, n in after.items()})


@settings(deadline=None, max_examples=60)
@given(past, now)
def test_rules_that_fade_add_up_the_latest_steps(sessions, session):
    rules = SequentialRules(fading=0.5, steps=3).fit(of(*sessions))
    wanted: dict[str, float] = defaultdict(float)
    for back, item in enumerate(reversed(session[-3:])):
        for other, score in scored(SequentialRules().fit(of(*sessions)), item).items():
            wanted[other] += 0.5**back * score
    near(scored(rules, session), wanted)


@settings(deadline=None, max_examples=60)
@given(past, now, st.integers(1, 12), st.integers(1, 12))
def test_session_knn_lets_the_nearest_of_the_latest_sessions_vote(sessions, session, candidates, neighbours):
    known = {i for i in session if any(i in s for s in sessions)}
    sharing = [s for s in reversed(sessions) if known & set(s)][:candidates]
    cosine = [len(known & set(s)) / math.sqrt(len(known) * len(set(s))) for s in sharing]
    order = sorted(range(len(sharing)), key=lambda n: -cosine[n])[:neighbours]
    votes: dict[str, float] = defaultdict(float)
    for n in order:
        for item in set(sharing[n]):
            votes[item] += cosine[n]
    near(scored(SessionKnn(candidates, neighbours).fit(of(*sessions)), session), votes)


@settings(deadline=None, max_examples=60)
@given(past, now, st.sampled_from([None, 0.4]), st.sampled_from([1.0, 0.7]), st.sampled_from([0.0, 1.0]))
def test_vector_session_knn_weighs_by_place_in_both_sessions_rarity_and_age(
    sessions, session, fading, reach, rarity
):
    since = {item: len(session) - at for at, item in enumerate(session) if any(item in s for s in sessions)}
    weight = {
        item: ((len(session) - n + 1) / len(session) if fading is None else fading ** (n - 1))
        * (1 + rarity * math.log(len(sessions) / sum(item in s for s in sessions)))
        for item, n in since.items()
    }
    end = max(n + (len(s) - 1) / 3600 for n, s in enumerate(sessions))
    votes: dict[str, float] = defaultdict(float)
    for n, s in enumerate(sessions):
        shared = since.keys() & set(s)
        if not shared:
            continue
        last = min(shared, key=lambda item: since[item])
        age = (end - n - (len(s) - 1) / 3600) / 24
        vote = sum(weight[item] for item in shared) * 0.5**age / since[last]
        for item in set(s):
            votes[item] += vote * reach ** abs(s.rindex(item) - s.rindex(last))
    given_settings = dict(fading=fading, reach=reach, rarity=rarity, half_life_days=1.0)
    near(scored(VectorSessionKnn(100, 100, **given_settings).fit(of(*sessions)), session), votes)


@settings(deadline=None, max_examples=60)
@given(past, now)
def test_popularity_is_a_share_of_all_looks_and_revisits_are_of_the_session_itself(sessions, session):
    counts = Counter("".join(sessions))
    near(scored(Popularity().fit(of(*sessions)), session), {i: n / counts.total() for i, n in counts.items()})
    wanted: dict[str, float] = defaultdict(float)
    for back, item in enumerate(reversed(session), start=1):
        wanted[item] += (1 / back) * (item in counts)
    near(scored(Revisits().fit(of(*sessions)), session), wanted)


def test_what_was_popular_fades():
    fading = Popularity(half_life_days=1 / 48).fit(of("aa", "b"))
    assert [item for item, _ in fading.recommend([], 2)] == ["b", "a"]
    ancient = Popularity(half_life_days=1e-9).fit(of("aa", "b"))
    assert [item for item, _ in ancient.recommend([], 2)] == ["b", "a"], "and is never nothing"


def test_a_session_of_long_ago_still_has_a_say_and_nothing_is_divided_by_it():
    knn = VectorSessionKnn(half_life_days=1e-9).fit(of("ab", "cd"))
    found = scored(Blend({"knn": knn}).assemble(knn.catalog), "a")
    assert found == pytest.approx({"a": 0.5, "b": 0.5})


def test_no_embedding_depends_on_the_number_of_threads():
    draws = np.random.default_rng(0)
    pairs = csr_array((np.ones(40_000), draws.integers(0, 2000, (2, 40_000))), shape=(2000, 2000))
    made = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            vectors = embed(pmi(pairs, 0.75), 64)
            made.append((vectors.tobytes(), near_items(vectors, 7.0, np.ones(2000), 50).data.tobytes()))
    assert made[0] == made[1]


def test_an_embedding_finds_items_alike_that_never_met_and_none_is_like_itself():
    halves = [f"{left}{middle}" for left in "ab" for middle in "mno"] * 5
    others = [f"{left}{middle}" for left in "xy" for middle in "pqr"] * 5
    embedding = ItemEmbedding(components=4).fit(of(*halves, *others))
    found = scored(embedding, "a")
    assert "a" not in found
    assert max(found, key=lambda item: found[item]) == "b"


def test_a_blend_is_the_weighted_mixture_of_its_parts_shares():
    sessions = of("abc", "abd", "bcd", "ca")
    parts = {"rules": SequentialRules(), "knn": SessionKnn()}
    blend = Blend(parts, {"rules": 0.25, "knn": 0.75}).fit(sessions)
    wanted: dict[str, float] = defaultdict(float)
    for part, weight in ((parts["rules"], 0.25), (parts["knn"], 0.75)):
        said = scored(part, "ab")
        for item, score in said.items():
            wanted[item] += weight * score / sum(said.values())
    near(scored(blend, "ab"), wanted)


def test_weights_are_those_that_the_observations_were_drawn_with():
    draws = np.random.default_rng(3)
    parts = draws.dirichlet(np.full(20, 0.3), 3)
    which = draws.choice(3, 20_000, p=[0.6, 0.3, 0.1])
    came = np.array([draws.choice(20, p=parts[part]) for part in which])
    assert mixture(parts[:, came].T) == pytest.approx([0.6, 0.3, 0.1], abs=0.02)


def test_observations_that_nobody_thought_possible_leave_the_weights_alone():
    told = np.array([[0.2, 0.1], [0.1, 0.4], [0.3, 0.3]])
    with_misses = np.concatenate([told, np.zeros((50, 2))])
    assert mixture(with_misses).tolist() == mixture(told).tolist()
    assert mixture(np.zeros((5, 4))).tolist() == [0.25] * 4


@pytest.mark.parametrize("candidate", ALL)
def test_one_session_is_answered_as_it_is_among_many_to_the_bit(candidate, shop, later):
    recommender = unfitted(candidate).fit(shop)
    asked = later.filter((pl.col("site") == "shop-a") & (pl.col("event_name") == "view_item"))
    many = recommender.recommend_many(asked)
    sessions = asked.group_by("session_id").agg(pl.col("item_id").sort_by("position")).sort("session_id")
    one = [
        (session_id, rank, *shown)
        for session_id, items in sessions.iter_rows()
        for rank, shown in enumerate(recommender.recommend(items), start=1)
    ]
    assert sessions.height > 200
    assert many.rows() == one


def test_no_answer_depends_on_the_number_of_threads(shop):
    recommender = unfitted("blend").fit(shop)
    assert_frame_equal(
        recommender.recommend_many(shop, threads=3), recommender.recommend_many(shop), check_exact=True
    )


@pytest.mark.parametrize("candidate", ALL)
def test_no_answer_depends_on_the_order_in_which_rows_came(candidate, shop, later):
    asked = later.filter(pl.col("site") == "shop-a")
    shuffled = [frame.sample(fraction=1.0, shuffle=True, seed=4) for frame in (shop, asked)]
    answers = unfitted(candidate).fit(shop).recommend_many(asked)
    assert_frame_equal(
        unfitted(candidate).fit(shuffled[0]).recommend_many(shuffled[1]), answers, check_exact=True
    )


@pytest.mark.parametrize("candidate", ALL)
@pytest.mark.parametrize("session", [[], ["never seen"], ["item-003", "never seen"], ["item-003"] * 500])
def test_any_session_is_given_k_distinct_items_none_of_them_barred(candidate, session, shop):
    recommender = unfitted(candidate).fit(shop)
    shown = [
        item for item, _ in recommender.recommend(session, 20, barred=["item-004", "item-003", "never seen"])
    ]
    assert len(set(shown)) == len(shown) == 20
    assert not {"item-003", "item-004"} & set(shown)
    codes = [recommender.catalog.item_ids.to_list().index(item) for item in shown]
    assert (
        session not in ([], ["never seen"]) or candidate in ("popularity", "blend") or codes == sorted(codes)
    )


@pytest.mark.parametrize("candidate", ALL)
def test_a_small_catalogue_gives_what_it_has_and_an_empty_one_nothing(candidate):
    small = unfitted(candidate).fit(of("ab", "ba", "ac"))
    assert sorted(item for item, _ in small.recommend(["a"], 20)) == ["a", "b", "c"]
    empty = unfitted(candidate).fit(of())
    assert empty.recommend(["a"], 20) == []
    assert empty.recommend_many(of("ab")).is_empty()
    assert small.recommend_many(of()).is_empty()


@pytest.mark.parametrize("candidate", ALL)
def test_events_of_two_sites_are_refused(candidate, events, shop):
    with pytest.raises(UserError, match="shop-a, shop-b"):
        unfitted(candidate).fit(events)
    with pytest.raises(UserError, match="shop-a, shop-b"):
        unfitted(candidate).fit(shop).recommend_many(events)


def test_what_is_in_the_cart_is_not_recommended(shop, later):
    asked = later.filter(pl.col("site") == "shop-a")
    recommender = unfitted("popularity").fit(shop)
    inside = asked.filter(pl.col("event_name") == "add_to_cart").select("session_id", "item_id")
    bought = asked.filter(pl.col("event_name") == "purchase").select("session_id")
    inside = inside.join(bought, on="session_id", how="anti")
    assert inside.height > 50
    shown = recommender.recommend_many(asked)
    assert shown.join(inside, on=["session_id", "item_id"], how="semi").is_empty()
    plain = recommender.recommend_many(asked.filter(pl.col("event_name") == "view_item"))
    assert plain.join(inside, on=["session_id", "item_id"], how="semi").height > 10


def test_k_is_at_least_one(shop):
    with pytest.raises(ValueError, match="at least 1, not 0"):
        unfitted("popularity").fit(shop).recommend([], 0)


def test_there_is_no_candidate_of_another_name():
    assert set(PARTS) <= set(ALL)
    with pytest.raises(ValueError, match="best_sellers"):
        unfitted("best_sellers")


def test_codes_are_by_popularity_then_id_and_sessions_by_recency():
    sessions = encode(of("ba", "cb", "ad"))
    assert sessions.catalog.item_ids.to_list() == ["a", "b", "c", "d"]
    assert [
        sessions.items[a:b].tolist() for a, b in zip(sessions.starts, sessions.starts[1:], strict=False)
    ] == [
        [0, 3],
        [2, 1],
        [1, 0],
    ]
    assert (np.diff(sessions.age_days) == pytest.approx(1 / 24)) and sessions.age_days[0] == 0


@settings(deadline=None, max_examples=60)
@given(st.integers(LONGEST - 2, LONGEST + 30))
def test_of_a_crawlers_session_the_latest_steps_are_looked_at(length):
    walk = "".join(chr(0x4E00 + n) for n in range(length))
    sessions = encode(of(walk, "ab"))
    assert sessions.starts.tolist() == [0, 2, 2 + min(length, LONGEST)]
    kept = [sessions.catalog.item_ids[int(code)] for code in sessions.items[2:]]
    assert kept == list(walk[-LONGEST:])
    query = single(sessions.catalog, list(walk))
    assert query.items.tolist() == sessions.items[2:].tolist()
    _, many = Popularity().fit(of(walk, "ab")).queries(of(walk))
    assert many.items.tolist() == query.items.tolist()
