"""Payloads that are not GA4's, as GA4 bodies: gtag.js, Snowplow's tp2, Segment's HTTP API.

Each module has one pure function from what was sent to `Piece`s. What it cannot map stays text, and is quarantined.
"""

from rs_assets.collector.dialects.piece import Piece

__all__ = ["Piece"]
