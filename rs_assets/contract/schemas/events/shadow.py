"""What a scorer notes of its own answers in shadow mode, and what each note requires.

No shopper does these: sessions and item statistics leave out every event whose name begins with PREFIX
(`dbt/macros/by_shoppers.sql`). Both say in `method` which model answered, in `content_type` whether it is the
champion or the challenger, and in `content_id` its cut.
"""

from __future__ import annotations

from rs_assets.contract.schemas.event_type import event_type

PREFIX = "shadow_"
RECOMMENDATION, INTENT = f"{PREFIX}recommendation", f"{PREFIX}intent"

SHADOW = (
    event_type(RECOMMENDATION, "items"),
    event_type(INTENT, "score"),
)
"""`items` are those recommended, the likeliest first; `score` is the probability that the session buys."""
