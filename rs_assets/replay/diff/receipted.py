"""A receipt as a side of a comparison: the objects that it names, as long as the lake has them.

Belongs here: finding an object by its digest. Does not belong here: receipts (`replay.receipt`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from rs_assets.errors import UserError
from rs_assets.lake import objects, records
from rs_assets.lake.records import PART, Record
from rs_assets.replay.receipt import Receipt


@dataclass(frozen=True)
class Receipted:
    """What a replay came to, by its receipt.

    Args:
        root: of the lake.
        environment: how it is called in the comparison.
        receipt: of the replay.
    """

    root: str
    environment: str
    receipt: Receipt

    def assets(self) -> list[str]:
        """Assets with outputs, sorted."""
        return sorted(self.receipt.outputs)

    def log_dates(self, asset: str) -> list[str]:
        """Log dates of an asset's outputs, sorted."""
        return sorted(self.receipt.outputs.get(asset, {}))

    def folder(self, asset: str, log_date: str) -> str | None:
        """The folder of an output's object.

        Raises:
            UserError: it is gone.
        """
        digest = self.receipt.outputs.get(asset, {}).get(log_date)
        if digest is None:
            return None
        home = objects.home(self.root, asset, log_date)
        for name in sorted(os.listdir(home)) if os.path.isdir(home) else []:
            path = os.path.join(home, name, records.NAME)
            if "." not in name and os.path.exists(path) and records.read(path).digest == digest:
                return os.path.join(home, name)
        raise UserError(
            f"The object of {asset} for log date {log_date} that {self.environment} names is gone.",
            "What no environment has any more is collected after a day. Replay into an environment and compare that.",
        )

    def record(self, asset: str, log_date: str) -> Record | None:
        """What an output was made of; None if there is none."""
        folder = self.folder(asset, log_date)
        return records.read(os.path.join(folder, records.NAME)) if folder else None

    def object(self, asset: str, log_date: str, name: str = PART) -> str:
        """The path of an output's file."""
        return os.path.join(self.folder(asset, log_date) or "", name)
