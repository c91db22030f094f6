"""Plots: small, equal for equal frames, and readable without a screen."""

import sys

import matplotlib
import polars as pl
import pytest

from rs_assets.drawing import as_markdown
from rs_assets.models.plots import calibration, pr_curve

PNG = b"\x89PNG\r\n\x1a\n"
LIMIT = 40_000


def test_plots_are_small_pngs_of_their_own_size(trained) -> None:
    evaluation = trained.card.evaluation
    for png in (pr_curve(evaluation.curves, evaluation.positive_rate), calibration(evaluation.calibration)):
        assert png.startswith(PNG)
        assert len(png) < LIMIT
        width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
        assert (width, height) == (600, 400)


def test_equal_frames_give_equal_bytes_in_any_order_and_with_any_matplotlibrc(trained) -> None:
    evaluation = trained.card.evaluation
    first = pr_curve(evaluation.curves, 0.1), calibration(evaluation.calibration)
    mixed = evaluation.curves.sample(fraction=1.0, shuffle=True, seed=1)
    with matplotlib.rc_context({"font.size": 20.0, "axes.facecolor": "black"}):
        assert first == (pr_curve(mixed, 0.1), calibration(evaluation.calibration.reverse()))
    assert b"matplotlib" not in first[0]


def test_drawing_leaves_no_global_state_behind(trained) -> None:
    before = dict(matplotlib.rcParams)
    pr_curve(trained.card.evaluation.curves, 0.1)
    assert dict(matplotlib.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:  # another test may have loaded it; the plots must not use it
        assert not sys.modules["matplotlib.pyplot"].get_fignums()


@pytest.mark.parametrize("rows", [0, 1])
def test_an_evaluation_with_next_to_nothing_is_drawn_all_the_same(rows: int) -> None:
    lines = {"candidate": ["constant"][:rows], "recall": [1.0][:rows], "precision": [0.0][:rows]}
    bins = {"candidate": ["constant"][:rows], "predicted": [0.0][:rows], "observed": [0.0][:rows]}
    text = {"candidate": pl.String}
    numbers = (
        dict.fromkeys(("recall", "precision"), pl.Float64),
        dict.fromkeys(("predicted", "observed"), pl.Float64),
    )
    assert pr_curve(pl.DataFrame(lines, schema=text | numbers[0]), 0.0).startswith(PNG)
    assert calibration(pl.DataFrame(bins, schema=text | numbers[1])).startswith(PNG)


def test_markdown_holds_the_bytes_and_says_what_they_show() -> None:
    assert as_markdown(PNG, "a [curve]") == "![a (curve)](data:image/png;base64,iVBORw0KGgo=)"
