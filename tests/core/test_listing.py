"""The one pager: what is complete, what is given up and why, and what one listing lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    NotFound,
    Operation,
    Outcome,
    Page,
    RecordPage,
    Rejected,
    Throttled,
    Unanswered,
)
from orchestrator.core.inventory.listing import Listing
from orchestrator.core.inventory.model import Product
from orchestrator.core.run.commands import ListPage, next_page
from orchestrator.core.values.policy import POLICY
from tests.fakes import LANE, START, SYSTEM_TAGS
from tests.makers import product

ODD = Rejected("Odd", "no")
Server = Callable[[ListPage], Outcome]


def page(*ids: str, token: str | None = None, tags: Sequence[tuple[str, str]] | None = SYSTEM_TAGS) -> Answer[Page]:
    """One page."""
    shown = tuple(product(id_, tags=None if tags is None else tuple(tags)) for id_ in ids)
    return Answer(Page(products=shown, next_token=token))


def read(listing: Listing, server: Server, most: int = 500) -> list[ListPage]:
    """Read a listing to its end; returns the calls that it took."""
    calls: list[ListPage] = []
    at = START
    while not listing.is_over:
        assert len(calls) < most
        command = next_page(listing, LANE)
        calls.append(command)
        at = max(at + 0.1, listing.ready_at)
        listing.on_reply(at, server(command))
    assert listing.step is None
    return calls


def showing(scan: Sequence[str], search: Sequence[str], single: dict[str, Outcome] | None = None) -> Server:
    """One page each, and what lookups of single products say."""

    def serve(command: ListPage) -> Outcome:
        if command.product_id is not None:
            return (single or {})[command.product_id]
        return page(*scan, tags=None) if command.operation is Operation.SCAN else page(*search)

    return serve


def test_a_listing_is_complete_with_the_last_pages_of_both() -> None:
    """What it shows was read at known moments, and how completely is said."""
    pages = {(Operation.SCAN, None): page("pp-a", token="2", tags=None), (Operation.SCAN, "2"): page("pp-b", tags=None)}
    pages |= {(Operation.SEARCH, None): page("pp-a", "pp-b")}
    listing = Listing(START)
    calls = read(listing, lambda command: pages[command.operation, command.page_token])
    assert (listing.is_complete, listing.pages, listing.products_read) == (True, 3, 2)
    assert [call.page for call in calls] == [0, 1, 2]
    held = listing.inventory(LANE)
    assert (held.complete, set(held.products), held.ended_at) == (True, {"pp-a", "pp-b"}, listing.ended_at)
    assert held.observed["pp-b"].at > held.observed["pp-a"].at > START
    assert held.counts is not None
    assert (held.counts.scan_pages, held.counts.scanned, held.counts.searched) == (2, 2, 2)


@pytest.mark.parametrize(
    ("empty", "complete"), [(POLICY.max_pages_without_news - 1, True), (POLICY.max_pages_without_news, False)]
)
def test_pages_that_show_nothing_new_end_nothing_until_there_are_twenty_in_a_row(empty: int, complete: bool) -> None:
    """A page may be empty with more behind it."""

    def serve(command: ListPage) -> Outcome:
        number = int(command.page_token or 0)
        if command.operation is Operation.SEARCH:
            return page("pp-a", "pp-z")
        if number <= empty:
            return page(*(["pp-a"] if number % 2 == 0 else []), token=str(number + 1), tags=None)
        return page("pp-z", tags=None)

    listing = Listing(START)
    read(listing, serve)
    assert listing.is_complete is complete
    if not complete:
        assert listing.problem == "ScanProvisionedProducts does not end: 20 pages in a row showed no new product"
        held = listing.inventory(LANE)
        assert (held.complete, held.coverage.problem, held.coverage.started_at) == (False, listing.problem, START)
        assert held.counts is not None
        assert held.counts.scanned == len(held.products) == 1


def test_a_token_that_comes_again_makes_it_incomplete() -> None:
    """It would go on for ever."""
    listing = Listing(START)
    read(listing, lambda command: page("pp-a", token="again", tags=None))
    assert listing.problem == "ScanProvisionedProducts repeats its pages: a page token came again"


def test_the_deadline_makes_it_incomplete() -> None:
    """Whatever it has shown so far, nothing may be concluded from it."""
    listing = Listing(START, deadline=START + 1)
    read(listing, lambda command: page(f"pp-{command.page}", token=str(command.page), tags=None))
    assert listing.problem == "ScanProvisionedProducts was not read to its end before the deadline"
    given_up = Listing(START)
    given_up.give_up(START + 1, "it is not wanted any more")
    assert (given_up.is_over, given_up.ended_at) == (True, START + 1)


@pytest.mark.parametrize(
    ("trouble", "times", "said"),
    [
        (Unanswered("reset"), POLICY.max_page_misses, "reset"),
        (Rejected("Odd", "no"), POLICY.max_page_refusals, "Odd: no"),
        (NotFound("no page"), POLICY.max_page_refusals, "not found: no page"),
        (Answer(RecordPage(records=())), POLICY.max_page_refusals, "the answer is not a page"),
        (Denied("AccessDenied", "no"), 1, "AccessDenied: no"),
    ],
)
def test_one_odd_answer_is_asked_again_and_some_in_a_row_give_it_up(trouble: Outcome, times: int, said: str) -> None:
    """After short pauses; a permission that is missing stays missing."""
    for failing in (times - 1, times):
        outcomes: list[Outcome] = [trouble] * failing
        listing = Listing(START)
        read(listing, lambda command, left=outcomes: left.pop() if left else showing(["pp-a"], ["pp-a"])(command))  # type: ignore[misc]
        assert listing.is_complete is (failing < times)
        assert listing.ended_at is not None
        assert listing.ended_at - START < 30
    assert listing.problem == f"ScanProvisionedProducts failed: {said}"


def test_throttled_pages_are_asked_for_three_minutes() -> None:
    """The pace is the rate limiter's to keep."""
    listing, at = Listing(START), START
    while not listing.is_over:
        at += 10
        listing.on_reply(at, Throttled("SlowDown"))
    assert at - START == POLICY.max_throttled_s + 10
    assert listing.problem == "ScanProvisionedProducts failed: throttled (SlowDown)"


