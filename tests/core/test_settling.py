"""How long looks have to agree."""

from __future__ import annotations

from orchestrator.core.run.polling import Agreement
from orchestrator.core.values.policy import POLICY
from tests.fakes import START


def test_looks_agree_from_the_first_to_the_last_and_begin_anew_when_one_differs() -> None:
    """Half a minute apart, and a minute after an unanswered send was given up."""
    one = Agreement().with_look("Quiet", START)
    assert (one.seconds, one.settles_at(None)) == (0.0, START + POLICY.looks_apart_s)
    assert one.settles_at(START - 5) == START - 5 + POLICY.settling_s
    more = one.with_look("Quiet", START + 20)
    assert (more.seconds, more.looks, more.settles_at(None)) == (20.0, 2, START + POLICY.looks_apart_s)
    other = more.with_look("Gone", START + 21)
    assert (other.seconds, other.looks, other.settles_at(None)) == (0.0, 1, START + 21 + POLICY.looks_apart_s)


def test_the_next_look_is_later_each_time_and_never_misses_the_settling() -> None:
    """A handful of looks within a minute."""
    agreement, at, looks = Agreement(), START, 0
    while agreement.at < agreement.settles_at(START):
        agreement = agreement.with_look("Quiet", at)
        looks += 1
        after = agreement.next_look_at(START)
        assert after > at
        at = after
    assert agreement.at == START + POLICY.settling_s
    assert looks <= 12
    assert agreement.next_look_at(START) > agreement.at
