"""The box: what one asset's step asks for, declared once on the asset.

Belongs here: the declaration, its rendering to an op's tags, and reading those. Does not belong here: executors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from rs_assets.compute.fargate import fargate_pair
from rs_assets.errors import UserError

BOX_TAG = "rs_assets/box"
K8S_TAG = "dagster-k8s/config"
ECS_CPU_TAG, ECS_MEMORY_TAG = "ecs/cpu", "ecs/memory"


@dataclass(frozen=True)
class Box:
    """The machine one step wants.

    Args:
        cpu: cores; a share, and the number of threads that engines inside are given.
        memory_gib: a limit, in GiB.
        image: of the step's container, where the asset brings its own dependencies.
        gpu: whole devices.
        retry_memory_factor: how much more memory a step is to get when it was killed for memory.

    Raises:
        UserError: a size that no machine has.
    """

    cpu: int = 1
    memory_gib: float = 2.0
    image: str | None = None
    gpu: int = 0
    retry_memory_factor: float = 2.0

    def __post_init__(self) -> None:
        if not (self.cpu > 0 and 0 < self.memory_gib < math.inf and self.gpu >= 0):
            raise UserError(f"{self} is no machine.", "Give cpu and memory_gib above 0, gpu 0 or more.")
        if not 1 <= self.retry_memory_factor < math.inf:
            raise UserError(f"{self} would retry in a smaller box.", "Give retry_memory_factor 1 or more.")

    @classmethod
    def of_tags(cls, tags: Mapping[str, str]) -> Box:
        """The box that an op's tags tell of; the default one where they tell of none.

        Raises:
            UserError: the tag is not one that `op_tags` has made.
        """
        words = dict(word.partition("=")[::2] for word in tags.get(BOX_TAG, "").split())
        box = cls()
        try:
            return cls(
                cpu=int(words.pop("cpu", box.cpu)),
                memory_gib=float(words.pop("memory", str(box.memory_gib)).removesuffix("GiB")),
                gpu=int(words.pop("gpu", box.gpu)),
                retry_memory_factor=float(words.pop("retry", box.retry_memory_factor)),
                image=words.pop("image", None),
            )
        except ValueError as problem:
            raise UserError(
                f"The tag {BOX_TAG}={tags[BOX_TAG]!r} is no box: {problem}.",
                "Give the asset `op_tags=Box(…).op_tags()`.",
            ) from None

    @property
    def memory_mib(self) -> int:
        """The limit in whole MiB, never less than asked."""
        return math.ceil(self.memory_gib * 1024)

    def op_tags(self) -> dict[str, str]:
        """The op's tags: what executors and the UI read.

        A box with a GPU has no tags for ECS: Fargate has none. dagster-aws would run it in the size of the step
        before, so an executor for ECS has to ask `fargate` first.
        """
        tags = {BOX_TAG: self._words(), K8S_TAG: json.dumps(self._k8s(), sort_keys=True)}
        if not self.gpu:
            units, mib = self.fargate()
            tags |= {ECS_CPU_TAG: str(units), ECS_MEMORY_TAG: str(mib)}
        return tags

    def fargate(self) -> tuple[int, int]:
        """CPU units and MiB of the smallest Fargate task that holds the box.

        Raises:
            UserError: the box is larger than any, or asks for a GPU.
        """
        if self.gpu:
            raise UserError(f"{self._words()}: Fargate has no GPU.", "Run the asset on Docker or Kubernetes.")
        return fargate_pair(self.cpu, self.memory_gib)

    def duckdb_settings(self, spill: str) -> tuple[str, ...]:
        """DuckDB's settings in this box: its memory less 200 MiB for the process around it; the rest spills."""
        memory = max(256, int(self.memory_gib * 1024) - 200)
        quoted = spill.replace("'", "''")
        return (f"memory_limit = '{memory}MiB'", f"threads = {self.cpu}", f"temp_directory = '{quoted}'")

    def _words(self) -> str:
        words = f"cpu={self.cpu} memory={self.memory_gib!r}GiB".replace(".0GiB", "GiB")
        words += f" gpu={self.gpu}" if self.gpu else ""
        words += f" retry={self.retry_memory_factor!r}" if self.retry_memory_factor != 2 else ""
        return words + (f" image={self.image}" if self.image else "")

    def _k8s(self) -> dict[str, object]:
        # No CPU limit: a hard quota makes a small box slow to start. Memory is never promised twice.
        memory = f"{self.memory_mib}Mi"
        limits = {"memory": memory} | ({"nvidia.com/gpu": str(self.gpu)} if self.gpu else {})
        resources = {"requests": {"cpu": str(self.cpu), "memory": memory}, "limits": limits}
        image = {"image": self.image} if self.image else {}
        return {"container_config": {"resources": resources, **image}}
