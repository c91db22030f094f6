"""The decisions log: what persons decided about champions, one JSON object a line, only ever appended to.

Belongs here: reading it, adding to it. Does not belong here: what follows from a decision (`standing`).

It is an input of the graph like the raw log: a replay repeats what was decided then, on the log date from which it
was to hold.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass

from rs_assets.errors import UserError
from rs_assets.log.layout import is_date
from rs_assets.models.cuts import cut_of

ASSET = "decisions"
"""Its name as an input of assets."""

ACTIONS = ("promote", "rollback")


@dataclass(frozen=True)
class Decision:
    """A person's decision.

    Attributes:
        log_date: from which it holds, `YYYY-MM-DD`.
        model: `next_item` or `purchase_intent`.
        action: one of ACTIONS; a rollback is a promotion of the one before, and is told as such.
        cut: of the model that serves from then on, `YYYY-MM-DD`, until the gate promotes another.
        by: who decided.
        why: in their words.
        decided_at: when, UTC.
    """

    log_date: str
    model: str
    action: str
    cut: str
    by: str
    why: str
    decided_at: str

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, str):
                raise ValueError(f"{name} is no text")
        if self.action not in ACTIONS:
            raise ValueError(f"action is {self.action!r}, and is one of {', '.join(ACTIONS)}")
        for name in ("log_date", "cut"):
            if not is_date(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)!r}, and is written YYYY-MM-DD")
        day = dt.date.fromisoformat(self.cut)
        if cut_of(day) != day:
            raise ValueError(f"cut is {self.cut}, which is no Monday")
        if self.cut > self.log_date:
            raise ValueError(f"the model of {self.cut} cannot serve on {self.log_date}: it has seen it")


@dataclass(frozen=True)
class Decisions:
    """The log, as it was read."""

    made: tuple[Decision, ...] = ()

    @classmethod
    def read(cls, path: str) -> Decisions:
        """Read the file; there need not be one.

        Raises:
            UserError: a line of it is no decision.
        """
        if not os.path.exists(path):
            return cls()
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
        return cls(tuple(_decision(path, n, line) for n, line in enumerate(lines, 1) if line.strip()))

    def on(self, model: str, log_date: str) -> tuple[Decision, ...]:
        """Those about a model that hold from a log date on, in the order in which they were made."""
        return tuple(d for d in self.made if d.model == model and d.log_date == log_date)

    def version(self, model: str) -> Callable[[str], str | None]:
        """A digest of what was decided for a log date, as an input has one; None where nothing was."""

        def digest(log_date: str) -> str | None:
            made = [asdict(decision) for decision in self.on(model, log_date)]
            return hashlib.sha256(json.dumps(made).encode()).hexdigest() if made else None

        return digest


def append(path: str, decision: Decision) -> None:
    """Add a decision to the log; it is on the disk when this returns."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(asdict(decision)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _decision(path: str, number: int, line: bytes) -> Decision:
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict):
            raise ValueError("it is no object")
        return Decision(**fields)
    except (TypeError, ValueError) as problem:
        raise UserError(
            f"{path}:{number} is no decision: {problem}.",
            "`rs-assets model promote` and `rollback` write it; a line that was edited must be mended by hand.",
        ) from problem
