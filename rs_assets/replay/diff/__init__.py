"""What a change did: two environments, or a replay's receipt and one, compared asset by asset. No Dagster.

`compare` makes a `Difference`; `markdown` and `page` say it.
"""

from rs_assets.replay.diff.compare import Side, compare
from rs_assets.replay.diff.difference import Difference
from rs_assets.replay.diff.markdown import markdown
from rs_assets.replay.diff.page import page
from rs_assets.replay.diff.receipted import Receipted

__all__ = ["Difference", "Receipted", "Side", "compare", "markdown", "page"]
