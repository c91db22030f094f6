"""`rs-assets doctor`: is this installation well, and if not, how is it mended?

Belongs here: the command. Does not belong here: what is looked at (`machine`, `project`, `data`), the findings'
form (`findings`), the page (`page`), or how far the work is (`rs-assets status`).
"""

from __future__ import annotations

import typer

from rs_assets.cli import options


def doctor(json: options.Json = False) -> None:
    """Check the installation, and say how to mend what is wrong.

    It looks and changes nothing: Python and the packages, the disk, the folders, dbt's manifest, Dagster's storage
    and daemon, the raw log, every environment of the lake, the decisions log and the alert rules. Exit code 1 if
    there is a problem.
    """
    from rs_assets.cli.doctor import data, machine, page, project
    from rs_assets.cli.output import print_json
    from rs_assets.settings import Settings

    settings = Settings.from_env()
    found = [*machine.examine(settings), *project.examine(settings), *data.examine(settings)]
    if json:
        print_json(found)
    else:
        page.show(found)
    if any(finding.state == "problem" for finding in found):
        raise typer.Exit(1)
