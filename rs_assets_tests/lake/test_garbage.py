"""What is collected, and what never is."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from rs_assets.lake import Lake
from rs_assets.lake.environments import create, drop, publish, undo
from rs_assets.lake.garbage import Collected, collect
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table
from rs_assets_tests.lakes import published, put

ONE, TWO, THREE = (pl.DataFrame({"n": [n]}) for n in (1, 2, 3))
D1, D2 = DATES = ["2024-01-01", "2024-01-02"]
AT_ONCE = -1.0


@pytest.fixture
def prod(tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path / "lake"))
    put(lake, "a", DATES, ONE)
    return lake


def objects(lake: Lake) -> int:
    return sum(1 for _ in Path(lake.root, ".objects").glob("*/*/*"))


def test_what_is_young_stays(prod: Lake) -> None:
    put(prod, "a", DATES, TWO)
    assert collect(prod.root) == Collected()
    assert objects(prod) == 4


def test_old_versions_go_with_what_only_they_had(prod: Lake) -> None:
    put(prod, "a", [D1], TWO)
    before = published(prod)
    done = collect(prod.root, older_than=AT_ONCE)
    assert (done.versions, done.tables, done.objects) == (1, 1, 1) and done.bytes > 0
    assert published(prod) == before and objects(prod) == 2
    assert collect(prod.root, older_than=AT_ONCE) == Collected()


def test_what_a_publication_replaced_stays_until_the_next_one(prod: Lake) -> None:
    dev = Lake(prod.root, "dev")
    before = published(prod)
    put(dev, "a", [D1], TWO)
    publish(dev)
    collect(prod.root, older_than=AT_ONCE)
    undo(prod)
    assert published(prod) == before
    collect(prod.root, older_than=AT_ONCE)
    undo(prod)
    assert pl.read_parquet(prod.object("a", D1)).equals(TWO)


def test_a_dropped_environments_objects_go(prod: Lake) -> None:
    dev = Lake(prod.root, "dev")
    put(dev, "a", DATES, TWO)
    drop(dev)
    assert collect(prod.root, older_than=AT_ONCE).objects == 2
    assert prod.objects("a", DATES) and objects(prod) == 2


def test_an_environment_that_has_nothing_yet_stays(prod: Lake) -> None:
    create(Lake(prod.root, "dev"))
    collect(prod.root, older_than=AT_ONCE)
    assert Lake(prod.root, "dev").assets() == ["a"]


def test_the_staging_folder_of_a_step_at_work_stays_and_a_dead_ones_goes(prod: Lake) -> None:
    dead = Path(prod.root, ".staging", "dead")
    dead.mkdir(parents=True)
    (dead / "half").write_bytes(b"x")
    with Stage(prod) as stage:
        write_table(THREE, stage.path("a", D1))
        assert collect(prod.root, older_than=AT_ONCE).staging == 1
        stage.publish()
    assert not dead.exists() and pl.read_parquet(prod.object("a", D1)).equals(THREE)


def test_a_damaged_object_that_was_put_aside_goes(prod: Lake) -> None:
    Path(prod.object("a", D1)).write_bytes(b"no parquet")
    put(prod, "a", [D1], ONE)
    assert collect(prod.root, older_than=AT_ONCE).objects == 1
    assert pl.read_parquet(prod.object("a", D1)).equals(ONE)


def test_a_lake_that_is_not_there_has_no_garbage(tmp_path: Path) -> None:
    assert collect(str(tmp_path / "none")) == Collected()
    assert not os.path.exists(tmp_path / "none")
