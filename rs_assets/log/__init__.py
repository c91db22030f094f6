"""The raw log: envelopes in segments, by site and log date. Immutable, and the only state there is."""

from rs_assets.log.layout import RawLog, Segment

__all__ = ["RawLog", "Segment"]
