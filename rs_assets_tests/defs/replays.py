"""Replaying in tests, as a person does: by the command line."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from rs_assets.lake import Lake
from rs_assets_tests.lakes import published


def run(home: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`rs-assets ARGS` in a home."""
    command = [sys.executable, "-m", "rs_assets.cli", *args]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "RS_HOME": str(home), **env}
    )


def replay(home: Path, first: str, last: str, environment: str = "prod", *more: str) -> str:
    """Replay a range into an environment; fails with what the command says."""
    done = run(home, "replay", "--from", first, "--to", last, "--environment", environment, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def lake_bytes(home: Path, environment: str = "prod") -> dict[str, str]:
    """The digest of every object of an environment, by its path in it."""
    files = published(Lake(str(home / "lake"), environment))
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
