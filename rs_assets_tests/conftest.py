"""What tests of several packages are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import hypothesis
import pytest

# No test asserts a time: a busy machine is no failure.
hypothesis.settings.register_profile("rs_assets", deadline=None)
hypothesis.settings.load_profile("rs_assets")

if TYPE_CHECKING:
    from rs_assets_tests.s3 import Store


@pytest.fixture(scope="module")
def s3() -> Iterator[Store]:
    """An object store of this module's own, over HTTP; the environment leads to it."""
    from rs_assets_tests.s3 import serving

    with serving() as store:
        yield store
