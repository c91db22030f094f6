"""Stage, audit, publish.

Belongs here: writing objects where no reader looks, and publishing all that a step made in one switch. Does not
belong here: what the audit checks; the caller raises before `publish` and nothing is published.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType

from rs_assets.lake import objects, records, versions
from rs_assets.lake.lineage import Lineage
from rs_assets.lake.locks import alone, shared
from rs_assets.lake.paths import Lake
from rs_assets.lake.records import PART, Origin, Record

UNKNOWN = Lineage({}, {})


class Stage:
    """Objects on their way into the lake.

    Used as `with Stage(lake) as stage: write to stage.path(...); check; stage.finish(...); stage.publish()`. Leaving
    the block without `publish` leaves the lake as it was. What was finished is kept, unseen, for whoever makes the
    same again within a day: an interrupted step goes on where it stopped.

    Args:
        lake: the environment to publish into.
        lineage: what objects follow from.
        reuse: whether objects may stay, or be taken from an interrupted step, that follow from what they would
            follow from now (`keep`).

    Attributes:
        lake: the environment as it is with what is finished here, which no one else sees yet.
        differing: objects of which another one exists that follows from the same, with other bytes: the asset's
            code does not always do the same.
    """

    def __init__(self, lake: Lake, lineage: Lineage = UNKNOWN, *, reuse: bool = False) -> None:
        self._finished: dict[tuple[str, str], str] = {}
        self._kept: set[tuple[str, str]] = set()
        self._asked: set[tuple[str, str]] = set()
        self._staged: dict[tuple[str, str], set[str]] = {}
        self._target = lake
        self._lineage = lineage
        self._reuse = reuse
        self._exit = ExitStack()
        # The name is for this process alone and never reaches an object's bytes.
        self._folder = os.path.join(lake.root, versions.STAGING, uuid.uuid4().hex)
        self._lock = os.path.join(lake.root, versions.LOCK)
        self.lake = Lake(lake.root, lake.environment, self._finished)
        self.differing: list[tuple[str, str]] = []

    def __enter__(self) -> Stage:
        os.makedirs(self._target.root, exist_ok=True)
        with shared(self._lock):
            os.makedirs(self._folder)
            self._exit.enter_context(
                alone(self._folder)
            )  # a staging folder that nobody holds is a dead step's
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._exit.close()

    def path(self, asset: str, log_date: str, name: str = PART) -> str:
        """Where to write a file of an object."""
        folder = self._object(asset, log_date)
        if (asset, log_date) not in self._staged:
            os.makedirs(folder)
        self._staged.setdefault((asset, log_date), set()).add(name)
        return os.path.join(folder, name)

    def scratch(self, name: str) -> str:
        """A path that is thrown away with the stage."""
        return os.path.join(self._folder, name)

    def pending(self, assets: Iterable[str], log_dates: Iterable[str]) -> Iterator[str]:
        """The log dates for which these assets, made together, are to be made anew; looked at one by one."""
        names, dates = list(assets), list(log_dates)
        self._lineage.prepare(names, dates)
        for log_date in dates:
            if not all([self.keep(asset, log_date) for asset in names]):
                self._asked.update((asset, log_date) for asset in names)
                yield log_date

    def keep(self, asset: str, log_date: str) -> bool:
        """Whether the object need not be made: it is there, and follows from what it would follow from now."""
        origin = self._origin(asset, log_date)  # in any case: what the log has is asked before it is read
        if not self._reuse or not self._lineage.known(asset):
            return False
        if any(self._lineage.covers(asset, log_date, one) for one in self._asked):
            return False  # it reads an object that is about to be made, and may come out otherwise
        record = self.lake.readable(asset, log_date)
        if record is not None and record.origin == origin:
            self._kept.add((asset, log_date))
            return True
        with shared(self._lock):
            found = objects.of_origin(self._target.root, asset, log_date, origin)
            if len(found) != 1:
                return False
            os.utime(found[0])  # not to be collected
        self._finished[asset, log_date] = found[0]
        return True

    def finish(self, asset: str, log_date: str) -> Record:
        """An object is whole and was audited: it is seen by `lake` of this stage, and survives it.

        Log dates are finished in order, since an object may be made of its own asset's previous one.

        Raises:
            FileNotFoundError: one of its files was not written.
        """
        origin = self._origin(asset, log_date)
        root, folder = self._target.root, self._object(asset, log_date)
        names = self._staged[asset, log_date]
        record = objects.describe(
            folder, names, asset, log_date, origin, self._target.folder(asset, log_date)
        )
        with shared(self._lock):
            place = objects.keep(root, record, folder)
        if self._lineage.known(asset) and len(objects.of_origin(root, asset, log_date, origin)) > 1:
            self.differing.append((asset, log_date))
        del self._staged[asset, log_date]
        self._asked.discard((asset, log_date))
        self._finished[asset, log_date] = place
        return record

    def publish(self) -> dict[tuple[str, str], Record]:
        """Switch the environment to all that was finished, and what is staged still; returns it all.

        The records of what was kept are among them.
        """
        for asset, log_date in sorted(self._staged):
            self.finish(asset, log_date)
        made = dict(self._finished)
        root, environment = self._target.root, self._target.environment
        parent = self._target.parent
        with versions.switching(root, environment), shared(self._lock):
            names = versions.tables(root, self._target.version)
            changed = {
                asset: versions.table(root, asset, names[asset]) if asset in names else {}
                for asset in sorted({asset for asset, _ in made})
            }
            for (asset, log_date), folder in made.items():
                changed[asset][log_date] = os.path.basename(folder)
            if changed:
                versions.switch(root, environment, changed, "replay", parent.environment if parent else None)
        kept = {(a, d): self._target.record(a, d) for a, d in self._kept}
        self._finished.clear()
        return {
            **{key: records.read(os.path.join(folder, records.NAME)) for key, folder in made.items()},
            **{key: record for key, record in kept.items() if record is not None},
        }

    def _origin(self, asset: str, log_date: str) -> Origin:
        return self._lineage.origin(self.lake, asset, log_date)

    def _object(self, asset: str, log_date: str) -> str:
        return os.path.join(self._folder, asset, f"log_date={log_date}")
