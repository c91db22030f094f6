"""Two lakes compared: what differs is found, what does not is not read, and both are said in few words."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.replay.diff import Receipted, compare, markdown, page
from rs_assets.replay.diff.shift import psi
from rs_assets.replay.receipt import receipt
from rs_assets_tests.lakes import put

DATES = ["2024-01-01", "2024-01-02"]
SESSIONS = pl.DataFrame({"session_id": ["a", "b", "c"], "events": [1, 2, 3]})


@pytest.fixture
def prod(tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path))
    put(lake, "sessions", DATES, SESSIONS)
    put(lake, "item_stats", DATES, pl.DataFrame({"site": ["s"], "item_id": ["i"], "views": [1]}))
    return lake


@pytest.fixture
def dev(prod: Lake) -> Lake:
    return Lake(prod.root, "dev")


def test_an_environment_that_has_nothing_of_its_own_does_not_differ(prod: Lake, dev: Lake) -> None:
    found = compare(prod, dev)
    assert found.equal and [asset.state for asset in found.assets] == ["equal", "equal"]
    assert (
        markdown(found)
        == "### `dev` against `prod`\nNo difference: 2 assets, log dates 2024-01-01 to 2024-01-02.\n"
    )


def test_equal_objects_are_not_read(prod: Lake, dev: Lake) -> None:
    put(dev, "item_stats", DATES, pl.DataFrame({"site": ["s"], "item_id": ["i"], "views": [2]}))
    for log_date in DATES:
        Path(prod.object("sessions", log_date)).write_bytes(b"nobody looks here")
    assert [asset.asset for asset in compare(prod, dev).differing] == ["item_stats"]


def test_rows_columns_and_log_dates_that_differ_are_told(prod: Lake, dev: Lake) -> None:
    changed = pl.DataFrame({"session_id": ["a", "b", "d"], "events": [1, 7, 4], "new": [0, 0, 0]})
    put(dev, "sessions", DATES[1:], changed)
    put(dev, "extra", DATES[:1], SESSIONS)
    found = compare(prod, dev)
    sessions = next(asset for asset in found.assets if asset.asset == "sessions")
    assert [date.state for date in sessions.log_dates] == ["equal", "different"]
    assert [sessions.rows(kind) for kind in ("added", "removed", "changed")] == [1, 1, 1]
    assert [(c.column, c.before, c.after, c.log_dates) for c in sessions.schema] == [
        ("new", None, "BIGINT", DATES[1:])
    ]
    extra = next(asset for asset in found.assets if asset.asset == "extra")
    assert (extra.state, extra.rows_before, extra.rows_after) == ("only after", 0, 3)
    text = markdown(found)
    assert (
        "| `sessions` | 1 | 1 | 1 | 1 | `events` (1) |" in text and "`sessions.new` is new (BIGINT)" in text
    )
    assert "item_stats" not in text


def test_other_bytes_of_the_same_rows_are_no_difference(prod: Lake, dev: Lake) -> None:
    put(dev, "sessions", DATES, SESSIONS.reverse())
    found = compare(prod, dev)
    assert found.equal and next(a for a in found.assets if a.asset == "sessions").state == "same rows"


def test_a_feature_that_moved_is_told_with_its_shift(prod: Lake, dev: Lake) -> None:
    chance = random.Random(1)
    ids = [str(n) for n in range(2_000)]
    old, new = ([chance.gauss(mean, 1) for _ in ids] for mean in (0, 0.5))
    for lake, values in ((prod, old), (dev, new)):
        table = {"session_id": ids, "position": [3] * 2_000, "moved": values, "same": [1.0] * 2_000}
        put(lake, "session_features", DATES, pl.DataFrame(table))
    (features,) = [a for a in compare(prod, dev).differing if a.asset == "session_features"]
    moved, same = features.shifts
    assert (moved.column, same.column, same.psi) == ("moved", "same", 0.0)
    assert 0.15 < moved.psi < 0.4
    assert sum(b.before for b in moved.bins) == moved.rows_before == 4_000


def test_the_index_is_that_of_its_definition() -> None:
    assert psi([50, 50], [50, 50]) == 0
    assert psi([50, 50], [25, 75]) == pytest.approx(0.2747, abs=1e-4)
    assert psi([0, 100], [100, 0]) > 5
    assert psi([], []) == 0


def test_metrics_predictions_lists_and_verdicts_that_moved_are_told(prod: Lake, dev: Lake) -> None:
    for lake, value, chosen, p, items in (
        (prod, 0.4, "logistic", 0.1, "abc"),
        (dev, 0.5, "boosting", 0.3, "abd"),
    ):
        one = {"candidate": ["logistic"], "slice": ["all"], "metric": ["pr_auc"], "value": [value]}
        put(lake, "purchase_intent_evaluation", DATES, pl.DataFrame(one))
        put(lake, "purchase_intent_model", DATES, pl.DataFrame({"cut": ["2024-01-01"], "model": [chosen]}))
        predicted = {"session_id": ["a", "b"], "position": [3, 3], "probability": [p, 0.5]}
        put(lake, "purchase_intent_predictions", DATES[:1], pl.DataFrame(predicted))
        listed = {"session_id": ["a"], "position": [1], "item_ids": [list(items)]}
        put(lake, "recommendations", DATES[:1], pl.DataFrame(listed))
    by_name = {asset.asset: asset for asset in compare(prod, dev).differing}
    (metric,) = by_name["purchase_intent_evaluation"].metrics
    assert (metric.before, metric.after, metric.dates, metric.first) == (0.4, 0.5, 2, DATES[0])
    (verdict,) = by_name["purchase_intent_model"].verdicts
    assert (verdict.before, verdict.after, verdict.log_dates) == ("logistic", "boosting", DATES)
    moves = by_name["purchase_intent_predictions"].moves
    assert moves is not None and (moves.matched, moves.moved) == (2, 1)
    assert moves.largest == pytest.approx(0.2) and sum(n for _, n in moves.bins) == 1
    top = by_name["recommendations"].top_k[0]
    assert (top.k, top.lists, top.moved, top.overlap) == (5, 1, 1, pytest.approx(2 / 3))
    text = markdown(compare(prod, dev))
    assert "model was logistic and is boosting" in text and "1 of 2 predictions moved" in text


def test_a_receipt_is_compared_like_an_environment(prod: Lake) -> None:
    held = receipt(prod, {}, None)
    put(prod, "sessions", DATES[:1], SESSIONS.head(2))
    found = compare(Receipted(prod.root, "before.json", held), prod)
    assert [asset.asset for asset in found.differing] == ["sessions"] and found.differing[0].rows(
        "removed"
    ) == 1


def test_an_object_of_a_receipt_that_was_collected_is_named(prod: Lake) -> None:
    from rs_assets.lake.garbage import collect

    held = receipt(prod, {}, None)
    put(prod, "sessions", DATES, SESSIONS.head(2))
    collect(prod.root, older_than=-1)
    with pytest.raises(UserError, match=r"sessions for log date 2024-01-01 that before\.json names is gone"):
        compare(Receipted(prod.root, "before.json", held), prod)


def test_a_comment_is_never_longer_than_a_screen_and_the_page_needs_no_other_file(
    prod: Lake, dev: Lake
) -> None:
    for number in range(40):
        for lake, n in ((prod, 1), (dev, 2)):
            table = {"session_id": ["<script>"], **{f"column_{c}": [n] for c in range(20)}}
            put(lake, f"asset_{number}", DATES[:1], pl.DataFrame(table))
    found = compare(prod, dev)
    assert len(markdown(found).splitlines()) <= 60
    html = page(found)
    assert html == page(compare(prod, dev)), "no clock"
    for outside in ("http://", "https://", "<script", "src="):
        assert outside not in html


def test_what_neither_side_has_is_said(prod: Lake, dev: Lake) -> None:
    with pytest.raises(UserError, match="Neither side has an asset 'nothing'"):
        compare(prod, dev, only=["nothing"])
    assert RawLog(prod.root).log_dates() == []
