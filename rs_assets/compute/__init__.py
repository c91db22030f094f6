"""How big a step's machine is."""

from rs_assets.compute.box import Box

__all__ = ["Box"]
