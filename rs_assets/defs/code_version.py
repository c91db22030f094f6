"""Code versions: what an asset's result depends on besides its inputs. Dagster concept: `code_version`."""

from __future__ import annotations

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def code_version(*packages: str) -> str:
    """A digest over the source of packages or modules of rs_assets (`contract`, `log/blocks.py`)."""
    sha = hashlib.sha256()
    for name in packages:
        root = PACKAGE / name
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            sha.update(f"{path.relative_to(PACKAGE)}\n".encode() + path.read_bytes())
    return sha.hexdigest()[:12]
