"""The population stability index: what it must be, by hand, and what it must not depend on."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from rs_assets.models.drift import DRIFT, LARGE, drift

values = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0])), max_size=60)


def of(*numbers: float | None, name: str = "x") -> pl.DataFrame:
    return pl.DataFrame({name: list(numbers)}, schema={name: pl.Float64})


def test_the_index_of_two_groups_is_the_one_of_the_formula():
    learned = pl.DataFrame({"site": ["a"] * 50 + ["b"] * 50})
    asked = pl.DataFrame({"site": ["a"] * 80 + ["b"] * 20})
    expected = (0.8 - 0.5) * math.log(0.8 / 0.5) + (0.2 - 0.5) * math.log(0.2 / 0.5)
    found = drift(learned, asked, ["site"]).row(0, named=True)
    assert found["psi"] == pytest.approx(expected)
    assert found["by_chance"] == pytest.approx(0.02)
    assert (found["mean"], found["drifted"]) == (None, True)


@given(values, values)
def test_it_is_a_number_that_is_never_below_zero_and_blind_to_order(
    one: list[float | None], other: list[float | None]
):
    found = drift(of(*one), of(*other), ["x"])
    psi = found["psi"][0]
    if not one or not other:
        assert psi is None
        return
    assert psi >= -1e-12 and math.isfinite(psi)
    assert_frame_equal(found, drift(of(*sorted(one, key=str)), of(*reversed(other)), ["x"]))


@given(values.filter(bool))
def test_the_same_rows_have_not_moved(rows: list[float | None]):
    found = drift(of(*rows), of(*rows), ["x"])
    assert found["psi"][0] == pytest.approx(0, abs=1e-12)
    assert not found["drifted"][0]


def test_a_handful_of_rows_moves_by_chance_and_that_is_no_drift():
    draws = np.random.default_rng(1)
    learned = of(*draws.normal(size=5000))
    few, many = of(*draws.normal(size=12)), of(*draws.normal(size=5000))
    assert drift(learned, few, ["x"])["psi"][0] > LARGE
    assert not drift(learned, few, ["x"])["drifted"][0]
    assert drift(learned, many, ["x"])["psi"][0] < 0.02


def test_a_shift_and_a_flood_of_nulls_are_found_and_the_largest_stands_first():
    draws = np.random.default_rng(2)
    learned = pl.DataFrame({name: draws.normal(size=3000) for name in ("still", "shifted", "lost")})
    asked = pl.DataFrame({name: draws.normal(size=3000) for name in ("still", "shifted", "lost")})
    asked = asked.with_columns(
        pl.col("shifted") + 0.6, lost=pl.when(pl.int_range(pl.len()) % 2 == 0).then("lost")
    )
    found = drift(learned, asked, ["still", "shifted", "lost"])
    assert found["input"].to_list() == ["lost", "shifted", "still"]
    assert found["drifted"].to_list() == [True, True, False]
    assert found.schema == DRIFT
    assert found.filter(input="shifted")["mean"][0] == pytest.approx(0.6, abs=0.1)


def test_without_rows_there_is_nothing_to_compare():
    found = drift(of(1.0), of(), ["x"]).row(0, named=True)
    assert (found["psi"], found["rows"], found["drifted"]) == (None, 0, False)
