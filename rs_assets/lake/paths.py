"""Reading the lake: which objects an environment has, and where they are.

Belongs here: `Lake`. Does not belong here: how versions are made (`versions`), writing (`stage`), reading as SQL
(`views`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from rs_assets.errors import UserError
from rs_assets.lake import records, versions
from rs_assets.lake.records import PART, Record
from rs_assets.log.layout import is_date

PROD = "prod"


@dataclass(frozen=True)
class Lake:
    """The published tables of one environment; what it has not, it reads from its parent.

    Args:
        root: a folder of the local file system.
        environment: which one. `prod` has no parent; another one has the parent it was created with, `prod` if it
            was not created yet.
        finished: folders of objects, by asset and log date, that come before those published: a step's own.
    """

    root: str
    environment: str = PROD
    finished: Mapping[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if "://" in self.root:
            raise UserError(f"The lake {self.root} is not a local folder.", "Set RS_LAKE to a folder.")

    @property
    def home(self) -> str:
        """Where the environment lies for whoever reads it with other tools; parts may be its parent's."""
        return versions.home(self.root, self.environment)

    @property
    def version(self) -> versions.Version | None:
        """The version in force; None if nothing was ever published."""
        return versions.current(self.root, self.environment)

    @property
    def parent(self) -> Lake | None:
        """The environment that is read where this one has nothing."""
        there = self.version
        if there is None:
            return Lake(self.root) if self.environment != PROD else None
        return Lake(self.root, there.parent) if there.parent else None

    @property
    def chain(self) -> list[Lake]:
        """The environment, its parent, the parent's parent and so on."""
        found: list[Lake] = [self]
        while (parent := found[-1].parent) is not None:
            found.append(parent)
        return found

    def folder(self, asset: str, log_date: str) -> str | None:
        """Where the files of an object are, never to change; None if there is none."""
        if folder := self.finished.get((asset, log_date)):
            return folder
        return next((found for lake in self.chain if (found := lake.own(asset, log_date))), None)

    def own(self, asset: str, log_date: str) -> str | None:
        """The same, of what the environment itself has published."""
        place = os.path.join(self.home, asset, f"log_date={log_date}")
        if not os.path.islink(place):
            self.version  # noqa: B018  a folder that is no environment is an error, not an empty lake
            return None
        return os.path.realpath(place)

    def object(self, asset: str, log_date: str, name: str = PART) -> str:
        """The path of an object's file; if it is not published, the one it would have."""
        folder = self.folder(asset, log_date)
        return os.path.join(folder, name) if folder else self.place(asset, log_date, name)

    def place(self, asset: str, log_date: str, name: str = PART) -> str:
        """The path that a person would look at, which shows what is published at that time."""
        owner = next((lake for lake in self.chain if lake.own(asset, log_date)), self)
        return os.path.join(owner.home, asset, f"log_date={log_date}", name)

    def record(self, asset: str, log_date: str) -> Record | None:
        """What an object was made of; None if there is none.

        Raises:
            UserError: it is damaged.
        """
        folder = self.folder(asset, log_date)
        try:
            return records.read(os.path.join(folder, records.NAME)) if folder else None
        except records.UNREADABLE as problem:
            there = "" if self.environment == PROD else f" --environment {self.environment}"
            raise UserError(
                f"The object of {asset} for log date {log_date} is damaged: {problem}",
                f"Rebuild it: `rs-assets replay --from {log_date} --to {log_date}{there}`.",
            ) from None

    def readable(self, asset: str, log_date: str) -> Record | None:
        """The same, where what is damaged is to be made anew: it is as good as none."""
        folder = self.folder(asset, log_date)
        try:
            return records.read(os.path.join(folder, records.NAME)) if folder else None
        except records.UNREADABLE:
            return None

    def has(self, asset: str, log_date: str) -> bool:
        """Whether the asset is published for this log date."""
        return self.folder(asset, log_date) is not None

    def objects(self, asset: str, log_dates: list[str]) -> list[str]:
        """The tables published among these log dates, in order."""
        folders = (self.folder(asset, log_date) for log_date in log_dates)
        return [os.path.join(folder, PART) for folder in folders if folder]

    def require(self, asset: str, log_dates: list[str]) -> list[str]:
        """The tables of all these log dates.

        Raises:
            UserError: one of them is not published.
        """
        for log_date in log_dates:
            if not self.has(asset, log_date):
                raise UserError(
                    f"{asset} has no object for log date {log_date} in the environment {self.environment}.",
                    f"Materialize {asset} for that date first: `rs-assets replay --from {log_date} --to {log_date}`.",
                )
        return self.objects(asset, log_dates)

    def log_dates(self, asset: str) -> list[str]:
        """The log dates for which the asset is published, sorted."""
        found = {log_date for of, log_date in self.finished if of == asset}
        for lake in self.chain:
            found.update(lake.own_log_dates(asset))
        return sorted(found)

    def own_log_dates(self, asset: str) -> list[str]:
        """Those that the environment itself has published, sorted."""
        folder = os.path.join(self.home, asset)
        names = os.listdir(folder) if os.path.isdir(folder) else []
        dates = (name.removeprefix("log_date=") for name in names if name.startswith("log_date="))
        return sorted(date for date in dates if is_date(date))

    def assets(self) -> list[str]:
        """Every asset with something published, sorted."""
        found = {asset for asset, _ in self.finished}
        for lake in self.chain:
            found.update(lake.own_assets())
        return sorted(found)

    def own_assets(self) -> list[str]:
        """Those of which the environment itself has published something, sorted."""
        return sorted(versions.tables(self.root, self.version))
