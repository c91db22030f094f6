"""The scorer as a function: AWS Lambda behind an HTTP API or a function URL, through Mangum.

Belongs here: `handler`. Does not belong here: any answer (`app`).

The lake is a folder (EFS, or in the image), named by the same variables as everywhere. What a function keeps in
memory is gone when it is: so send the session's events so far with each request, with their `timestamp_micros`; those
that it knows already do not count twice. There is no shadow mode here, for nothing runs between calls.
"""

from __future__ import annotations

import asyncio
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from rs_assets.lake import Lake
from rs_assets.scorer.app import Application
from rs_assets.scorer.scorer import Scorer
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from mangum import Mangum

LOOK_SECONDS = 60.0
"""Between looks for a newer version, in a call."""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One call of the function, as API Gateway hands it over.

    Raises:
        UserError: nobody serves in the environment.
    """
    return _made().answer(event, context)


class _Function:
    """What stays between calls, as long as it lasts."""

    def __init__(self, scorer: Scorer, adapter: Mangum) -> None:
        self._scorer, self._adapter, self._looked = scorer, adapter, time.monotonic()
        self._loop = asyncio.new_event_loop()

    def answer(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """One call."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            self._scorer.look()
        asyncio.set_event_loop(self._loop)  # Mangum takes the current one, and there may be none
        found: dict[str, Any] = self._adapter(event, context)
        return found


@cache
def _made() -> _Function:
    from mangum import Mangum

    settings = Settings.from_env()
    scorer = Scorer(Lake(settings.lake, settings.environment), sites=settings.sites)
    return _Function(scorer, Mangum(Application(scorer), lifespan="off"))
