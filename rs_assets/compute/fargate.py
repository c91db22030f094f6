"""Sizes that AWS Fargate sells: pairs of CPU units and MiB of memory.

Belongs here: the table and rounding up to it. Does not belong here: what asks for a size (`box`).
"""

from __future__ import annotations

from rs_assets.errors import UserError

# From "Task CPU and memory" in the ECS developer guide, Linux tasks.
SIZES: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
"""CPU units (1024 a core), and the MiB of memory that can be had with them; both rise."""


def fargate_pair(cpu: float, memory_gib: float) -> tuple[int, int]:
    """The smallest pair of CPU units and MiB with at least these cores and this memory; few CPU units go first.

    Raises:
        UserError: Fargate has none as large.
    """
    for units, memories in SIZES.items():
        if units >= cpu * 1024:
            for mib in memories:
                if mib >= memory_gib * 1024:
                    return units, mib
    raise UserError(
        f"Fargate has no task of {cpu:g} CPU and {memory_gib:g} GiB: the largest has 16 CPU and 120 GiB.",
        "Ask for a smaller Box, or run the asset on Docker or Kubernetes.",
    )
