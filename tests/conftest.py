"""What holds for all tests."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# How long an example takes says something about the machine only.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


# Clients made in tests hear nothing of the accounts of whoever runs them.
for name in list(os.environ):
    if name.startswith("AWS_") or name.lower().endswith("_proxy"):
        del os.environ[name]
os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

# Tests press Ctrl-C and hang up in programs that they start, which would inherit that somebody runs all this with `nohup`
# or in the background.
for number, handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGTERM, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use two workers for each core: tests of real processes wait more than they compute."""
    return 2 * (os.cpu_count() or 1)
