"""What tests in containers are given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rs_assets_tests.docker.engine import engine, image
from rs_assets_tests.docker.place import Place, place


@pytest.fixture(scope="session")
def built() -> Iterator[str]:
    """The image's name, on a running engine."""
    with engine():
        yield image()


@pytest.fixture
def home(built: str) -> Iterator[Place]:
    """A home of a test's own, that no user but the steps' owns; no container outlives it."""
    with place(built) as made:
        yield made
