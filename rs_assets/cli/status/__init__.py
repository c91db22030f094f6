"""`rs-assets status`: where things stand, on one screen.

Belongs here: the command. Does not belong here: looking (`facts` and what it asks), or the page.
"""

from __future__ import annotations

from rs_assets.cli import options


def status(json: options.Json = False) -> None:
    """Show what there is and what is to be done next.

    The raw log and its seals, every published asset with the log dates it lacks, what is stale and why, the share of
    events in quarantine, the last challenger, who serves, open alerts, the last replay, the disk.
    """
    from rs_assets.cli.output import print_json
    from rs_assets.cli.status import facts, page
    from rs_assets.settings import Settings

    found = facts.look(Settings.from_env())
    if json:
        print_json(found)
    else:
        page.show(found)
