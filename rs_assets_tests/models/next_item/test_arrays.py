"""Ragged arrays, sums of votes, rankings and nearest vectors, each against the plain way to say it."""

from __future__ import annotations

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rs_assets.models.next_item import near as nearness
from rs_assets.models.next_item.near import near
from rs_assets.models.next_item.queries import Queries
from rs_assets.models.next_item.ragged import largest, ranks_within, spans_of, starts_of
from rs_assets.models.next_item.ranking import best
from rs_assets.models.next_item.votes import Votes

lists = st.lists(st.lists(st.integers(0, 6), max_size=8), max_size=6)
values = st.sampled_from([0.25, 0.5, 1.0, 3.0])
ballots = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), values), max_size=60)


def votes(cast: list[tuple[int, int, float]]) -> Votes:
    query, code, value = (np.array([vote[i] for vote in cast]) for i in range(3))
    return Votes(query.astype(np.int64), code.astype(np.int64), value.astype(np.float64))


def queries(barred: list[list[int]]) -> Queries:
    starts = starts_of(np.array([len(row) for row in barred], dtype=np.int64))
    codes = np.array([code for row in barred for code in row], dtype=np.int32)
    return Queries(np.zeros(len(barred) + 1, np.int64), np.empty(0, np.int32), starts, codes)


@settings(deadline=None, max_examples=60)
@given(lists, st.data())
def test_spans_are_the_rows_asked_for_one_after_another(rows, data):
    values = np.array([value for row in rows for value in row], dtype=np.int64)
    starts = starts_of(np.array([len(row) for row in rows], dtype=np.int64))
    asked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8)) if rows else []
    index, owner = spans_of(starts, np.array(asked, dtype=np.int64))
    assert values[index].tolist() == [value for row in asked for value in rows[row]]
    assert owner.tolist() == [i for i, row in enumerate(asked) for _ in rows[row]]
    assert ranks_within(owner).tolist() == [n for row in asked for n in range(len(rows[row]))]


@settings(deadline=None, max_examples=60)
@given(lists, st.integers(1, 4))
def test_the_largest_are_those_a_stable_sort_puts_first(rows, k):
    owner = np.array([i for i, row in enumerate(rows) for _ in row], dtype=np.int64)
    value = np.array([value + 1.0 for row in rows for value in row])
    kept, found = [], 0
    for row in rows:
        order = sorted(range(len(row)), key=lambda at: -row[at])[:k]
        kept += [found + at for at in sorted(order)]
        found += len(row)
    assert np.flatnonzero(largest(owner, value, len(rows), k)).tolist() == kept


@settings(deadline=None, max_examples=60)
@given(ballots)
def test_votes_add_up_by_query_and_item(cast):
    summed = votes(cast).summed(items=10)
    wanted: dict[tuple[int, int], float] = {}
    for query, code, value in cast:
        wanted[query, code] = wanted.get((query, code), 0) + value
    pairs = list(zip(summed.query.tolist(), summed.code.tolist(), strict=True))
    assert dict(zip(pairs, summed.value, strict=True)) == wanted
    assert pairs == sorted(wanted)


@settings(deadline=None, max_examples=60)
@given(
    ballots, st.integers(1, 12), st.lists(st.lists(st.integers(-1, 9), max_size=5), min_size=4, max_size=4)
)
def test_the_ranking_is_by_score_then_popularity_and_fills_up_with_what_is_popular(cast, k, barred):
    codes, scores = best(votes(cast), queries(barred), items=10, k=k)
    for query in range(4):
        total = np.zeros(10)
        for owner, code, value in cast:
            total[code] += value * (owner == query)
        order = sorted(set(range(10)) - set(barred[query]), key=lambda code: (-total[code], code))[:k]
        assert codes[query, : len(order)].tolist() == order
        assert scores[query, : len(order)].tolist() == total[order].tolist()
        assert (codes[query, len(order) :] == -1).all()


def test_near_finds_what_looking_at_all_pairs_finds(monkeypatch):
    draws = np.random.default_rng(1)
    vectors = draws.normal(size=(700, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[::50] = 0
    lift = draws.integers(1, 100, 700).astype(np.float64)
    found = near(vectors, 7.0, lift, 20).toarray()
    weight = lift * np.exp(7.0 * (vectors.astype(np.float64) @ vectors.T.astype(np.float64)))
    weight[:, ::50], weight[::50] = 0, 0
    np.fill_diagonal(weight, 0)
    kept = weight >= np.sort(weight, axis=1)[:, [-20]]
    np.testing.assert_allclose(found, np.where(kept, weight, 0), rtol=1e-4)
    monkeypatch.setattr(
        nearness, "EVERY", 690
    )  # a sample of two columns: bounds far too high, to be made good
    assert (near(vectors, 7.0, lift, 20).toarray() == found).all()


def test_items_that_are_near_nobody_make_no_number_that_is_none():
    vectors = np.eye(600, 8, dtype=np.float32)  # most of them are 0
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("error")
        found = near(vectors, 3.0, np.full(600, 2.0), 5)
    # Eight unit vectors at right angles: each is as near as its lift to five of the others, and to nobody else.
    assert sorted(found.sum(axis=1).round(6).tolist(), reverse=True) == [10.0] * 8 + [0.0] * 592
