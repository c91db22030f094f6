"""Where published tables lie.

Belongs here: the one place that knows `<lake>/<environment>/<asset>/log_date=<D>/part.parquet`. Does not
belong here: writing (`stage`), reading as SQL (`views`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from rs_assets.errors import UserError
from rs_assets.log.layout import is_date

STAGING = ".staging"


@dataclass(frozen=True)
class Lake:
    """The published tables of one environment.

    Args:
        root: a folder of the local file system.
        environment: the prefix that keeps `prod` apart from every other.
    """

    root: str
    environment: str = "prod"

    def __post_init__(self) -> None:
        if "://" in self.root:
            raise UserError(f"The lake {self.root} is not a local folder.", "Set RS_LAKE to a folder.")

    @property
    def home(self) -> str:
        """The environment's folder."""
        return os.path.join(self.root, self.environment)

    def object(self, asset: str, log_date: str, name: str = "part.parquet") -> str:
        """The path of an asset's object for one log date, whether it is there or not."""
        return os.path.join(self.home, asset, f"log_date={log_date}", name)

    def has(self, asset: str, log_date: str) -> bool:
        """Whether the asset is published for this log date."""
        return os.path.exists(self.object(asset, log_date))

    def objects(self, asset: str, log_dates: list[str]) -> list[str]:
        """The published objects among these log dates, in order."""
        return [self.object(asset, d) for d in log_dates if self.has(asset, d)]

    def require(self, asset: str, log_dates: list[str]) -> list[str]:
        """The objects of all these log dates.

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
        folder = os.path.join(self.home, asset)
        if not os.path.isdir(folder):
            return []
        dates = (
            name.removeprefix("log_date=") for name in os.listdir(folder) if name.startswith("log_date=")
        )
        return sorted(d for d in dates if is_date(d) and self.has(asset, d))

    def assets(self) -> list[str]:
        """Every asset with something published, sorted."""
        if not os.path.isdir(self.home):
            return []
        return sorted(name for name in os.listdir(self.home) if name != STAGING and self.log_dates(name))
