"""Stage, audit, publish.

Belongs here: writing objects where no reader looks, and putting them in place by atomic renames. Does not
belong here: what the audit checks; the caller raises before `publish` and nothing is published.
"""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass, field
from types import TracebackType

from rs_assets.lake.paths import STAGING, Lake
from rs_assets.lake.tables import digest


@dataclass
class Stage:
    """Objects on their way into the lake.

    Used as `with Stage(lake) as stage: write to stage.path(...); check; stage.publish()`. Leaving the block
    without `publish` leaves the lake as it was.
    """

    lake: Lake
    _folder: str = field(init=False)
    _staged: dict[tuple[str, str, str], str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        # The name is for this process alone and never reaches an object's bytes.
        self._folder = os.path.join(self.lake.home, STAGING, uuid.uuid4().hex)

    def __enter__(self) -> Stage:
        os.makedirs(self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def path(self, asset: str, log_date: str, name: str = "part.parquet") -> str:
        """Where to write an asset's object for one log date."""
        staged = os.path.join(self._folder, f"{asset}.{log_date}.{name}")
        self._staged[asset, log_date, name] = staged
        return staged

    def scratch(self, name: str) -> str:
        """A path that is thrown away with the stage."""
        return os.path.join(self._folder, name)

    def publish(self) -> dict[tuple[str, str], str]:
        """Put every staged object in its place; returns the SHA-256 of each by (asset, log date)."""
        objects = sorted(self._staged.items())
        # All are read before the first is moved: one that was never written is found while nothing is published.
        digests = {(asset, log_date): digest(staged) for (asset, log_date, _), staged in objects}
        for (asset, log_date, name), staged in objects:
            target = self.lake.object(asset, log_date, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.replace(staged, target)
        self._staged.clear()
        return digests
