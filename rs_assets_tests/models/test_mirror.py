"""The mirror in MLflow, against MLflow's own server on loopback."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from rs_assets.lake import Lake
from rs_assets.models.mirror import ALIAS, DIGEST, mirror
from rs_assets.models.promotion import Decision, Decisions, publish_promotion
from rs_assets.models.purchase_intent import publish as step
from rs_assets.models.purchase_intent import training_set
from rs_assets.models.purchase_intent.promotion import FAMILY, PROMOTION
from rs_assets_tests.lakes import put, through
from rs_assets_tests.models.conftest import make_frames

mlflow = pytest.importorskip("mlflow", reason="the extra `mlflow` is not installed")
EVERY = [(dt.date(2024, 1, 29) + dt.timedelta(days=n)).isoformat() for n in range(16)]
SERVER = "mlflow==3.17.2"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in an environment of its own, since it wants other packages than the graph does."""
    folder = tmp_path_factory.mktemp("mlflow")
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert uv is not None
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [uv, "pip", "install", "-q", "--python", str(python), SERVER]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the server cannot be installed here: {done.stderr.strip()[:200]}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(python),
        "-m",
        "mlflow",
        "server",
        "--workers",
        "1",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--backend-store-uri", f"sqlite:///{folder}/db.sqlite"]
    command += ["--artifacts-destination", str(folder / "files")]
    with open(folder / "log", "wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address, running, folder / "log")
        yield address
    finally:
        os.killpg(running.pid, 15)
        running.wait()


def _wait(address: str, running: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert running.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=1):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"the server did not come up: {log.read_text()}")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Two weeks, two champions, and a person who goes back to the first."""
    import polars as pl

    made = Lake(str(tmp_path_factory.mktemp("lake")))
    rows, other = (training_set(*make_frames(sessions=900, seed=seed)) for seed in (7, 8))
    later = other.with_columns(
        pl.col("log_date", "closed_on").dt.offset_by("1w"), pl.col("as_of").dt.offset_by("1w")
    )
    put(made, step.TRAINING, EVERY[:7], rows)
    put(made, step.TRAINING, EVERY[7:14], later)
    put(made, step.TRAINING, EVERY[14:], later.clear())
    through(made, lambda stage: step.publish_model(stage, EVERY, lambda _: None, threads=1))
    through(made, lambda stage: step.publish_evaluation(stage, EVERY, lambda _: None))
    promote(made, EVERY[:14])
    return made


def promote(lake: Lake, log_dates: list[str], *decisions: Decision) -> None:
    made = Decisions(decisions)
    through(lake, lambda stage: publish_promotion(stage, log_dates, lambda _: None, FAMILY, made))


def test_champions_are_versions_with_their_bytes_and_numbers_and_the_alias_serves(
    lake: Lake, server: str, tmp_path: Path
):
    told = mirror(lake, FAMILY, server)
    assert told is not None
    assert (told.model, told.version, told.new) == ("prod.purchase_intent", "2", 2)
    client = mlflow.MlflowClient(server, server)
    serving = client.get_model_version_by_alias(told.model, ALIAS)
    assert (serving.version, serving.tags["cut"]) == ("2", "2024-02-05")
    kept = client.download_artifacts(serving.run_id, "champion.bin", str(tmp_path))
    assert Path(kept).read_bytes() == Path(lake.object(PROMOTION, EVERY[7], "champion.bin")).read_bytes()
    run = client.get_run(serving.run_id)
    assert run.data.metrics["logistic/pr_auc"] > run.data.metrics["constant/pr_auc"]
    assert run.data.params["cut"] == "2024-02-05"
    assert serving.tags[DIGEST] == run.data.params["artifact"]


def test_told_twice_nothing_is_new_and_after_a_rollback_the_alias_goes_back(lake: Lake, server: str):
    mirror(lake, FAMILY, server)
    again = mirror(lake, FAMILY, server)
    assert again is not None and again.new == 0
    back = Decision(EVERY[14], FAMILY.name, "rollback", EVERY[0], "anna", "returns", "2024-02-11T00:00:00")
    promote(lake, EVERY[14:], back)
    told = mirror(lake, FAMILY, server)
    assert told is not None
    assert (told.version, told.new) == ("1", 0)


def test_while_nobody_serves_nothing_is_told(tmp_path: Path):
    assert mirror(Lake(str(tmp_path)), FAMILY, "http://127.0.0.1:9") is None


def test_a_server_that_does_not_answer_is_an_error_soon(lake: Lake, monkeypatch: pytest.MonkeyPatch):
    for name, value in (("MLFLOW_HTTP_REQUEST_TIMEOUT", "1"), ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")):
        monkeypatch.setenv(name, value)
    with pytest.raises(mlflow.exceptions.MlflowException):
        mirror(lake, FAMILY, "http://127.0.0.1:9")
