"""`rs-assets pages`: the start page of an environment.

Belongs here: the command. Does not belong here: looking and writing (`write`), what there is to link to (`found`),
the page (`start`), or any other page: they are written where what they tell of is made.
"""

from __future__ import annotations

from rs_assets.cli import options


def pages(json: options.Json = False) -> None:
    """Write a start page: where things stand, and a link to every page there is.

    It is `pages/<environment>/index.html` below RS_HOME, one file that a browser opens from the file system. A replay
    writes it anew, and the daemon does after every run; this command does whenever you ask. What lies beside it is
    linked as well: `rs-assets diff dev-anna --format html --output .rs/pages/prod/dev-anna.html`.
    """
    from rs_assets.cli.output import out, place, print_json
    from rs_assets.cli.pages.write import write
    from rs_assets.settings import Settings

    path = write(Settings.from_env())
    if json:
        print_json({"page": str(path)})
    else:
        out().print(f"Start page: {place(str(path))}", markup=False, soft_wrap=True)
