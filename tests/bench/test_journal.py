"""The benchmarks run: one that does not measures nothing."""

from __future__ import annotations

import re

import pytest

from tests.bench import journal


def test_reading_a_journal_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """As ratios of what cannot be left out; whatever they come to here."""
    journal.main(500)
    said = capsys.readouterr().out
    assert said.startswith("500 events about 100 products, 0 MiB\n")
    assert re.search(r"^reading it back and replay +[0-9.]+ s +[0-9.]+ x$", said, re.MULTILINE)
