"""Replay: which log dates, in which runs, and what came out."""

from rs_assets.replay.plan import plan
from rs_assets.replay.summary import Summary, summarize

__all__ = ["Summary", "plan", "summarize"]
