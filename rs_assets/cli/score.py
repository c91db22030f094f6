"""`rs-assets score`: serve the champions over HTTP.

Belongs here: the command and its options. Does not belong here: the application (`rs_assets.scorer`).
"""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from rs_assets.settings import Settings


def score(
    host: Annotated[
        str, typer.Option(help="Where to listen; others than this machine reach it only if you say so.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8100,
    environment: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose champions; RS_ENVIRONMENT unless given.")
    ] = None,
    events: Annotated[
        int | None, typer.Option(min=1, help="Events kept in memory at most; 500,000 unless given.")
    ] = None,
    shadow: Annotated[
        bool,
        typer.Option(
            "--shadow", help="Ask challengers, too, and write all answers into the raw log as events."
        ),
    ] = False,
) -> None:
    """Serve the champions: POST /recommend, POST /intent, GET /health.

    Sessions are kept in the memory of this one process. A newer version of the environment is taken up within
    seconds, without a request being dropped. Stop it with Ctrl-C: it answers what it was asked, and ends.
    """
    import uvicorn
    from threadpoolctl import threadpool_limits

    from rs_assets.cli.output import err
    from rs_assets.lake import Lake
    from rs_assets.scorer import Application, Scorer
    from rs_assets.scorer.memory import EVENTS
    from rs_assets.scorer.shadow import Shadow

    settings = Settings.from_env()
    lake = Lake(settings.lake, environment or settings.environment)
    # An answer is a millisecond's work: threads would take longer to meet than to do it.
    threadpool_limits(limits=1)
    scorer = Scorer(
        lake,
        sites=settings.sites,
        events=events or EVENTS,
        shadow=Shadow(settings.raw_log) if shadow else None,
    )
    _settle()
    first, second = scorer.serving.log_dates
    err().print(
        f"Serving {lake.environment}: next_item of log date {first}, purchase_intent of {second}.",
        markup=False,
    )
    uvicorn.run(
        Application(scorer), host=host, port=port, log_level="warning", access_log=False, lifespan="on"
    )


def _settle() -> None:
    """No pauses: what was loaded and who is remembered is never looked through for garbage, which takes 100 ms.

    Sessions hold no cycles, so they go as soon as they are forgotten; and cycles of a request's own die young.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 1_000_000)
    sys.setswitchinterval(0.0005)  # the judge's thread gives way to requests ten times as soon
