"""The pages on containers and clusters: their commands are run on a real engine, their manifests checked.

Of a cluster's own commands, those run that need no cluster: `kubectl` makes what it would send, `aws` sends to moto's
ECS, `helm` renders the official chart where it is installed and the chart's place can be reached. A cluster is not at
hand: what `apply`, `upgrade --install` and `port-forward` do there is not seen by any test.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from rs_assets_tests.docker.engine import BASE, CERTIFICATES, IMAGE, PACKAGES, ROOT, client, docker
from rs_assets_tests.docs import told

pytestmark = pytest.mark.docker
PYTHON_BASE = "python:3.12-slim"


def make(line: str, **env: str) -> str:
    """A page's `make image`, with what a network without a registry needs in the environment."""
    words = shlex.split(line, comments=True)
    assert words[:2] == ["make", "image"]
    here = {"DOCKER": client(), "BASE_IMAGE": BASE, "IMAGE": IMAGE, **env}
    if os.path.exists(CERTIFICATES):
        here["CA"] = CERTIFICATES
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, **here}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((word.partition("=")[2] for word in words if word.startswith("IMAGE=")), IMAGE)


@contextmanager
def made(line: str) -> Iterator[str]:
    """The image that a page's line makes, for as long as it is looked at."""
    name = make(line)
    assert name != IMAGE
    try:
        yield name
    finally:
        docker("rmi", name)


@contextmanager
def base(name: str) -> Iterator[None]:
    """Debian's base stands in for another one, where that is not at hand."""
    there = bool(docker("image", "ls", "--quiet", name))
    if not there:
        docker("tag", BASE, name)
    try:
        yield
    finally:
        if not there:
            docker("rmi", name)


def test_the_commands_of_the_page_on_containers_make_images_and_replay(built, home):
    with told.page("docs/containers.md") as page:
        image, replay, ps = page.take("sh").splitlines()
        assert make(image) == built

        words = replay.split("#")[0].strip()
        only = "--only valid_events --only quarantined_events"  # test_graph.py runs all of it
        made_log = home.run("rs-assets", "generate", "--days", "1", "--events", "2000")
        assert made_log.returncode == 0, made_log.stderr
        running = home.start("bash", "-c", f"{words} {only}")
        asked = f"{client()} {ps.split('#')[0].strip().removeprefix('docker ')} --format '{{{{.Image}}}}'"
        seen: set[str] = set()
        while running.poll() is None and not seen:
            seen |= set(subprocess.run(asked, shell=True, capture_output=True, text=True).stdout.split())
        out, err = running.communicate(timeout=600)
        assert running.returncode == 0, out + err
        assert built in seen

        other, behind_a_proxy = page.take("sh").splitlines()
        with base(PYTHON_BASE), made(other) as name:
            assert name == "registry.example/rs_assets:7"
        assert f"CA={CERTIFICATES}" in behind_a_proxy
        make(behind_a_proxy)

        # `built` stands on a base that was made by these words.
        bootstrap, rest = page.take("sh").replace("\\\n", "").splitlines()
        options = ["--variant=essential", f"--include={PACKAGES}"]
        assert shlex.split(bootstrap) == ["mmdebstrap", *options, "bookworm", "base.tar"]
        imported, _, anew = rest.partition(" && ")
        assert imported == "docker import base.tar base:bookworm"
        with base("base:bookworm"):
            make(anew)


def inside(image: str, code: str, **env: str) -> str:
    """What Python says in a container, without a network and so without the bucket of the raw log."""
    given = [f"--env={name}={value}" for name, value in (env | {"RS_RAW_LOG": "/data/raw"}).items()]
    return docker("run", "--rm", "--network=none", *given, image, "python", "-c", code)


def lossless(kind: str, document: Mapping[str, Any]) -> None:
    """Kubernetes' own model of it has all of it: a wrong name would be lost, a wrong type refused."""
    from kubernetes.client import ApiClient

    class Response:
        data = json.dumps(document)

    api = ApiClient()
    assert api.sanitize_for_serialization(api.deserialize(Response, kind)) == document


