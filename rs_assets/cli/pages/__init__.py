"""`rs-assets pages`: the start page of an environment.

Belongs here: the command. Does not belong here: what there is to link to (`found`), the page (`start`), or any other
page: they are written where what they tell of is made.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from rs_assets.cli import options


def pages(json: options.Json = False) -> None:
    """Write a start page: where things stand, and a link to every page there is.

    It is `pages/<environment>/index.html` below RS_HOME, one file that a browser opens from the file system. What
    lies beside it is linked as well: `rs-assets diff dev-anna --format html --output .rs/pages/prod/dev-anna.html`.
    """
    from rs_assets.cli.output import out, place, print_json
    from rs_assets.cli.pages.found import found
    from rs_assets.cli.pages.start import page
    from rs_assets.cli.status.facts import look
    from rs_assets.settings import Settings

    settings = Settings.from_env()
    folder = Path(settings.home) / "pages" / settings.environment
    made = page(look(settings), found(settings, folder), dt.datetime.now(dt.UTC))
    folder.mkdir(parents=True, exist_ok=True)
    aside, path = folder / ".index.new", folder / "index.html"
    aside.write_text(made, encoding="utf-8")
    os.replace(aside, path)
    if json:
        print_json({"page": str(path)})
    else:
        out().print(f"Start page: {place(str(path))}", markup=False, soft_wrap=True)
