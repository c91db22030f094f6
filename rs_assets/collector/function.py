"""The collector as a function: AWS Lambda behind an HTTP API or a function URL, through Mangum.

Belongs here: `handler`. Does not belong here: any answer (`app`).

RS_RAW_LOG says where (`s3://bucket/raw`), RS_COLLECTOR_SITES which file declares the sites (in the image), RS_SITES
their names where there is no such file. A call is kept as an object of its own before it is answered.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from rs_assets.collector.app import Application
from rs_assets.collector.committer import Committer
from rs_assets.collector.objects import Objects
from rs_assets.collector.sites import declared, read
from rs_assets.settings import Settings

if TYPE_CHECKING:
    from mangum import Mangum


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One call of the function, as API Gateway hands it over.

    Raises:
        UserError: the sites or the raw log cannot be.
    """
    found: dict[str, Any] = _made()(event, context)
    return found


@cache
def _made() -> Mangum:
    from mangum import Mangum

    settings = Settings.from_env()
    path = os.environ.get("RS_COLLECTOR_SITES")
    sites = read(path) if path else declared(settings.sites)
    return Mangum(
        Application(Committer(Objects(settings.raw_log, seconds=0.0), probe=False), sites), lifespan="off"
    )
