"""What holds for all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# How long an example takes says something about the machine only.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use two workers for each core: tests of real processes wait more than they compute."""
    return 2 * (os.cpu_count() or 1)