def dry(command: str, place: Path) -> dict[str, Any]:
    """What `kubectl create …` would send."""
    asked = ["kubectl", *shlex.split(command)[1:], "--dry-run=client", "--output=json"]
    done = subprocess.run(
        asked, cwd=place, env={**os.environ, "KUBECONFIG": os.devnull}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_page_on_kubernetes_makes_an_image_a_claim_and_a_secret_that_the_values_name(built, tmp_path):
    values = yaml.safe_load((ROOT / "deploy" / "helm-values.yaml").read_text(encoding="utf-8"))
    (code,) = values["dagster-user-deployments"]["deployments"]
    with told.page("docs/kubernetes.md") as page:
        with made(page.take("sh")) as image:
            assert image == "{repository}:{tag}".format(**code["image"])
            env = {one["name"]: one["value"] for one in code["env"]}
            inside(
                image,
                "import dagster_k8s, rs_assets.definitions as all; all.defs.resolve_job_def('replay_job')",
                **env,
            )

        (tmp_path / "claim.yaml").write_text(page.take("yaml"))
        claim = yaml.safe_load((tmp_path / "claim.yaml").read_text())
        lossless("V1PersistentVolumeClaim", claim)
        (volume,) = code["volumes"]
        assert volume["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}

        namespace, apply, secret = page.take("sh").splitlines()
        assert apply.endswith("apply -f claim.yaml")
        (tmp_path / "your.env").write_text("AWS_ACCESS_KEY_ID=x\nRS_ALERT_URLS=json://example\n")
        if shutil.which("kubectl"):
            space, kept = dry(namespace, tmp_path), dry(secret, tmp_path)
            assert kept["metadata"] == {
                "name": code["envSecrets"][0]["name"],
                "namespace": space["metadata"]["name"],
                "creationTimestamp": None,
            }
            assert set(kept["data"]) == {"AWS_ACCESS_KEY_ID", "RS_ALERT_URLS"}

        repository, upgrade, forward = page.take("sh").splitlines()
        assert repository.split()[:4] == ["helm", "repo", "add", "dagster"]
        words = shlex.split(upgrade)
        assert (ROOT / words[words.index("-f") + 1]).is_file()
        assert "-n rs-assets" in upgrade and "-n rs-assets" in forward


@pytest.mark.skipif(not shutil.which("helm"), reason="helm is not installed")
def test_the_official_chart_takes_the_values():
    lines = [line for block in told.blocks("docs/kubernetes.md") for line in block.text.splitlines()]
    place = next(line for line in lines if line.startswith("helm repo add")).split()[-1]
    upgrade = next(line for line in lines if line.startswith("helm upgrade"))
    asked = upgrade.replace("upgrade --install", "template").replace(
        "dagster/dagster", f"dagster --repo {place}"
    )
    done = subprocess.run(shlex.split(asked), cwd=ROOT, capture_output=True, text=True)
    if "no such host" in done.stderr or "failed to fetch" in done.stderr or "looks like" in done.stderr:
        pytest.skip(f"the chart cannot be fetched: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    deployments = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in yaml.safe_load_all(done.stdout)
        if one and one["kind"] == "Deployment"
    }
    (code,) = [spec for name, spec in deployments.items() if name.endswith("rs-assets")]
    assert code["volumes"][0]["persistentVolumeClaim"] == {"claimName": "rs-assets-data"}


def test_the_page_on_ecs_makes_an_image_and_registers_a_task_that_runs_it(built):
    task = json.loads((ROOT / "deploy" / "ecs" / "task-definition.json").read_text(encoding="utf-8"))
    (container,) = task["containerDefinitions"]
    with told.page("docs/ecs.md") as page:
        with made(page.take("sh")) as image:
            assert image == container["image"]
            env = {one["name"]: one["value"] for one in container["environment"]} | {
                "AWS_DEFAULT_REGION": "us-east-1"
            }
            inside(
                image, "import rs_assets.definitions as all; all.defs.resolve_job_def('replay_job')", **env
            )
            said = inside(image, INSTANCE, **env)
            assert said == "dagster_aws.ecs EcsRunLauncher True code:4000"
        register = page.take("sh")
    with ecs() as address:
        registered = aws(register, address)
    assert registered["family"] == task["family"] and registered["requiresCompatibilities"] == ["FARGATE"]
    (seen,) = registered["containerDefinitions"]
    assert seen["secrets"] == container["secrets"] and seen["mountPoints"] == container["mountPoints"]


INSTANCE = """
import os, pathlib, importlib, yaml
home = pathlib.Path(os.environ["DAGSTER_HOME"])
launcher = yaml.safe_load((home / "dagster.yaml").read_text())["run_launcher"]
getattr(importlib.import_module(launcher["module"]), launcher["class"])
(code,) = yaml.safe_load(open("deploy/compose/workspace.yaml"))["load_from"]
code = "{host}:{port}".format(**code["grpc_server"])
print(launcher["module"], launcher["class"], os.access(home, os.W_OK), code)
"""


@contextmanager
def ecs() -> Iterator[str]:
    """moto's server, which has an ECS: its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def aws(command: str, address: str) -> dict[str, Any]:
    """What the command registers; where it is not installed, botocore checks and sends the same."""
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    if shutil.which("aws"):
        asked = [*shlex.split(command), "--endpoint-url", address, "--output", "json"]
        done = subprocess.run(asked, cwd=ROOT, env={**os.environ, **keys}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)["taskDefinition"]
        return found
    import boto3

    (path,) = re.findall(r"--cli-input-json file://(\S+)", command)
    names = {name.lower(): value for name, value in keys.items() if name != "AWS_DEFAULT_REGION"}
    ours = boto3.client("ecs", endpoint_url=address, region_name="us-east-1", **names)
    sent: dict[str, Any] = ours.register_task_definition(**json.loads((ROOT / path).read_text()))
    return sent["taskDefinition"]
