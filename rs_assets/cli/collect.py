"""`rs-assets collect`: receive events over HTTP, into the raw log.

Belongs here: the command and its options. Does not belong here: the application (`rs_assets.collector`).
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from rs_assets.settings import Settings

CONNECTIONS = 4096


def collect(
    host: Annotated[
        str, typer.Option(help="Where to listen; others than this machine reach it only if you say so.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")] = 8200,
    sites: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            envvar="RS_COLLECTOR_SITES",
            help="The sites that may send, their secrets and rates (TOML); $RS_HOME/sites.toml if there is one, "
            "else those of RS_SITES.",
        ),
    ] = None,
    segment_bytes: Annotated[
        int | None, typer.Option(min=1, help="A segment is closed at so many bytes; 32 MiB (S3: 8 MiB).")
    ] = None,
    segment_seconds: Annotated[
        float | None,
        typer.Option(
            min=0, help="… or after so long; 60 (S3: 1, and a request waits as long for its answer)."
        ),
    ] = None,
    proxies: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESSES", help="Proxies whose X-Forwarded-For is believed, apart by commas; none."
        ),
    ] = None,
) -> None:
    """Receive events: GA4's Measurement Protocol, gtag.js, Snowplow, Segment.

    A request is answered (204) when it is on stable storage, whatever it says: judging it is the graph's work.
    POST /debug/mp/collect says what the contract holds against it. Stop it with Ctrl-C: what is open is closed.
    """
    import uvicorn

    from rs_assets.cli.output import err
    from rs_assets.collector import Application, Committer, store_at
    from rs_assets.collector.sites import declared, read

    settings = Settings.from_env()
    usual = os.path.join(settings.home, "sites.toml")
    path = sites or (usual if os.path.exists(usual) else None)
    known = read(path) if path else declared(settings.sites)
    store = store_at(settings.raw_log, size=segment_bytes, seconds=segment_seconds)
    names = ", ".join(sorted(known.names)) or "no site"
    unknown = "kept as site=_unknown" if known.keep_unknown else "refused"
    err().print(f"Collecting into {settings.raw_log}: {names}; what others send is {unknown}.", markup=False)
    if os.geteuid() == 0:
        err().print(
            "It runs as root, and needs nothing that root may: give it a user of its own.", markup=False
        )
    uvicorn.run(
        Application(Committer(store), known),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        limit_concurrency=CONNECTIONS,
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies,
    )
