"""The box: what one asset's step asks for, declared once on the asset.

Belongs here: the declaration and its rendering to an op's tags. Does not belong here: executors.
"""

from __future__ import annotations

from dataclasses import dataclass

BOX_TAG = "rs_assets/box"


@dataclass(frozen=True)
class Box:
    """The machine one step wants.

    Args:
        cpu: cores; a share, and the number of threads that engines inside are given.
        memory_gib: a limit, in GiB.
    """

    cpu: int = 1
    memory_gib: float = 2.0

    def op_tags(self) -> dict[str, str]:
        """The op's tags: what executors and the UI read."""
        return {BOX_TAG: f"cpu={self.cpu} memory={self.memory_gib:g}GiB"}

    def duckdb_settings(self, spill: str) -> tuple[str, ...]:
        """DuckDB's settings in this box: its memory less 200 MiB for the process around it; the rest spills."""
        memory = max(256, int(self.memory_gib * 1024) - 200)
        quoted = spill.replace("'", "''")
        return (f"memory_limit = '{memory}MiB'", f"threads = {self.cpu}", f"temp_directory = '{quoted}'")
