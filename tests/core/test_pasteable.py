"""Words of a command that a person pastes into a shell."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.values.shell import pasteable


@given(st.text().filter(str.isprintable))
def test_a_shell_reads_a_word_as_it_was(word: str) -> None:
    """Whatever quotes, spaces and dollars are in it."""
    assert shlex.split(pasteable(word)) == [word]


@given(st.text())
def test_a_terminal_obeys_nothing_of_it(word: str) -> None:
    """Also where a person prints it that cannot be read as it was."""
    assert pasteable(word).isprintable()
