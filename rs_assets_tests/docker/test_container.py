"""A box and a policy, rendered to what Docker is asked for."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.compute import Box
from rs_assets.compute.docker.container import Policy, create_arguments
from rs_assets.compute.docker.mounts import Mount
from rs_assets.errors import UserError
from rs_assets.settings import Settings

POLICY = Policy("rs_assets", "10001:10001", (Mount("/srv/raw", "/srv/raw", read_only=True),), {"A": "1"})


def policy(home: str = "/srv/shop", **env: str) -> Policy:
    return Policy.from_env(Settings.from_env({"RS_HOME": home, **env}), {"RS_DOCKER_USER": "7:8", **env})


@given(st.integers(1, 64), st.floats(0.01, 512), st.booleans())
def test_memory_is_a_hard_limit_and_cores_are_a_share(cpu, memory_gib, quota):
    box = Box(cpu, memory_gib)
    made = create_arguments(box, Policy("i", "1:1", (), {}, cpu_quota=quota), box.memory_mib)
    assert made["mem_limit"] == made["memswap_limit"] == box.memory_mib * 2**20 >= memory_gib * 2**30
    assert made["cpu_shares"] == cpu * 1024
    assert made.get("nano_cpus") == (cpu * 10**9 if quota else None)


def test_a_container_has_nothing_that_it_was_not_given():
    made = create_arguments(Box(), POLICY, 2048)
    assert made["user"] == "10001:10001"
    assert made["cap_drop"] == ["ALL"] and made["security_opt"] == ["no-new-privileges"]
    assert made["read_only"] is True and list(made["tmpfs"]) == ["/tmp"]
    assert made["network_mode"] == "none"
    assert [(m["Source"], m["Target"], m["ReadOnly"]) for m in made["mounts"]] == [
        ("/srv/raw", "/srv/raw", True)
    ]
    assert made["environment"] == {"A": "1"}
    assert made["device_requests"] is None


def test_a_box_may_bring_its_own_image_and_devices():
    made = create_arguments(Box(image="torch:2", gpu=2), POLICY, 2048)
    assert made["image"] == "torch:2"
    assert made["device_requests"][0]["Count"] == 2


def test_a_step_is_told_the_places_and_no_secret():
    made = policy(
        AWS_SECRET_ACCESS_KEY="x", RS_ALERT_URLS="json://key@host", RS_SITES="a,b", RS_ENVIRONMENT="dev"
    )
    assert made.environment == {
        "RS_RAW_LOG": "/srv/shop/raw",
        "RS_LAKE": "/srv/shop/lake",
        "RS_DECISIONS": "/srv/shop/decisions.ndjson",
        "RS_ENVIRONMENT": "dev",
        "RS_SITES": "a,b",
        "DAGSTER_HOME": "/srv/shop/dagster-dev",
        "HOME": "/tmp",
    }


def test_a_variable_is_passed_once_it_is_named():
    named = {"RS_DOCKER_ENV": "AWS_REGION, AWS_PROFILE", "AWS_REGION": "eu-1", "AWS_ACCESS_KEY_ID": "x"}
    passed = policy(**named).environment
    assert passed["AWS_REGION"] == "eu-1"
    assert "AWS_PROFILE" not in passed and "AWS_ACCESS_KEY_ID" not in passed


@pytest.mark.parametrize("user", ["0", "0:0", "5:0", "root"])
def test_no_step_is_root(user):
    with pytest.raises(UserError, match="must not run as root"):
        policy(RS_DOCKER_USER=user)


def test_where_root_launches_the_step_is_whose_the_lake_is(tmp_path):
    (tmp_path / "lake").mkdir()
    if os.getuid():
        made = policy(str(tmp_path), RS_DOCKER_USER="")
        assert made.user == f"{os.getuid()}:{os.getgid()}"
        return
    with pytest.raises(UserError, match="must not run as root"):
        policy(str(tmp_path), RS_DOCKER_USER="")
    os.chown(tmp_path / "lake", 10001, 10002)
    assert policy(str(tmp_path), RS_DOCKER_USER="").user == "10001:10002"


@pytest.mark.parametrize("network", ["host", "container:other"])
def test_a_network_that_is_not_the_steps_own_is_refused(network):
    with pytest.raises(UserError, match="network that is not theirs"):
        policy(RS_DOCKER_NETWORK=network)
