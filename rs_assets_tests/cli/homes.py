"""Homes: an RS_HOME with a raw log and a lake, as several tests of the command line need it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rs_assets.lake import Lake
from rs_assets.log import RawLog
from rs_assets.log.generator import Plan, Summary


@dataclass(frozen=True)
class Home:
    """An RS_HOME, and what was generated into it."""

    path: Path
    plan: Plan
    summary: Summary

    @property
    def lake(self) -> Lake:
        return Lake(str(self.path / "lake"))

    @property
    def log(self) -> RawLog:
        return RawLog(str(self.path / "raw"))

    @property
    def truth(self) -> Path:
        return self.path / "truth.csv"
