"""On Kubernetes and on ECS each step is given what its box asks for, by Dagster's own executors."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
import pytest
import yaml

from rs_assets.compute import Box
from rs_assets.compute.executors import executor
from rs_assets.compute.fargate import SIZES
from rs_assets.errors import UserError

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "c",
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {"token": "t"}}],
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "rs"}}],
}


@pytest.fixture(autouse=True)
def place(home, monkeypatch: pytest.MonkeyPatch) -> Path:
    made: Path = home()
    for name, value in {
        "DEFAULT_REGION": "us-east-1",
        "ACCESS_KEY_ID": "x",
        "SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return made


def pods(place: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The pod of each step as Kubernetes is asked for it; the one call that is not made is the one that asks."""
    import kubernetes

    asked: list[Any] = []

    def create(_: object, body: Any, namespace: str, **__: object) -> None:
        assert namespace == "rs"
        asked.append(body)

    monkeypatch.setattr(kubernetes.client.BatchV1Api, "create_namespaced_job", create)
    config = place / "kubeconfig"
    config.write_text(yaml.safe_dump(KUBECONFIG))
    launcher = {
        "service_account_name": "dagster",
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": "dagster-postgresql-secret",
        "dagster_home": "/opt/dagster/dagster_home",
        "load_incluster_config": False,
        "kubeconfig_file": str(config),
        "job_namespace": "rs",
        "job_image": "rs_assets:1",
    }
    from rs_assets_tests.defs.launched import launch_every_step

    chosen = {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": launcher}
    with dg.instance_for_test(overrides={"run_launcher": chosen}) as on:
        keys = list(launch_every_step("k8s", on, {}))
    return {key: job.spec.template.spec for key, job in zip(keys, asked, strict=True)}


def test_every_steps_pod_asks_kubernetes_for_what_its_box_says(place, monkeypatch):
    from rs_assets_tests.defs.launched import boxes

    asked, found = boxes(), pods(place, monkeypatch)
    assert found.keys() == asked.keys() and len(found) > 20
    for step, spec in found.items():
        (container,) = spec.containers
        resources, memory = container.resources, f"{asked[step].memory_mib}Mi"
        assert resources.requests == {"cpu": str(asked[step].cpu), "memory": memory}, step
        assert resources.limits == {"memory": memory}, "memory is a limit, CPU a share"
        assert container.image == "rs_assets:1", step
    assert len({str(spec.containers[0].resources) for spec in found.values()}) > 3


class _Metadata(http.server.BaseHTTPRequestHandler):
    said: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.said).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """An ECS with the run's own task in it; the arguments of each `run_task` that it is sent."""
    import boto3
    import botocore.client
    from moto import mock_aws
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface

    asked: list[dict[str, Any]] = []
    call = botocore.client.BaseClient._make_api_call

    def watched(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "RunTask":
            asked.append(arguments)
        return call(client, operation, arguments)

    # moto's tasks ask its network interfaces for a name that they do not have.
    monkeypatch.setattr(NetworkInterface, "private_dns_name", "", raising=False)
    with mock_aws():
        client = boto3.client("ecs")
        ec2 = boto3.resource("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")
        subnet = ec2.create_subnet(VpcId=vpc.id, CidrBlock="10.0.1.0/24")
        group = ec2.create_security_group(GroupName="rs", Description="rs", VpcId=vpc.id)
        network = {"awsvpcConfiguration": {"subnets": [subnet.id], "securityGroups": [group.id]}}
        client.create_cluster(clusterName="rs")
        task = json.loads((DEPLOY / "ecs" / "task-definition.json").read_text())
        task["containerDefinitions"][0]["memoryReservation"] = (
            512  # moto adds it up; AWS needs none for Fargate
        )
        client.register_task_definition(**task)
        (running,) = client.run_task(
            cluster="rs", taskDefinition=task["family"], launchType="FARGATE", networkConfiguration=network
        )["tasks"]
        _Metadata.said = {"Cluster": running["clusterArn"], "TaskARN": running["taskArn"], "Name": "run"}
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", watched)
        asked.append(network)
        try:
            yield asked
        finally:
            server.shutdown()
            server.server_close()


def test_every_steps_task_asks_ecs_for_the_smallest_that_holds_its_box(ecs):
    from rs_assets_tests.defs.launched import boxes, launch_every_step

    network = ecs.pop()
    chosen = yaml.safe_load((DEPLOY / "ecs" / "dagster.yaml").read_text())["run_launcher"]
    chosen["config"] |= {"task_definition": "rs-assets", "use_current_ecs_task_config": False}
    chosen["config"]["run_task_kwargs"] = {
        "cluster": "rs",
        "launchType": "FARGATE",
        "networkConfiguration": network,
    }
    with dg.instance_for_test(overrides={"run_launcher": chosen}) as on:
        keys = list(launch_every_step("ecs", on, {}))
    asked = boxes()
    assert set(keys) == asked.keys()
    for step, arguments in zip(keys, ecs, strict=True):
        given = arguments["overrides"]
        units, mib = asked[step].fargate()
        assert (given["cpu"], given["memory"]) == (str(units), str(mib)), step
        assert int(given["memory"]) in SIZES[int(given["cpu"])]
        (container,) = given["containerOverrides"]
        assert container["name"] == "run" and "execute_step" in container["command"], step
    assert len({(a["overrides"]["cpu"], a["overrides"]["memory"]) for a in ecs}) > 2


def test_a_box_that_ecs_has_no_machine_for_is_refused_before_a_run():
    with pytest.raises(UserError, match="Fargate has no GPU"):
        executor("ecs", [Box(1, 2), Box(1, 2, gpu=1)])
    with pytest.raises(UserError, match="Fargate has no task"):
        executor("ecs", [Box(1, 500)])
