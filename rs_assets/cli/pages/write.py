"""Writing the start page: asked for, or after something that changes what it says.

Belongs here: looking, writing, and what is said where that fails. Does not belong here: the page (`start`), or when
it is written (the commands, `defs.start_page`).
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rs_assets.settings import Settings

if TYPE_CHECKING:
    from rs_assets.cli.status.stale import Staleness


def write(settings: Settings, stale: Staleness | None = None) -> Path:
    """Write the start page of the environment in one step, and tell where it is.

    Args:
        settings: of the environment.
        stale: what is stale, where that is known.

    Raises:
        UserError: something that it tells of cannot be read.
        OSError: it cannot be written.
    """
    from rs_assets.cli.pages.found import found
    from rs_assets.cli.pages.start import page
    from rs_assets.cli.status.facts import look

    path = Path(settings.start_page)
    made = page(look(settings, stale), found(settings, path.parent), dt.datetime.now(dt.UTC))
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(
        f".{path.name}.{os.getpid()}"
    )  # a replay and the daemon may write at the same time
    try:
        aside.write_text(made, encoding="utf-8")
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    return path


def renew(settings: Settings, stale: Staleness | None = None) -> Path | None:
    """Write it after something else was done, which is done all the same if this fails: a warning says so."""
    from rs_assets.cli import output

    try:
        return write(settings, stale)
    except Exception as problem:  # whatever it is: what came before has succeeded
        said = (
            f"The start page is not renewed: {output.visible(str(problem))}\n`rs-assets pages` tries again."
        )
        output.err().print(said, style="yellow", markup=False, soft_wrap=True)
        return None
