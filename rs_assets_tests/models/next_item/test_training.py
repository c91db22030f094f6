"""Training by site, the artifact, and equal bytes from equal rows."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import zstandard
from polars.testing import assert_frame_equal

from rs_assets.errors import UserError
from rs_assets.models.next_item import CANDIDATES, RECOMMENDATIONS, artifact, dump, load, read_cards, train
from rs_assets.models.next_item.candidates import unfitted
from rs_assets.models.next_item.events import carts
from rs_assets.models.next_item.limits import MIN_SESSIONS
from rs_assets.models.next_item.model import NextItem, Site

TRAIN = """
import datetime, hashlib, sys
import polars as pl
from rs_assets.models.next_item import dump, train
model = train(pl.read_parquet(sys.argv[1]), cut=datetime.date(2024, 1, 29))
print(hashlib.sha256(dump(model)).hexdigest())
"""
LOOK = """
import sys
import rs_assets.models
assert "scipy" not in sys.modules
from rs_assets.models.next_item import load
model = load(open(sys.argv[1], "rb").read())
model.recommend("shop-a", ["item-003"])
print([name for name in ("sklearn", "matplotlib", "dagster") if name in sys.modules])
"""


def test_each_candidate_is_measured_and_the_blend_is_chosen_where_it_is_best(model):
    for site in model.sites.values():
        whole = site.card.metrics.filter(pl.col("slice") == "all")
        assert whole["candidate"].to_list() == list(CANDIDATES)
        worth = dict(whole.select("candidate", pl.col("hit_rate") + pl.col("mrr")).rows())
        assert worth[site.card.chosen] > 0.9 * max(worth.values())
        assert worth["popularity"] < 0.6 * max(worth.values())
        assert site.card.reason is None
        assert site.card.boundary < site.card.learned_until


def test_a_card_counts_what_was_learned_from(model, events):
    for name, site in model.sites.items():
        looked = events.filter((pl.col("site") == name) & (pl.col("event_name") == "view_item"))
        assert (site.card.steps, site.card.items) == (looked.height, looked["item_id"].n_unique())
        assert site.card.sessions == looked.group_by("session_id").len().filter(pl.col("len") > 1).height
        assert site.card.learned_until == looked["event_time"].max()


def test_a_sites_model_does_not_depend_on_other_sites(model, events):
    alone = train(events.filter(pl.col("site") == "shop-b"), cut=model.cut)
    only = NextItem(model.cut, {"shop-b": model.sites["shop-b"]})
    assert dump(alone) == dump(only)


def test_sites_are_answered_by_their_own_recommender(model, events, later):
    shown = model.recommend_many(later)
    assert shown.schema == pl.Schema(RECOMMENDATIONS)
    assert_frame_equal(shown.sort("site", "session_id", "rank"), shown)
    sessions = later.select("site", "session_id").unique()
    assert (
        shown.group_by("site", "session_id")
        .len()
        .sort("site", "session_id")
        .equals(sessions.sort("site", "session_id").with_columns(len=pl.lit(20, pl.UInt32)))
    )
    one = {site: [item for item, _ in model.recommend(site, ["item-003"])] for site in model.sites}
    assert one["shop-a"] != one["shop-b"]
    assert model.recommend("shop-z", ["item-003"]) == []


def test_one_session_is_answered_as_in_the_table_with_its_cart_barred(model, later):
    shown = model.recommend_many(later).filter(pl.col("site") == "shop-b")
    looked = later.filter((pl.col("site") == "shop-b") & (pl.col("event_name") == "view_item"))
    full = dict(carts(later).group_by("session_id").agg("item_id").rows())
    assert full
    items = dict(looked.sort("position").group_by("session_id", maintain_order=True).agg("item_id").rows())
    rows = [
        (session_id, *answer)
        for session_id in shown["session_id"].unique().sort()
        for answer in model.recommend("shop-b", items.get(session_id, []), barred=full.get(session_id, []))
    ]
    assert shown.select("session_id", "item_id", "score").rows() == rows


def test_a_young_site_is_recommended_what_is_popular_and_told_why(events):
    few = events.filter(pl.col("session_id").is_in(events["session_id"].unique().sort().head(30).implode()))
    site = train(few, cut=None).sites["shop-a"]
    assert site.card.chosen == "popularity"
    assert f"{MIN_SESSIONS} are needed" in site.card.reason
    assert site.card.metrics.is_empty() and site.card.boundary is None
    top = few.filter(pl.col("event_name") == "view_item")["item_id"].value_counts()
    assert site.recommender.recommend([], 1)[0].item_id in set(top.filter(pl.col("count") >= 2)["item_id"])


def test_no_events_make_a_model_of_no_sites(events, tmp_path, model):
    nothing = train(events.clear(), cut=model.cut)
    assert nothing.sites == {}
    assert nothing.recommend_many(events).is_empty()
    assert load(dump(nothing)).sites == {}


def test_progress_is_told_candidate_by_candidate(shop, model):
    told: list[str] = []
    train(shop, cut=model.cut, on_step=told.append)
    assert [what.partition(": ")[2] for what in told[:6]] == list(CANDIDATES[:-1])
    assert told[-1].endswith("of all sessions")


def test_fresh_processes_make_the_same_bytes_whatever_hashes_threads_and_order(events, model, tmp_path):
    running = []
    for seed, threads in (("1", "1"), ("2", "2")):
        path = tmp_path / f"{seed}.parquet"
        events.sample(fraction=1.0, shuffle=True, seed=int(seed)).write_parquet(path)
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), threads)
        environment = os.environ | limits | {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", TRAIN, str(path)]
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    digests = {process.communicate(timeout=120)[0].strip() for process in running}
    assert digests == {hashlib.sha256(dump(model)).hexdigest()}


def test_a_model_answers_the_same_after_it_was_written_and_read(model, later):
    data = dump(model)
    read = load(data)
    assert dump(read) == data
    assert_frame_equal(read.recommend_many(later), model.recommend_many(later), check_exact=True)
    assert read.recommend("shop-a", ["item-003"]) == model.recommend("shop-a", ["item-003"])
    for name, site in model.sites.items():
        assert_frame_equal(read.sites[name].card.metrics, site.card.metrics, check_exact=True)


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_every_candidate_travels(candidate, shop, model, later):
    site = Site(model.sites["shop-a"].card, unfitted(candidate).fit(shop))
    one = NextItem(model.cut, {"shop-a": site})
    read = load(dump(one))
    assert type(read.sites["shop-a"].recommender) is type(site.recommender)
    assert_frame_equal(read.recommend_many(later), one.recommend_many(later), check_exact=True)


def test_items_of_any_name_travel(model, shop):
    names = ["", " ", 'a"b\\n', "naïve ☃", "\x00", "🛒"]
    renamed = dict(zip(shop["item_id"].unique().sort(), names, strict=False))
    odd = shop.with_columns(pl.col("item_id").replace(renamed))
    made = NextItem(model.cut, {"shop-a": Site(model.sites["shop-a"].card, unfitted("session_knn").fit(odd))})
    read = load(dump(made)).sites["shop-a"].recommender
    assert read.catalog.item_ids.to_list() == made.sites["shop-a"].recommender.catalog.item_ids.to_list()
    assert set(names) <= set(read.catalog.item_ids)


def test_cards_are_readable_without_an_array(model, monkeypatch):
    data = dump(model)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("read an array"))
    cards = read_cards(data)
    assert {name: card.weights for name, card in cards.items()} == {
        name: site.card.weights for name, site in model.sites.items()
    }


def test_answering_needs_neither_scikit_learn_nor_dagster(model, tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(dump(model))
    done = subprocess.run([sys.executable, "-c", LOOK, str(path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def forged(data: bytes, header=None, arrays=None) -> bytes:
    """An artifact with a right digest whose header or arrays somebody has changed."""
    _, _, rest = data.partition(b"\n")
    text, _, packed = rest.partition(b"\n")
    told = json.loads(text)
    if header:
        header(told)
    if arrays is not None:
        packed = zstandard.ZstdCompressor().compress(arrays)
    rest = json.dumps(told).encode() + b"\n" + packed
    return f"{artifact.NAME} 1 {hashlib.sha256(rest).hexdigest()}\n".encode() + rest


def test_nothing_is_unpickled_even_when_an_artifact_is_forged(model, tmp_path):
    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(ran),)

    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **{"0/item_ids": np.array([Evil()], dtype=object)})
    for arrays in (buffer.getvalue(), pickle.dumps(Evil()), b"", b"PK\x03\x04 nonsense"):
        with pytest.raises(UserError, match="not as it is written"):
            load(forged(dump(model), arrays=arrays))
    assert not ran.exists()


def test_an_artifact_makes_nothing_but_recommenders(model):
    def system(header):
        header["sites"][0]["recommender"]["kind"] = "os.system"

    def setting(header):
        header["sites"][0]["recommender"]["settings"]["shell"] = True

    for change in (system, setting):
        with pytest.raises(UserError, match="not as it is written"):
            load(forged(dump(model), header=change))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: b"", "no next_item artifact"),
        (lambda data: b"PAR1" + data, "no next_item artifact"),
        (lambda data: data[:-1], "cut short or altered"),
        (lambda data: data[:-9] + b"?" + data[-8:], "cut short or altered"),
        (lambda data: data.replace(b"artifact 1 ", b"artifact 9 ", 1), "of format 9"),
    ],
)
def test_what_is_no_artifact_is_refused_with_what_to_do(model, change, says):
    for read in (load, read_cards):
        with pytest.raises(UserError, match=says) as caught:
            read(change(dump(model)))
        assert caught.value.hint
