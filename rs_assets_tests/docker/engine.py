"""A Docker engine for tests, and the project's image on it.

An engine that runs is used as it is; else one is started and stopped again, where that can be. No image is pulled:
the base is made of Debian's packages.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[2]
LOCK = Path(tempfile.gettempdir()) / "rs_assets-docker.lock"
BASE, IMAGE = "rs_assets-base:bookworm", "rs_assets:test"
PACKAGES = "python3-minimal,python3-venv,ca-certificates,libstdc++6,libgomp1,tini"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
START_SECONDS = 30


def client() -> str:
    """Debian's command goes first: another one on the path may lack BuildKit."""
    return "/usr/bin/docker" if os.path.exists("/usr/bin/docker") else shutil.which("docker") or ""


def docker(*args: str, check: bool = True) -> str:
    """What `docker ARGS` says."""
    done = subprocess.run([client(), *args], capture_output=True, text=True)
    assert not check or done.returncode == 0, f"docker {' '.join(args)}: {done.stderr}"
    return done.stdout.strip()


def logs(container: str) -> str:
    """All that a container has said."""
    asked = [client(), "logs", container]
    return subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def runs() -> bool:
    return bool(client()) and subprocess.run([client(), "info"], capture_output=True).returncode == 0


@contextmanager
def engine() -> Iterator[None]:
    """A running engine; the test is skipped, with the reason, where there can be none.

    Test processes side by side share it: whoever started it waits for the others before it stops it.
    """
    with LOCK.open("w") as lock:
        started = _shared(lock)
        try:
            yield
        finally:
            if started:
                fcntl.flock(lock, fcntl.LOCK_EX)
                started.terminate()
                started.wait()


def _shared(lock: IO[str]) -> subprocess.Popen[bytes] | None:
    """Share the lock with whoever uses the engine; the engine, where it had to be started."""
    while True:
        fcntl.flock(lock, fcntl.LOCK_SH)
        if runs():
            return None
        try:  # whoever waited for it would wait for those who share it, to the end of their tests
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.2)
            continue
        started = None if runs() else _start()
        fcntl.flock(lock, fcntl.LOCK_SH)
        return started


def _start() -> subprocess.Popen[bytes]:
    if not client():
        pytest.skip("docker is not installed")
    if os.getuid() or not shutil.which("dockerd"):
        pytest.skip("no Docker engine runs, and only root can start one (Debian's docker.io)")
    log = Path(tempfile.gettempdir()) / "rs_assets-dockerd.log"
    with log.open("wb") as out:
        started = subprocess.Popen(["dockerd"], stdout=out, stderr=out, start_new_session=True)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and started.poll() is None:
        if runs():
            return started
        time.sleep(0.2)
    started.terminate()
    pytest.skip("no Docker engine can be started: " + log.read_text().strip().rpartition("\n")[2])


def image() -> str:
    """The project's image, built by `make image` from the checkout as it is."""
    with LOCK.with_suffix(".image").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not docker("image", "ls", "--quiet", BASE):
            debian(BASE, PACKAGES)
        ca = [f"CA={CERTIFICATES}"] if os.path.exists(CERTIFICATES) else []
        command = ["make", "-s", "image", f"DOCKER={client()}", f"IMAGE={IMAGE}", f"BASE_IMAGE={BASE}", *ca]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        _reached(done)
        assert done.returncode == 0, done.stdout + done.stderr
    return IMAGE


def debian(name: str, packages: str, hooks: Sequence[str] = (), changes: Sequence[str] = ()) -> None:
    """Make an image of Debian's packages.

    Args:
        name: of the image.
        packages: apart by commas.
        hooks: options of mmdebstrap.
        changes: instructions of a Dockerfile that `docker import` knows.
    """
    if not shutil.which("mmdebstrap"):
        pytest.skip("mmdebstrap is not installed, so there is no base for the image")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "base.tar"
        options = ["--quiet", "--variant=essential", f"--include={packages}", *hooks]
        command = ["mmdebstrap", *options, "bookworm", made]
        done = subprocess.run(command, capture_output=True, text=True)
        _reached(done)
        assert done.returncode == 0, done.stderr
        docker("import", *(f"--change={change}" for change in changes), str(made), name)


def _reached(done: subprocess.CompletedProcess[str]) -> None:
    """Skip where packages could not be fetched: that says nothing of what is built of them."""
    said = (done.stdout + done.stderr).strip()
    away = (
        "Could not resolve",
        "Temporary failure",
        "Failed to fetch",
        "Connection",
        "timed out",
        "unreachable",
    )
    if done.returncode and any(word.lower() in said.lower() for word in away):
        pytest.skip(f"packages cannot be fetched: {said[-300:]}")
