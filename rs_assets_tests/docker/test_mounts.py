"""What a step's container may see of the host."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rs_assets.compute.docker.mounts import Mount, allowed
from rs_assets.errors import UserError
from rs_assets.settings import Settings


def settings(home: str = "/srv/shop", **env: str) -> Settings:
    return Settings.from_env({"RS_HOME": home, **env})


def test_by_default_a_step_sees_the_log_to_read_and_the_lake_to_write():
    assert allowed(settings()) == (
        Mount("/srv/shop/raw", "/srv/shop/raw", read_only=True),
        Mount("/srv/shop/lake", "/srv/shop/lake", read_only=False),
        Mount("/srv/shop/dagster", "/srv/shop/dagster", read_only=False),
        Mount("/srv/shop/alerts", "/home/rs/alerts", read_only=False),
    )


def test_what_persons_decided_is_there_to_read_once_it_is_there(tmp_path):
    (tmp_path / "decisions.ndjson").touch()
    decisions = str(tmp_path / "decisions.ndjson")
    assert Mount(decisions, decisions, read_only=True) in allowed(settings(str(tmp_path)))


def test_a_log_in_an_object_store_is_no_mount():
    assert "raw" not in " ".join(mount.target for mount in allowed(settings(RS_RAW_LOG="s3://shop/raw")))


def test_a_written_list_replaces_the_default():
    mounts = allowed(settings(), "log:/srv/shop/raw:ro, lake:/srv/shop/lake:rw")
    assert [(mount.source, mount.read_only, mount.is_volume) for mount in mounts] == [
        ("log", True, True),
        ("lake", False, True),
    ]


@pytest.mark.parametrize("written", ["/srv/x", "/srv/x:/srv/x", "/srv/x:srv:ro", ":/srv/x:ro", "/a:/b:write"])
def test_what_is_no_mount_is_named(written):
    with pytest.raises(UserError, match="is no mount"):
        allowed(settings(), written)


@pytest.mark.parametrize(
    "source",
    [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run",
        "/var",
        "/",
        "/etc",
        "/srv/engine.sock",
        "/srv/../run",
    ],
)
@pytest.mark.parametrize("mode", ["ro", "rw"])
def test_neither_a_socket_nor_the_hosts_system_is_ever_mounted(source, mode):
    with pytest.raises(UserError, match="must not see"):
        allowed(settings(), f"{source}:/mnt:{mode}")


def test_a_link_to_a_socket_is_a_socket(tmp_path):
    os.symlink("/run/docker.sock", tmp_path / "data")
    with pytest.raises(UserError, match="must not see"):
        allowed(settings(), f"{tmp_path}/data:/mnt:ro")


@pytest.mark.parametrize(
    "written",
    [
        "/srv/shop/raw:/srv/shop/raw:rw",
        "/srv/shop/raw/site=a:/mnt:rw",
        "/srv/shop:/srv/shop:rw",
        "/srv/shop/raw:/srv/shop/raw:ro,/srv/shop:/mnt:rw",
        "/srv/shop/raw:/srv/shop/raw:ro,/srv/shop/lake/../raw:/mnt:rw",
        "log:/srv/shop/raw:rw",
        "log:/srv/shop/raw:ro,log:/mnt:rw",
        "log:/srv/shop:rw",
    ],
)
def test_no_mount_lets_a_step_write_the_raw_log(written):
    with pytest.raises(UserError, match="would let a step write the raw log"):
        allowed(settings(), written)


names = st.sampled_from(["raw", "lake", "dagster", "site=a", "..", "."])
paths = st.lists(names, max_size=4).map(lambda parts: "/".join(["/srv/shop", *parts]))


@given(st.lists(st.tuples(paths, paths, st.sampled_from(["ro", "rw"])), min_size=1, max_size=3))
def test_whatever_is_written_no_place_of_the_log_is_writable(mounts):
    try:
        granted = allowed(settings(), ",".join(":".join(mount) for mount in mounts))
    except UserError:
        return
    for mount in granted:
        if not mount.read_only:
            for place in (mount.source, mount.target):
                shared = os.path.commonpath([os.path.normpath(place), "/srv/shop/raw"])
                assert shared not in (os.path.normpath(place), "/srv/shop/raw")