def test_tags_in_another_order_are_the_same_tags() -> None:
    """Other tags are not: nobody knows which of them it has."""
    one, other = ("A", "1"), ("B", "2")

    def serve(command: ListPage) -> Outcome:
        if command.operation is Operation.SCAN:
            return page("pp-a", "pp-b", tags=None)
        first = (product("pp-a", tags=(one, other)), product("pp-b", tags=(one,)))
        second = (product("pp-a", tags=(other, one)), product("pp-b", tags=(other,)))
        if command.page_token is None:
            return Answer(Page(products=first, next_token="2"))
        return Answer(Page(products=second))

    listing = Listing(START)
    read(listing, serve)
    assert listing.products["pp-a"].tags is not None
    assert listing.products["pp-b"].tags is None


def test_a_few_differences_are_looked_up_one_by_one() -> None:
    """By id where the scan lacks it, by a search for its id where the search does; what is gone is no difference."""
    single: dict[str, Outcome] = {
        "pp-unsearched": page("pp-unsearched"),
        "pp-hidden": page("pp-other"),
        "pp-unscanned": Answer(product("pp-unscanned")),
        "pp-gone": NotFound("gone"),
        "pp-odd": Answer(product("pp-elsewhere")),
        "pp-denied": Denied("AccessDenied", "no"),
    }
    listing = Listing(START)
    scan, search = ["pp-a", "pp-unsearched", "pp-hidden"], ["pp-a", "pp-unscanned", "pp-gone", "pp-odd", "pp-denied"]
    calls = read(listing, showing(scan, search, single))
    assert {call.product_id for call in calls} == {None, *single}
    held = listing.inventory(LANE)
    assert held.complete
    assert {id_ for id_, found in held.products.items() if found.tags is None} == {"pp-hidden"}
    assert set(held.products) == {"pp-a", "pp-unsearched", "pp-hidden", "pp-unscanned"}
    assert set(held.only_searched) == {"pp-odd", "pp-denied"}


