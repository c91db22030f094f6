"""GA4's events of games and what each requires (source: Google's GA4 event builder).

A `value` of theirs may be of a virtual currency: VALUE_CURRENCY_PAIR (see `event`) passes over those.
"""

from __future__ import annotations

from rs_assets.contract.schemas.event_type import event_type

GAMES = (
    event_type("level_up"),
    event_type("post_score", "score"),
    event_type("earn_virtual_currency"),
    event_type("spend_virtual_currency", "value", "virtual_currency_name"),
    event_type("unlock_achievement", "achievement_id"),
)
