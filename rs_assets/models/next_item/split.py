"""The temporal split: learn from sessions that had ended, measure on those that ended later.

Belongs here: who stands on which side, and the proof that nobody stands on both. Does not belong here: how many are
enough (`training`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from rs_assets.errors import UserError
from rs_assets.models.next_item.limits import VALIDATION_SHARE


@dataclass(frozen=True, eq=False)
class Split:
    """The two sides of ITEM_EVENTS.

    Attributes:
        boundary: when the first session of the validation side ended; None where there is no session.
        training: events of sessions that ended before it.
        validation: events of the others, those included that they had before the boundary: a session is on one side.
    """

    boundary: dt.datetime | None
    training: pl.DataFrame
    validation: pl.DataFrame


def temporal_split(events: pl.DataFrame) -> Split:
    """Split one site's events by when their session ended: one in VALIDATION_SHARE, the latest, is for validation.

    A session that ended later than the boundary is not trained on, not even its first half: at the boundary it was
    still going on, and with it on the training side the model would be asked about sessions that it remembers.
    """
    ends = events.group_by("session_id").agg(ended_at=pl.col("event_time").max())
    if ends.is_empty():
        return Split(None, events, events)
    times = ends["ended_at"].sort()
    boundary = times[-max(1, len(times) // VALIDATION_SHARE)]
    late = ends.filter(pl.col("ended_at") >= boundary).select("session_id")
    return Split(
        boundary,
        events.join(late, on="session_id", how="anti", maintain_order="left"),
        events.join(late, on="session_id", how="semi", maintain_order="left"),
    )


def across(training: pl.DataFrame, validation: pl.DataFrame) -> int:
    """How many sessions are on both sides; none, of an honest split."""
    return training.select("session_id").unique().join(validation, on="session_id", how="semi").height


def refuse_leaks(split: Split) -> None:
    """Nothing is measured on what was learned from, nor on what was over before the last of it.

    Raises:
        UserError: a session is on both sides, or one of the training side ended at the boundary or later.
    """
    both = across(split.training, split.validation)
    last = split.training["event_time"].max()
    late = isinstance(last, dt.datetime) and split.boundary is not None and last >= split.boundary
    if both or late:
        problem = (
            f"{both} sessions are on both sides" if both else f"the training side goes on until {last!s}"
        )
        raise UserError(
            f"The split at {split.boundary} leaks: {problem}, so what is measured would be remembered.",
            "Split by the time at which sessions ended, as `temporal_split` does.",
        )


def latest(events: pl.DataFrame, sessions: int) -> pl.DataFrame:
    """The events of the sessions of one site that ended last, at most so many."""
    ends = events.group_by("session_id").agg(ended_at=pl.col("event_time").max())
    kept = ends.sort(["ended_at", "session_id"], descending=[True, False]).head(sessions)
    return events.join(kept, on="session_id", how="semi", maintain_order="left")
