"""A home whose raw log was replayed through the whole graph: what the scorer serves from, and is compared with."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from rs_assets.lake import Lake
from rs_assets.log.generator import Plan, generate
from rs_assets.models.promotion.decisions import Decision, append
from rs_assets_tests.defs.conftest import environ, home, manifest

__all__ = ["environ", "home", "manifest"]

FIRST, LAST = "2024-01-01", "2024-01-10"
PROMOTED = Decision(
    "2024-01-09", "next_item", "promote", "2024-01-08", "test", "to be served", "2024-01-09T08:00:00+00:00"
)


@pytest.fixture(scope="module")
def replayed(home) -> Path:
    """Ten log dates of three shops, with every fault; the models of the first week serve in the second."""
    place = home()
    plan = Plan(days=10, events=40_000, broken=0.03, late=0.03)
    generate(plan, str(place / "raw"), str(place / "truth.csv"))
    # So few sessions are no model that the gate lets serve.
    append(str(place / "decisions.ndjson"), PROMOTED)
    from rs_assets.definitions import build_defs
    from rs_assets.defs.jobs import RANGE_END, RANGE_START

    job = build_defs().resolve_job_def("replay_job")
    with dg.instance_for_test() as instance:
        assert job.execute_in_process(instance=instance, tags={RANGE_START: FIRST, RANGE_END: LAST}).success
    return Path(place)


@pytest.fixture(scope="module")
def lake(replayed: Path) -> Lake:
    return Lake(str(replayed / "lake"))
