"""What steps read is what their assets are declared to read: otherwise a stale object would not be known as one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import dagster as dg
import pytest

from rs_assets.lake import Lake
from rs_assets.lake.lineage import Lineage
from rs_assets.lake.stage import Stage
from rs_assets.log.generator import Plan, generate

DATES = [(dt.date(2024, 1, 1) + dt.timedelta(days=n)).isoformat() for n in range(10)]

AROUND = [(dt.date(2023, 11, 1) + dt.timedelta(days=n)).isoformat() for n in range(90)]


def test_no_step_reads_an_object_that_it_is_not_declared_to_read(
    home, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = home()
    generate(Plan(days=len(DATES), events=6_000, broken=0.05), str(place / "raw"), str(place / "truth.csv"))
    at_work: list[Lineage] = []
    read: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    allowed: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    enter, leave, folder, origin = Stage.__enter__, Stage.__exit__, Lake.folder, Lineage.origin

    def entering(stage: Stage) -> Stage:
        at_work.append(stage._lineage)
        return enter(stage)

    def leaving(stage: Stage, *error: object) -> None:
        at_work.pop()
        leave(stage, *error)  # type: ignore[arg-type]

    def looking(lake: Lake, asset: str, log_date: str) -> str | None:
        for name in at_work[-1].code if at_work else ():
            read[name].add((asset, log_date))
        return folder(lake, asset, log_date)

    def tracing(lineage: Lineage, lake: Lake, asset: str, log_date: str) -> object:
        for one in lineage.reads[asset](log_date):
            allowed[asset].update((one.asset, d) for d in AROUND if one.first <= d <= one.last)
        allowed[asset].add((asset, log_date))  # whether the bytes there are the same
        kept, at_work[:] = list(at_work), []
        try:
            return origin(lineage, lake, asset, log_date)
        finally:
            at_work[:] = kept

    monkeypatch.setattr(Stage, "__enter__", entering)
    monkeypatch.setattr(Stage, "__exit__", leaving)
    monkeypatch.setattr(Lake, "folder", looking)
    monkeypatch.setattr(Lineage, "origin", tracing)
    from rs_assets.definitions import build_defs
    from rs_assets.defs.jobs import RANGE_END, RANGE_START

    job = build_defs().resolve_job_def("replay_job")
    # In three runs: a step sees what it published on earlier log dates as others do.
    with dg.instance_for_test() as on:
        for first, last in (
            ("2024-01-01", "2024-01-08"),
            ("2024-01-09", "2024-01-09"),
            ("2024-01-10", "2024-01-10"),
        ):
            done = job.execute_in_process(instance=on, tags={RANGE_START: first, RANGE_END: last})
            assert done.success
    # A drift is found by looking at earlier shapes; it is no part of the object.
    allowed["site_shapes"].update(("site_shapes", log_date) for log_date in AROUND)
    split = {"valid_events", "quarantined_events"}
    for asset in split:
        allowed[asset].update((other, log_date) for other in split for log_date in DATES)
    unknown = {asset: sorted(read[asset] - allowed[asset]) for asset in read if read[asset] - allowed[asset]}
    assert unknown == {}
    assert len(read) == 23, "every asset was looked at"
    assert ("session_features", "2024-01-05") in read["purchase_intent_training"]
