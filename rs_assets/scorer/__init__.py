"""The scorer: answers about sessions that are under way, over HTTP, by the champions of an environment.

The front of the package: `Scorer` and the ASGI application over it. Importing it does not load scikit-learn.
"""

from rs_assets.scorer.app import Application
from rs_assets.scorer.scorer import Scorer

__all__ = ["Application", "Scorer"]
