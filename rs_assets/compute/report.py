"""What each step asked for, what it used, and what it should ask for.

Belongs here: the sums and the proposal. Does not belong here: where uses are read from (`rs_assets.defs.uses`),
how the report looks (`page`, `rs-assets boxes`), changing declarations (`declarations`).
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rs_assets.compute.box import Box
from rs_assets.compute.prices import Prices

HEADROOM = 1.25
"""Of what a step used at most: logs grow, and a kill costs a run."""
FLOOR_GIB, STEP_GIB = 0.5, 0.25
AFTER_KILL = 1.5
"""Of the limit at which a step was killed: what it needed is not known, only that it is more."""


@dataclass(frozen=True)
class Use:
    """What one run of a step used.

    Attributes:
        run: the run's id.
        memory_mib: at its peak.
        cpu_seconds: of all threads.
        wall_seconds: of the step's work.
    """

    run: str
    memory_mib: float
    cpu_seconds: float
    wall_seconds: float


@dataclass(frozen=True)
class Step:
    """A step of the graph with its history.

    Attributes:
        name: the op's.
        assets: what it makes.
        box: what it asks for.
        uses: a run each.
        kills: the limits, in MiB, at which it was killed for memory.
    """

    name: str
    assets: tuple[str, ...]
    box: Box
    uses: tuple[Use, ...] = ()
    kills: tuple[int, ...] = ()


@dataclass(frozen=True)
class Row:
    """What the report says of one step; what it has no run for is None.

    Attributes:
        step: the op's name.
        assets: what it makes.
        runs: how many were looked at.
        asked: its box.
        memory_p50_mib: used, the median over its runs.
        memory_max_mib: used, the most.
        cores_p50: busy, the median: CPU seconds a second.
        wall_p50_seconds: the median.
        kills: how often it was killed for memory.
        proposed: what it should ask for; what it asks for if there is nothing to go by.
        saved_gib: memory that the proposal gives back; negative if it needs more.
        cost: of 1,000 median runs in its box.
        proposed_cost: of as many in the proposed one.
    """

    step: str
    assets: tuple[str, ...]
    runs: int
    asked: Box
    memory_p50_mib: float | None
    memory_max_mib: float | None
    cores_p50: float | None
    wall_p50_seconds: float | None
    kills: int
    proposed: Box
    saved_gib: float
    cost: float | None
    proposed_cost: float | None


def proposed_gib(memory_mib: float) -> float:
    """The memory to ask for where this much was used, in GiB."""
    return max(FLOOR_GIB, round_up(memory_mib * HEADROOM / 1024))


def round_up(gib: float) -> float:
    """To whole steps of a quarter of a GiB."""
    return math.ceil(round(gib / STEP_GIB, 6)) * STEP_GIB


def propose(box: Box, uses: Sequence[Use], kills: Sequence[int]) -> Box:
    """The box that holds all that was seen; cores and the rest stay, since they are the asset's own choice."""
    seen = [proposed_gib(use.memory_mib) for use in uses]
    seen += [round_up(limit / 1024 * AFTER_KILL) for limit in kills]
    return dataclasses.replace(box, memory_gib=max(seen)) if seen else box


def report(steps: Iterable[Step], prices: Prices) -> list[Row]:
    """A row a step, in their order."""
    return [_row(step, prices) for step in steps]


def wanted(rows: Iterable[Row]) -> dict[str, float]:
    """The memory that each step should ask for, in GiB, where it is not what it asks for."""
    return {row.step: row.proposed.memory_gib for row in rows if row.proposed != row.asked}


def _row(step: Step, prices: Prices) -> Row:
    proposed = propose(step.box, step.uses, step.kills)
    memory = [use.memory_mib for use in step.uses]
    cores = [use.cpu_seconds / use.wall_seconds for use in step.uses if use.wall_seconds > 0]
    wall = statistics.median(use.wall_seconds for use in step.uses) if step.uses else None
    return Row(
        step=step.name,
        assets=step.assets,
        runs=len(step.uses),
        asked=step.box,
        memory_p50_mib=statistics.median(memory) if memory else None,
        memory_max_mib=max(memory, default=None),
        cores_p50=statistics.median(cores) if cores else None,
        wall_p50_seconds=wall,
        kills=len(step.kills),
        proposed=proposed,
        saved_gib=step.box.memory_gib - proposed.memory_gib,
        cost=None if wall is None else 1000 * prices.cost(step.box, wall),
        proposed_cost=None if wall is None else 1000 * prices.cost(proposed, wall),
    )


def as_json(rows: Iterable[Row], prices: Prices) -> Mapping[str, object]:
    """The report for a script."""
    return {"prices": dataclasses.asdict(prices), "steps": [dataclasses.asdict(row) for row in rows]}
