"""What a step should ask for, by what it used."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.compute import Box
from rs_assets.compute.prices import EXAMPLE, Prices
from rs_assets.compute.report import Step, Use, propose, report, wanted
from rs_assets.errors import UserError

PRICES = Prices("list", "page", dt.date(2026, 1, 1), "EUR", cpu_hour=1.0, gib_hour=0.5, gpu_hour=10)


def use(memory_mib: float, wall: float = 60, cpu: float = 30, run: str = "r") -> Use:
    return Use(run, memory_mib, cpu, wall)


def test_a_step_is_given_a_quarter_more_than_it_used_at_most():
    assert propose(Box(2, 4), [use(900), use(1000), use(200)], ()).memory_gib == 1.25


def test_nobody_is_given_less_than_half_a_gib():
    assert propose(Box(1, 4), [use(30)], ()).memory_gib == 0.5


def test_after_a_kill_the_box_is_half_as_large_again_as_the_limit_and_stays_so():
    once = propose(Box(1, 0.5), [use(200)], [512])
    assert once.memory_gib == 0.75
    assert propose(once, [use(200)], [512]) == once


def test_what_never_ran_keeps_what_it_asks_for():
    (row,) = report([Step("a", ("a",), Box(1, 3))], PRICES)
    assert (row.proposed, row.runs, row.cost, row.saved_gib) == (Box(1, 3), 0, None, 0)
    assert wanted([row]) == {}


def test_all_else_of_a_box_stays():
    box = Box(4, 8, image="own", gpu=1, retry_memory_factor=3)
    assert propose(box, [use(1024)], ()) == Box(4, 1.25, image="own", gpu=1, retry_memory_factor=3)


def test_a_row_has_the_median_the_most_the_cores_and_what_both_boxes_cost():
    uses = (use(100, wall=3600, cpu=1800), use(300, wall=7200, cpu=3600), use(200, wall=3600, cpu=7200))
    (row,) = report([Step("a", ("a", "b"), Box(2, 4), uses, kills=(512,))], PRICES)
    assert (row.memory_p50_mib, row.memory_max_mib, row.cores_p50) == (200, 300, 0.5)
    assert (row.wall_p50_seconds, row.runs, row.kills) == (3600, 3, 1)
    assert row.cost == pytest.approx(1000 * (2 * 1.0 + 4 * 0.5))
    assert row.proposed.memory_gib == 0.75
    assert row.proposed_cost == pytest.approx(1000 * (2 * 1.0 + 0.75 * 0.5))
    assert wanted([row]) == {"a": 0.75}


@given(
    st.lists(st.floats(0.1, 100_000), min_size=1, max_size=20), st.lists(st.integers(1, 100_000), max_size=3)
)
def test_a_proposal_holds_all_that_was_seen_in_quarters_and_is_its_own_proposal(memory, kills):
    uses = [use(mib) for mib in memory]
    box = propose(Box(1, 2), uses, kills)
    assert box.memory_gib >= max(0.5, max(memory) * 1.25 / 1024 - 1e-6)
    assert all(box.memory_gib * 1024 > limit for limit in kills)
    assert (box.memory_gib * 4).is_integer()
    assert propose(box, uses, kills) == box


def test_the_example_list_names_its_source_and_date():
    found = Prices.read()
    assert found.source.startswith("https://") and found.date.year >= 2026
    assert found.cost(Box(1, 2), 3600) == pytest.approx(0.04048 + 2 * 0.004445)


def test_a_gpu_has_a_price_where_the_list_has_one(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text(EXAMPLE.read_text() + "gpu_hour = 2\n")
    assert Prices.read(str(path)).cost(Box(1, 2, gpu=2), 3600) > 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cpu_hour = ", "cannot be read"),
        (EXAMPLE.read_text().replace("cpu_hour", "core_hour"), "core_hour|cpu_hour"),
        (EXAMPLE.read_text() + "disk_hour = 1\n", "disk_hour"),
        (EXAMPLE.read_text().replace("0.04048", "-1"), "cpu_hour is no price"),
        (EXAMPLE.read_text().replace("0.04048", '"cheap"'), "cpu_hour is no price"),
        (EXAMPLE.read_text().replace("2026-06-17", '"June"'), "date is no date"),
    ],
)
def test_a_list_that_is_none_is_refused_with_what_is_wrong(tmp_path, text, says):
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=says):
        Prices.read(str(path))


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        Prices.read(str(tmp_path / "none.toml"))
