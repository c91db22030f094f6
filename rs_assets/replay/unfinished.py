"""The replay that did not come to its end, remembered so that it can go on.

Belongs here: the note that is written before a replay and removed after it. Does not belong here: what is left to do,
which the objects themselves tell (`stale`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rs_assets.errors import UserError
from rs_assets.lake.locks import alone_if_free, shared


@dataclass(frozen=True)
class Unfinished:
    """Which replay it was: its log dates, both inclusive, and its assets (all, if none)."""

    first: str
    last: str
    only: list[str]


def note(home: str, environment: str, replay: Unfinished) -> None:
    """Remember a replay before it begins; one that was noted is forgotten."""
    path = _path(home, environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(replay), sort_keys=True) + "\n", encoding="utf-8")
    os.replace(fresh, path)


def done(home: str, environment: str) -> None:
    """Forget it: it came to its end."""
    _path(home, environment).unlink(missing_ok=True)


def noted(home: str, environment: str) -> Unfinished | None:
    """The replay that did not come to its end, if there is one.

    Raises:
        UserError: the note cannot be read.
    """
    path = _path(home, environment)
    try:
        return Unfinished(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise UserError(f"{path} is no note of a replay.", "Remove it, and replay.") from None


@contextmanager
def at_work(home: str, environment: str) -> Iterator[None]:
    """Let others see that the replay that is noted is at work; however it ends, they see that too."""
    path = _path(home, environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    with shared(str(path.with_suffix(".lock"))):
        yield


def interrupted(home: str, environment: str) -> Unfinished | None:
    """The replay that did not come to its end, unless one is at work."""
    found, lock = noted(home, environment), _path(home, environment).with_suffix(".lock")
    if found is None or not lock.exists():
        return found
    try:
        with alone_if_free(str(lock)) as free:
            return found if free else None
    except OSError:  # who may not write here cannot tell
        return found


def _path(home: str, environment: str) -> Path:
    return Path(home) / "replays" / f"{environment}.json"
