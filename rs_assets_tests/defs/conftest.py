"""A home of its own for each module of graph tests: raw log, lake, Dagster storage, dbt manifest."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rs_assets.extending.dbt import our_dbt

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's parsed project, as `make manifest` prepares it."""
    from rs_assets.transform.manifest import prepare

    project = our_dbt(str(tmp_path_factory.mktemp("manifest")))
    prepare(project)
    return project.target


@pytest.fixture(scope="module")
def environ() -> Iterator[None]:
    """The module's own environment variables, gone after it."""
    kept = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, manifest: Path, environ: None) -> Callable[[str], Path]:
    """`home(name)`: an empty RS_HOME with a manifest, set in the environment."""

    def make(name: str = "home") -> Path:
        place = tmp_path_factory.mktemp(name)
        shutil.copytree(manifest, place / "dbt", dirs_exist_ok=True)
        for variable in [v for v in os.environ if v.startswith("RS_") and v != "RS_DATASETS"]:
            del os.environ[variable]
        os.environ.pop("DAGSTER_HOME", None)
        sys.modules.pop("rs_assets.definitions", None)  # its graph is that of the home it was loaded in
        os.environ |= {"RS_HOME": str(place), "RS_EXECUTOR": "in_process", "PYTHONPATH": str(ROOT)}
        return place

    return make
