"""Artifacts and predictions of purchase_intent: bytes, threads, time."""

import dataclasses
import datetime as dt
import hashlib
import io
import os
import pickle
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import zstandard
from polars.testing import assert_frame_equal
from threadpoolctl import threadpool_limits

from rs_assets.errors import UserError
from rs_assets.models.purchase_intent import (
    NotTrained,
    Trained,
    artifact,
    dump,
    load,
    predict,
    read_card,
    train,
)
from rs_assets.models.purchase_intent.calibration import Isotonic, Sigmoid
from rs_assets.models.purchase_intent.candidates import CANDIDATES, fit, score
from rs_assets.models.purchase_intent.scoring import Scoring

TRAIN = """
import datetime, hashlib, sys
import polars as pl
from rs_assets.models.purchase_intent import dump, train
for path in sys.argv[2:]:
    model = train(pl.read_parquet(path), cut=datetime.date(2024, 1, 29), threads=int(sys.argv[1]))
    print(model.card.chosen, hashlib.sha256(dump(model)).hexdigest())
"""
LOOK = """
import sys
import rs_assets.features, rs_assets.models, rs_assets.models.cuts, rs_assets.models.plots
from rs_assets.models.purchase_intent import NotTrained, dump, load
import datetime
load(dump(NotTrained("not trained yet, because", datetime.date(2024, 1, 29), 0, 0)))
print([name for name in ("sklearn", "scipy", "matplotlib") if name in sys.modules])
"""


@pytest.fixture(scope="module")
def later(frames, cut) -> pl.DataFrame:
    """Snapshots of the week the model is in force in, one of them of a site that it has never seen."""
    features = frames[0].with_columns(pl.col("log_date") + pl.duration(days=28)).sample(500, seed=1)
    new = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("shop-new")).otherwise("site")
    assert features["log_date"].min() >= cut
    return features.with_columns(site=new)


def test_fresh_processes_make_the_same_bytes_whatever_hashes_and_threads(
    rows, curved, trained, tmp_path
) -> None:
    paths = [tmp_path / "rows.parquet", tmp_path / "curved.parquet"]
    for table, path in zip((rows, curved), paths, strict=True):
        table.sample(fraction=1.0, shuffle=True, seed=2).write_parquet(path)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN, threads, *map(str, paths)],
            env=os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, threads in (("1", "1"), ("2", "2"))
    ]
    first, second = (process.communicate(timeout=60)[0].split() for process in running)
    assert first == second
    assert first[:3] == ["logistic", hashlib.sha256(dump(trained)).hexdigest(), "gradient_boosting"]


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_no_score_depends_on_the_number_of_threads(rows, candidate) -> None:
    made = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            fitted = Scoring.of(fit(candidate, rows))
            made.append((artifact._packed(fitted), score(fitted, rows, threads).tobytes()))
    assert made[0] == made[1]


def test_a_model_is_the_same_after_it_was_written_and_read(trained, later) -> None:
    data = dump(trained)
    read = load(data)
    assert isinstance(read, Trained)
    assert dump(read) == data
    assert_frame_equal(predict(read, later), predict(trained, later), check_exact=True)
    for name in ("metrics", "slices", "calibration", "curves", "importances"):
        before, after = getattr(trained.card.evaluation, name), getattr(read.card.evaluation, name)
        assert_frame_equal(after, before, check_exact=True)


def test_isotonic_steps_travel_with_the_model(trained, later) -> None:
    steps = Isotonic((0.0, 0.1, 0.4), (0.01, 0.2, 0.21))
    read = load(dump(Trained(dataclasses.replace(trained.card, calibration=steps), trained.scoring)))
    assert isinstance(read, Trained)
    assert read.card.calibration == steps
    expected = np.interp(trained.probabilities(later), steps.scores, steps.shares)
    assert read.probabilities(later).tolist() == expected.tolist()


def test_recalibration_travels_with_the_model_and_keeps_the_order(trained, later) -> None:
    card = dataclasses.replace(trained.card, calibration=Sigmoid(0.5, -0.25))
    read = load(dump(Trained(card, trained.scoring)))
    assert isinstance(read, Trained)
    assert read.card.calibration == Sigmoid(0.5, -0.25)
    plain, mended = trained.probabilities(later), read.probabilities(later)
    assert (mended != plain).all()
    assert (mended.argsort(kind="stable") == plain.argsort(kind="stable")).all()