def test_differences_that_our_own_terminations_explain_are_none() -> None:
    """No call is spent on them."""
    listing = Listing(START, explained=frozenset({"pp-going", "pp-gone"}))
    calls = read(listing, showing(["pp-a", "pp-going"], ["pp-a", "pp-gone"]))
    assert len(calls) == 2
    assert listing.inventory(LANE).only_searched == {}


def test_many_differences_are_read_again_once() -> None:
    """Both listings, where both lack some."""
    many = [f"pp-{n:02d}" for n in range(POLICY.max_single_lookups + 10)]
    listing = Listing(START)
    calls = read(listing, showing([*many[:15], "pp-x"], many[5:]))
    assert [call.operation for call in calls] == [Operation.SCAN, Operation.SEARCH, Operation.SCAN, Operation.SEARCH]
    assert set(listing.inventory(LANE).only_searched) == set(many[15:])


def test_what_is_shown_without_any_tag_is_looked_at_again_before_that_is_believed() -> None:
    """A search may not show tags yet, and tags protect: one by one, or all of them once more."""
    protecting = (("sc-orchestrator:protect", "true"),)
    for count in (1, POLICY.max_single_lookups + 1):
        ids = [f"pp-{n:02d}" for n in range(count)]
        searches: list[str | None] = []

        def serve(command: ListPage, ids: list[str] = ids, searches: list[str | None] = searches) -> Outcome:
            if command.operation is Operation.SCAN:
                return page(*ids, tags=None)
            searches.append(command.product_id)
            shown = [command.product_id] if command.product_id else ids
            return page(*shown, tags=() if len(searches) == 1 else protecting)

        listing = Listing(START)
        read(listing, serve)
        assert searches == [None, ids[0] if count == 1 else None]
        assert {found.tags for found in listing.inventory(LANE).products.values()} == {protecting}


def test_what_has_no_tag_when_looked_at_again_has_none() -> None:
    """That is asked once."""
    listing = Listing(START)
    calls = read(listing, lambda _: page("pp-a", tags=()))
    assert len(calls) == 3
    assert listing.inventory(LANE).products["pp-a"].tags == ()


@given(
    there=st.sets(st.integers(0, 60), max_size=60),
    skipped=st.sets(st.integers(0, 60), max_size=8),
    size=st.integers(1, 9),
    repeats=st.booleans(),
    trouble=st.lists(
        st.sampled_from([None, None, Unanswered("reset"), Throttled("x"), Rejected("Odd", "no")]), max_size=20
    ),
)
def test_whatever_pages_do_a_complete_listing_shows_what_there_is(
    there: set[int], skipped: set[int], size: int, repeats: bool, trouble: list[Outcome | None]
) -> None:
    """Skipped once by the scan, repeated, refused or unanswered on the way: nothing that is there is missed."""
    ids = [f"pp-{n:02d}" for n in sorted(there)]
    lacking = {f"pp-{n:02d}" for n in skipped}

    def cut(shown: list[str], token: str | None, tags: tuple[tuple[str, str], ...] | None) -> Outcome:
        start = int(token or 0)
        first = max(0, start - 1) if repeats else start
        more = str(start + size) if start + size < len(shown) else None
        found: tuple[Product, ...] = tuple(product(id_, tags=tags) for id_ in shown[first : start + size])
        return Answer(Page(products=found, next_token=more))

    def serve(command: ListPage) -> Outcome:
        if trouble and (problem := trouble.pop()) is not None:
            return problem
        if command.product_id is not None:
            return Answer(product(command.product_id))
        if command.operation is Operation.SCAN:
            return cut([id_ for id_ in ids if id_ not in lacking], command.page_token, None)
        return cut(ids, command.page_token, ())

    listing = Listing(START)
    read(listing, serve)
    if listing.is_complete:
        held = listing.inventory(LANE)
        assert set(held.products) | set(held.only_searched) == set(ids)
        assert set(held.only_searched) <= lacking
        assert all(found.tags is not None for found in held.products.values())
