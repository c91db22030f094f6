"""The dbt models' side of the lake: what one invocation of dbt reads, and how its result is published."""

from rs_assets.transform.publish import publish_model
from rs_assets.transform.run import ModelRun, chunks

__all__ = ["ModelRun", "chunks", "publish_model"]
