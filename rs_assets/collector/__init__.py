"""The collector: an HTTP endpoint that appends to the raw log, whatever it is sent, and loses nothing it has taken.

The front of the package. It knows no contract: what a payload is worth is the graph's to say, a day later.
"""

from rs_assets.collector.app import Application
from rs_assets.collector.committer import Committer
from rs_assets.collector.stores import store_at

__all__ = ["Application", "Committer", "store_at"]
