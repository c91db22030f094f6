"""Environments: made at once, published in one switch, undone by another."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.lake.environments import create, drop, listed, publish, undo
from rs_assets.lake.lineage import Lineage, reading
from rs_assets_tests.lakes import published, put

ONE, TWO, THREE = (pl.DataFrame({"n": [n]}) for n in (1, 2, 3))
D1, D2 = DATES = ["2024-01-01", "2024-01-02"]
READS = {"a": reading("raw_events"), "b": reading("a"), "c": reading("b")}
OF = Lineage(dict.fromkeys(READS, "1"), READS, lambda dates: dict.fromkeys(dates, "x"))


@pytest.fixture
def prod(tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path))
    for asset in READS:
        put(lake, asset, DATES, ONE, OF)
    return lake


@pytest.fixture
def dev(prod: Lake) -> Lake:
    lake = Lake(prod.root, "dev-anna")
    create(lake)
    return lake


def numbers(lake: Lake, asset: str) -> list[int]:
    return [int(pl.read_parquet(path)["n"].item()) for path in lake.objects(asset, DATES)]


def test_creating_one_copies_nothing_and_shows_the_parent(prod: Lake, dev: Lake) -> None:
    before = len(list(Path(prod.root, ".objects").rglob("*")))
    create(Lake(prod.root, "dev-bob"), "dev-anna")
    assert len(list(Path(prod.root, ".objects").rglob("*"))) == before
    assert [(e.name, e.parent, e.objects, e.bytes) for e in listed(prod.root)] == [
        ("dev-anna", "prod", 0, 0),
        ("dev-bob", "dev-anna", 0, 0),
        ("prod", None, 6, pytest.approx(0, abs=10_000)),
    ]
    assert numbers(dev, "c") == [1, 1]


@pytest.mark.parametrize(
    ("name", "parent", "problem"),
    [
        ("dev-anna", "prod", "There is an environment dev-anna already"),
        ("x", "nowhere", "There is no environment 'nowhere'"),
        ("x", "x", "its own parent"),
        ("../x", "prod", "cannot be called"),
    ],
)
def test_what_cannot_be_made_is_said(dev: Lake, name: str, parent: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        create(Lake(dev.root, name), parent)


def test_publishing_switches_every_object_of_it_and_no_other(prod: Lake, dev: Lake) -> None:
    put(dev, "b", DATES, TWO, OF)
    put(dev, "c", [D2], TWO, OF)
    done = publish(dev)
    assert (numbers(prod, "a"), numbers(prod, "b"), numbers(prod, "c")) == ([1, 1], [2, 2], [1, 2])
    assert sorted(done.objects) == [("b", D1), ("b", D2), ("c", D2)]
    assert done.stale == {"c": [D1]}, "it was made of what has been replaced"
    assert prod.version is not None and prod.version.cause == "publish dev-anna"


def test_a_publication_is_undone_by_a_switch_and_that_by_another(prod: Lake, dev: Lake) -> None:
    before = published(prod)
    put(dev, "b", DATES, TWO, OF)
    put(dev, "new", [D1], TWO)
    publish(dev)
    after = published(prod)
    assert after != before
    undo(prod)
    assert published(prod) == before
    undo(prod)
    assert published(prod) == after


def test_what_was_replayed_is_not_undone_by_mistake(prod: Lake) -> None:
    before = published(prod)
    put(prod, "a", [D1], TWO, OF)
    with pytest.raises(UserError, match="no publication") as error:
        undo(prod)
    assert "--to" in error.value.hint
    undo(prod, to=3)
    assert published(prod) == before
    with pytest.raises(UserError, match="no version 99"):
        undo(prod, to=99)


def test_what_was_made_of_other_inputs_than_the_parents_is_refused(prod: Lake, dev: Lake) -> None:
    put(dev, "b", [D1], TWO, OF)
    put(prod, "a", [D1], THREE, OF)
    before = published(prod)
    with pytest.raises(UserError, match=f"b of log date {D1} in dev-anna was made of a of {D1}") as error:
        publish(dev)
    assert "`rs-assets replay --stale --environment dev-anna`" in error.value.hint
    assert published(prod) == before


def test_what_has_no_parent_is_not_published(prod: Lake) -> None:
    with pytest.raises(UserError, match="has no parent"):
        publish(prod)
    with pytest.raises(UserError, match="There is no environment dev-nobody"):
        publish(Lake(prod.root, "dev-nobody"))


def test_dropping_one_leaves_the_others_as_they_were(prod: Lake, dev: Lake) -> None:
    before = published(prod)
    put(dev, "b", DATES, TWO, OF)
    drop(dev)
    assert published(prod) == before and [e.name for e in listed(prod.root)] == ["prod"]
    with pytest.raises(UserError, match="There is no environment"):
        drop(dev)


def test_what_others_read_from_is_not_dropped(prod: Lake, dev: Lake) -> None:
    create(Lake(prod.root, "child"), "dev-anna")
    with pytest.raises(UserError, match="child reads from dev-anna"):
        drop(dev)
    with pytest.raises(UserError, match="prod is not dropped"):
        drop(prod)
