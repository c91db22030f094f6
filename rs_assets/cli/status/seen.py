"""The lake as it is now, each of its objects looked up once. Nothing else belongs here."""

from __future__ import annotations

import os
from functools import cached_property

from rs_assets.lake import Lake


class Seen(Lake):
    """The lake as it was when it was first asked: status asks of each object, and thousands of inputs name it."""

    @cached_property
    def _folders(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for lake in reversed(self.chain):
            for asset in lake.own_assets():
                of_asset = found.setdefault(asset, {})
                for log_date in lake.own_log_dates(asset):
                    of_asset[log_date] = os.path.realpath(
                        os.path.join(lake.home, asset, f"log_date={log_date}")
                    )
        return found

    def folder(self, asset: str, log_date: str) -> str | None:
        """As of a lake."""
        return self._folders.get(asset, {}).get(log_date)

    def log_dates(self, asset: str) -> list[str]:
        """As of a lake."""
        return sorted(self._folders.get(asset, ()))
