"""The contract's pandera schemas: the envelope, the event, the event types, the item."""

from rs_assets.contract.schemas.commerce import COMMERCE
from rs_assets.contract.schemas.engagement import ENGAGEMENT
from rs_assets.contract.schemas.envelope import ENVELOPE
from rs_assets.contract.schemas.event import BODY, EVENT, PARAMS, event_micros, event_name
from rs_assets.contract.schemas.games import GAMES
from rs_assets.contract.schemas.items import ITEM
from rs_assets.contract.schemas.shadow import SHADOW
from rs_assets.contract.schemas.shape import SHAPE

EVENT_TYPES = {str(schema.name): schema for schema in (*COMMERCE, *ENGAGEMENT, *GAMES, *SHADOW)}
EVENT_NAME = event_name(tuple(EVENT_TYPES))

__all__ = [
    "BODY",
    "ENVELOPE",
    "EVENT",
    "EVENT_NAME",
    "EVENT_TYPES",
    "ITEM",
    "PARAMS",
    "SHAPE",
    "event_micros",
]
