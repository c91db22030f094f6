"""What one kind of damage is.

Belongs here: `Kind`. Does not belong here: the kinds themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

Scope = Literal["event", "request", "line", "copy"]


@dataclass(frozen=True)
class Kind:
    """One way to break an otherwise valid event, so that it has exactly one reason to be turned away.

    Args:
        reason: the class.
        events: numbers of the events on which it makes sense and violates nothing else.
        scope: what is lost: the `event` alone; each event of the `request`; the whole `line`; or nothing,
            because the line is a `copy` of one that was received before, but for the patch.
        patch: new JSON text for some columns of `fields`.
        text: for a line whose payload is not JSON: what was sent, from the body that was meant.
        damage: for a line that is not JSON: its bytes from those of the sound line (without the newline)
            and a random number.
    """

    reason: str
    events: tuple[int, ...]
    scope: Scope = "event"
    patch: dict[str, pl.Expr] = field(default_factory=dict)
    text: Callable[[pl.Expr], pl.Expr] | None = None
    damage: Callable[[bytes, int], bytes] | None = None
