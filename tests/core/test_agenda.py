"""The agenda: what is due, in order, each key once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.run.due_queue import DueQueue

STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "put", "drop"]), st.sampled_from("abcde"), st.integers(0, 5), st.integers(0, 2)),
    max_size=300,
)


@given(STEPS, st.integers(0, 6))
def test_it_is_a_sorted_dictionary_that_is_read_without_being_changed(
    steps: list[tuple[str, str, int, int]], now: int
) -> None:
    """Whatever is put, replaced and dropped: due keys come once each, by moment, then rank, then age."""
    queue = DueQueue()
    model: dict[str, tuple[int, int, int]] = {}
    for serial, (what, key, at, rank) in enumerate(steps):
        if what == "put":
            queue.put(key, at, rank)
            model[key] = (at, rank, serial)
        else:
            queue.drop(key)
            model.pop(key, None)
    expected = [key for key, entry in sorted(model.items(), key=lambda item: item[1]) if entry[0] <= now]
    assert list(queue.due(now)) == expected
    assert list(queue.due(now)) == expected
    assert queue.next_at() == min((entry[0] for entry in model.values()), default=None)
    assert len(queue) == len(model)
    assert all((key in queue) == (key in model) for key in "abcde")


def test_replaced_entries_do_not_pile_up() -> None:
    """However often a key is put again behind one that stays."""
    queue = DueQueue()
    queue.put("first", 0.0)
    for number in range(10_000):
        queue.put("again", 1.0 + number)
    assert list(queue.due(20_000)) == ["first", "again"]
    assert len(queue._heap) < 100


def test_reading_a_few_costs_little_of_many() -> None:
    """Taking the first three of a hundred thousand does not walk them all: only the top of the heap is touched."""
    queue = DueQueue()
    for number in range(100_000):
        queue.put(f"{number:06d}", 0.0, number)
    due = queue.due(1.0)
    assert [next(due) for _ in range(3)] == ["000000", "000001", "000002"]
    frontier = due.gi_frame.f_locals["frontier"]  # type: ignore[attr-defined]
    assert len(frontier) < 10
