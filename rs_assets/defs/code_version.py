"""Code versions: what an asset's result depends on besides its inputs. Dagster concept: `code_version`."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
WRITING = tuple(f"log/erasure/{name}.py" for name in ("ordering", "rewriting", "search", "segments"))
"""What the command line does about erasures; the graph drops the same lines however that is done."""


def code_version(
    *packages: str, without: tuple[str, ...] = (), libraries: tuple[str, ...] = (), more: str = ""
) -> str:
    """A digest over the source of packages or modules of rs_assets (`contract`, `log/blocks.py`).

    Args:
        packages: what the result depends on.
        without: packages inside of them on which it does not (`contract/report`).
        libraries: distributions whose version it depends on (`polars`): another one may write other bytes.
        more: anything else, such as settings.
    """
    left_out = [PACKAGE / name for name in without]
    sha = hashlib.sha256()
    for name in packages:
        root = PACKAGE / name
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            if any(path.is_relative_to(folder) for folder in left_out):
                continue
            sha.update(f"{path.relative_to(PACKAGE)}\n".encode() + path.read_bytes())
    sha.update("".join(f"{name} {version(name)}\n" for name in libraries).encode() + more.encode())
    return sha.hexdigest()[:12]