def test_the_card_is_readable_without_the_arrays(trained) -> None:
    data = dump(trained)
    first, _, rest = data.partition(b"\n")
    alone = rest[: rest.index(b"\n") + 1]
    card = read_card(
        first.rpartition(b" ")[0] + b" " + hashlib.sha256(alone).hexdigest().encode() + b"\n" + alone
    )
    assert card.chosen == trained.card.chosen
    assert card.evaluation.boundary == trained.card.evaluation.boundary
    assert dict(card.versions).keys() == {"numpy", "scikit-learn"}


def test_no_artifact_can_make_anything_run(trained) -> None:
    """Bytes whose seal is right, and in which somebody has put a pickle, or other arrays."""
    header, _ = artifact._parts(dump(trained))
    for arrays in (
        {**trained.scoring.arrays, "mean": np.array([print], dtype=object)},
        {name: array for name, array in trained.scoring.arrays.items() if name != "mean"},
    ):
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        forged = artifact._join(header, zstandard.compress(buffer.getvalue()))
        with pytest.raises(UserError, match="not as it is written"):
            load(forged)
    with pytest.raises(UserError, match="not as it is written"):
        load(artifact._join(header, pickle.dumps(print)))


def test_predictions_are_probabilities_in_a_total_order(trained, later, cut) -> None:
    predictions = predict(trained, later)
    assert predictions.columns == [
        *("log_date", "session_id", "site", "position", "as_of"),
        *("is_open", "probability", "model", "cut"),
    ]
    assert predictions["probability"].is_between(0, 1).all()
    assert predictions["probability"].n_unique() > 20
    assert set(predictions["model"]) == {trained.card.chosen}
    assert set(predictions["cut"]) == {cut}
    shuffled = later.sample(fraction=1.0, shuffle=True, seed=9)
    assert_frame_equal(predict(trained, shuffled, threads=2), predictions, check_exact=True)


def test_a_day_without_snapshots_has_an_empty_table_of_the_same_schema(trained, later) -> None:
    assert predict(trained, later.clear()).schema == predict(trained, later).schema


def test_an_untrained_artifact_says_why_and_predicts_nulls(rows, trained, later, cut) -> None:
    nothing = train(rows.clear(), cut=cut)
    read = load(dump(nothing))
    assert isinstance(read, NotTrained)
    assert read == nothing == read_card(dump(nothing))
    predictions = predict(read, later)
    assert predictions.schema == predict(trained, later).schema
    assert predictions["probability"].null_count() == predictions["model"].null_count() == later.height
    assert set(predictions["cut"]) == {cut}


def test_a_model_does_not_predict_what_it_may_have_seen(trained, later) -> None:
    early = later.with_columns(log_date=pl.lit(dt.date(2024, 1, 28)))
    with pytest.raises(UserError, match="500 of 500 snapshots are from before the model's cut 2024-01-29"):
        predict(trained, early)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: b"PAR1" + data, "are no purchase_intent artifact"),
        (lambda data: b"", "These 0 bytes are no"),
        (
            lambda data: data.replace(b"artifact 2 ", b"artifact 9 ", 1),
            "of format 9; this code reads format 2",
        ),
        (lambda data: data[:200], "is cut short or altered"),
        (lambda data: data[:-1], "is cut short or altered"),
        (lambda data: data.replace(b'"rows":', b'"rows":1', 1), "is cut short or altered"),
    ],
)
def test_bytes_that_are_not_the_artifact_are_refused_with_what_to_do(trained, spoil, says) -> None:
    with pytest.raises(UserError, match=says) as refused:
        load(spoil(dump(trained)))
    assert refused.value.hint


def test_a_model_made_with_other_packages_is_read_all_the_same(trained, later) -> None:
    card = dataclasses.replace(trained.card, versions=(("numpy", "1.0"), ("scikit-learn", "0.1")))
    read = load(dump(Trained(card, trained.scoring)))
    assert isinstance(read, Trained)
    assert read.card.versions == card.versions
    assert_frame_equal(predict(read, later), predict(trained, later), check_exact=True)


def test_importing_the_packages_loads_neither_scikit_learn_nor_matplotlib() -> None:
    ran = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
