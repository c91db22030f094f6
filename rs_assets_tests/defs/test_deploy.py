"""What deploy/ and its pages say is what the code and Dagster's packages expect."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import dagster as dg
import pytest
import yaml

from rs_assets.compute.docker.mounts import allowed
from rs_assets.compute.fargate import SIZES
from rs_assets.settings import EXECUTORS, Settings

ROOT = Path(__file__).parents[2]
HELM = yaml.safe_load((ROOT / "deploy" / "helm-values.yaml").read_text(encoding="utf-8"))
ECS = yaml.safe_load((ROOT / "deploy" / "ecs" / "dagster.yaml").read_text(encoding="utf-8"))
# Each variable as where nobody has set it.
SAID = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load(SAID)
STACK = yaml.safe_load((ROOT / "deploy" / "compose" / "dagster.yaml").read_text(encoding="utf-8"))
TASK = json.loads((ROOT / "deploy" / "ecs" / "task-definition.json").read_text(encoding="utf-8"))
(CODE,) = HELM["dagster-user-deployments"]["deployments"]
(CONTAINER,) = TASK["containerDefinitions"]
ENVIRONMENTS = {
    "k8s": {one["name"]: one["value"] for one in CODE["env"]},
    "ecs": {one["name"]: one["value"] for one in CONTAINER["environment"]},
}


@pytest.mark.parametrize("executor", ENVIRONMENTS)
def test_its_environment_makes_settings_with_its_executor_and_places_that_are_mounted(executor):
    env = ENVIRONMENTS[executor]
    settings = Settings.from_env(env)
    assert settings.executor == executor
    assert settings.raw_log.startswith("s3://"), "nothing that is mounted leads to the raw log"
    known = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [name for name in env if name.startswith("RS_") and f"`{name}`" not in known] == []
    places = {
        "k8s": [v["mountPath"] for v in CODE["volumeMounts"]],
        "ecs": [CONTAINER["mountPoints"][0]["containerPath"]],
    }
    assert any(settings.lake.startswith(place) for place in places[executor])


def test_the_chart_loads_the_graph_and_gives_runs_its_environment_and_volumes():
    module = CODE["dagsterApiGrpcArgs"][1]
    assert isinstance(importlib.util.find_spec(module).name, str) and module == "rs_assets.definitions"
    assert CODE["includeConfigInLaunchedRuns"] == {"enabled": True}
    assert HELM["runLauncher"]["type"] == "K8sRunLauncher"
    names = {volume["name"] for volume in CODE["volumes"]}
    assert {mount["name"] for mount in CODE["volumeMounts"]} <= names


def test_what_the_chart_gives_a_run_is_configuration_that_dagster_k8s_takes():
    from dagster._config import validate_config
    from dagster_k8s import K8sRunLauncher
    from dagster_k8s.container_context import K8sContainerContext

    launcher = HELM["runLauncher"]["config"]["k8sRunLauncher"]
    snake = lambda name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()  # noqa: E731
    given = {
        "service_account_name": "dagster",
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": "s",
        "dagster_home": "/opt/dagster/dagster_home",
        "image_pull_policy": launcher["imagePullPolicy"],
        "resources": launcher["resources"],
        "run_k8s_config": {snake(name): value for name, value in launcher["runK8sConfig"].items()},
    }
    found = validate_config(dg.Shape(K8sRunLauncher.config_type()), given)
    assert found.success, found.errors
    code = {"env_vars": [f"{k}={v}" for k, v in ENVIRONMENTS["k8s"].items()], "volumes": CODE["volumes"]}
    context = K8sContainerContext.create_from_config({"k8s": {**code, "volume_mounts": CODE["volumeMounts"]}})
    assert context.run_k8s_config.pod_spec_config["volumes"][0]["persistent_volume_claim"]


def test_no_pod_or_task_is_root():
    assert CODE["podSecurityContext"]["runAsUser"] == 10001
    pod = HELM["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    assert pod["podSpecConfig"]["securityContext"]["runAsNonRoot"] is True
    for context in (CODE["securityContext"], pod["containerConfig"]["securityContext"]):
        assert context == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert "10001:10001" in (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def test_dagster_takes_the_instance_of_ecs_and_its_launcher():
    from dagster._config import validate_config
    from dagster._core.instance.config import dagster_instance_config_schema
    from dagster_aws.ecs import EcsRunLauncher

    found = validate_config(dg.Shape(dagster_instance_config_schema()), ECS)
    assert found.success, found.errors
    launcher = validate_config(dg.Shape(EcsRunLauncher.config_type()), ECS["run_launcher"]["config"])
    assert launcher.success, launcher.errors


def test_dagster_takes_the_instance_of_the_compose_stack_its_storage_and_its_launcher():
    from dagster._config import validate_config
    from dagster._core.instance.config import dagster_instance_config_schema
    from dagster_postgres import DagsterPostgresStorage

    from rs_assets.compute.docker.launcher import WorkerLauncher

    found = validate_config(dg.Shape(dagster_instance_config_schema()), STACK)
    assert found.success, found.errors
    storage = validate_config(dg.Shape(DagsterPostgresStorage.config_type()), STACK["storage"]["postgres"])
    assert storage.success, storage.errors
    launcher = STACK["run_launcher"]
    assert getattr(importlib.import_module(launcher["module"]), launcher["class"]) is WorkerLauncher
    assert (
        STACK["run_monitoring"]["poll_interval_seconds"] + STACK["run_monitoring"]["start_timeout_seconds"]
        <= 120
    )


def test_every_service_of_the_stack_is_watched_restarted_and_alone_with_what_it_needs():
    for name, service in COMPOSE["services"].items():
        assert service["restart"] == "unless-stopped" and service["healthcheck"]["test"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert any("docker.sock" in mount for mount in service["volumes"]) == (
            name in ("daemon", "keeper")
        ), name
    assert COMPOSE["networks"]["steps"]["internal"] and COMPOSE["networks"]["inside"]["internal"]


def test_the_steps_of_the_stack_get_its_places_the_raw_log_read_only():
    daemon = COMPOSE["services"]["daemon"]
    known = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    known += (ROOT / "docs" / "containers.md").read_text(encoding="utf-8")
    env = {**COMPOSE["services"]["code"]["environment"], **daemon["environment"]}
    assert [name for name in env if name.startswith("RS_") and f"`{name}`" not in known] == []
    settings = Settings.from_env({name: value for name, value in daemon["environment"].items() if value})
    assert settings.executor == "docker"
    mounts = {mount.target: mount for mount in allowed(settings, daemon["environment"]["RS_DOCKER_MOUNTS"])}
    assert mounts[settings.raw_log].read_only and not mounts[settings.lake].read_only
    written = {mount.partition(":")[2] for mount in daemon["volumes"]}
    assert set(mounts) <= written, "a run's worker sees what its steps see"


def test_the_launcher_of_ecs_runs_the_tasks_container_in_a_size_that_fargate_has():
    config = ECS["run_launcher"]["config"]
    assert (config["task_definition"], config["container_name"]) == (TASK["family"], CONTAINER["name"])
    for size in (TASK, config["run_resources"]):
        assert int(size["memory"]) in SIZES[int(size["cpu"])]
    asked = {secret["name"] for secret in CONTAINER["secrets"]}
    assert ECS["storage"]["postgres"]["postgres_url"]["env"] in asked


def test_the_charts_version_is_that_of_the_dagster_that_is_pinned():
    text = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    pinned = dict(
        line.split("==") for line in (ROOT / "requirements.lock").read_text().splitlines() if " ;" not in line
    )
    assert re.findall(r"--version ([\d.]+)", text) == [pinned["dagster"]]


def test_the_page_on_boxes_names_every_executor_and_figure():
    text = (ROOT / "docs" / "boxes.md").read_text(encoding="utf-8")
    from rs_assets.compute.usage import Usage

    figures = Usage(1, 1, 1, 1, 1, 1).metadata()
    assert [name for name in (*EXECUTORS, *figures) if f"`{name}`" not in text] == []
