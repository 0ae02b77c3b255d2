"""The survey: everything or nothing, with patience."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    NotSent,
    Operation,
    Page,
    RecordPage,
    Rejected,
    Throttled,
    Unanswered,
    Unauthenticated,
)
from orchestrator.core.inventory.model import SUCCEEDED, TERMINATION
from orchestrator.core.plan.model import Entry, Plan
from orchestrator.core.review.decide import decide
from orchestrator.core.review.worklist import Decision, Reason
from orchestrator.engine.executors import InlineExecutor
from orchestrator.engine.survey import ATTEMPTS, Surveyor
from orchestrator.errors import NoAccess
from tests.driving import stock_of
from tests.fakes import LANE, START, FakeCatalog, FakeClock
from tests.makers import fake, plan, product


def surveyed(catalog: FakeCatalog, clock: FakeClock) -> Surveyor:
    """A surveyor that does not wait."""
    return Surveyor(clock=clock, sleep=clock.sleep, executor=InlineExecutor())


def lane(count: int) -> tuple[FakeCatalog, FakeClock]:
    """A lane with products."""
    clock = FakeClock()
    return FakeCatalog(clock, [fake(f"pp-{n:03d}") for n in range(count)]), clock


def says(outcome: object) -> Callable[[Callable[[], object]], object]:
    """Trouble."""
    return lambda _: outcome


def test_every_page_is_read_and_the_stacks_are_added() -> None:
    """What the scan shows, with the physical id that only the search knows."""
    catalog, clock = lane(45)
    inventory = stock_of(surveyed(catalog, clock), catalog, plan())
    assert inventory.complete
    assert inventory.started_at == START
    assert len(inventory.products) == 45
    assert inventory.products["pp-044"].physical_id == "arn:stack/pp-044"


def test_a_product_that_is_shown_twice_with_other_tags_has_none_that_anybody_knows() -> None:
    """A page repeats it, without the tag that protects it: what is not known is refused."""
    catalog, clock = lane(2)
    tagged = replace(product("pp-000"), tags=(("sc-orchestrator:protect", "true"),))
    bare = replace(product("pp-000"), tags=())
    other = replace(product("pp-001"), tags=())
    catalog.trouble[Operation.SEARCH].append(says(Answer(Page(products=(tagged, other, bare)))))
    inventory = stock_of(surveyed(catalog, clock), catalog, plan("pp-000", "pp-001"))
    assert inventory.products["pp-000"].tags is None
    made = decide(plan("pp-000", "pp-001"), [inventory])
    assert [line.decision for line in made.lines] == [Decision.REFUSE, Decision.TERMINATE]


def test_what_a_page_has_skipped_is_looked_up_by_itself() -> None:
    """By its id where the scan lacks it, by a search for its id where the search does."""
    for skipping in (Operation.SCAN, Operation.SEARCH):
        catalog, clock = lane(3)
        shown = tuple(product(f"pp-00{n}") for n in (0, 2))
        catalog.trouble[skipping].append(says(Answer(Page(products=shown))))
        inventory = stock_of(surveyed(catalog, clock), catalog, plan())
        assert inventory.complete
        assert (len(inventory.products), dict(inventory.only_searched)) == (3, {})
        assert all(found.tags is not None for found in inventory.products.values())
        single = Operation.PRODUCT if skipping is Operation.SCAN else Operation.SEARCH
        assert catalog.calls == [(Operation.SCAN, None), (Operation.SEARCH, None), (single, "pp-001")]


def test_what_only_the_search_still_shows_is_gone_if_a_lookup_says_so() -> None:
    """It lags behind (seen); where the lookup fails, the product stays unexplained and the lane does not."""
    catalog, clock = lane(1)
    late = (product("pp-000"), product("pp-gone"))
    catalog.trouble[Operation.SEARCH].extend([says(Answer(Page(products=late)))] * 2)
    inventory = stock_of(surveyed(catalog, clock), catalog, plan())
    assert (inventory.complete, set(inventory.only_searched)) == (True, set())
    assert catalog.calls == [(Operation.SCAN, None), (Operation.SEARCH, None), (Operation.PRODUCT, "pp-gone")]
    catalog.trouble[Operation.PRODUCT].append(says(Denied("AccessDenied", "no")))
    again = stock_of(surveyed(catalog, clock), catalog, plan())
    assert (again.complete, set(again.only_searched)) == (True, {"pp-gone"})


def test_many_differences_are_read_again_as_a_whole_and_once() -> None:
    """Not one by one; a second reading that fails is no complete listing."""
    catalog, clock = lane(30)
    catalog.trouble[Operation.SCAN].append(says(Answer(Page(products=()))))
    inventory = stock_of(surveyed(catalog, clock), catalog, plan())
    assert (inventory.complete, len(inventory.products)) == (True, 30)
    operations = [operation for operation, _ in catalog.calls]
    assert operations == [Operation.SCAN, Operation.SEARCH, Operation.SCAN, Operation.SCAN]
    catalog.trouble[Operation.SCAN].extend([says(Answer(Page(products=()))), says(Denied("AccessDenied", "no"))])
    again = stock_of(surveyed(catalog, clock), catalog, plan())
    assert (again.complete, again.problem) == (False, "ScanProvisionedProducts failed: AccessDenied: no")


def test_a_history_of_other_products_tells_nothing_of_this_one() -> None:
    """A filter that is not heeded would make a product that nobody has seen one that was terminated before."""
    catalog, clock = lane(3)
    foreign = catalog.add_record("pp-002", TERMINATION, SUCCEEDED)
    catalog.trouble[Operation.HISTORY].append(says(Answer(RecordPage(records=(foreign,)))))
    inventory = stock_of(surveyed(catalog, clock), catalog, plan("pp-nobody"))
    assert inventory.records.get("pp-nobody", ()) == ()


def test_throttled_and_unanswered_pages_are_asked_for_again() -> None:
    """Some time passes, nothing is missing."""
    catalog, clock = lane(45)
    trouble = [Throttled("SlowDown"), Unanswered("HTTP 500"), NotSent("refused")]
    catalog.trouble[Operation.SCAN].extend([lambda carry_out: carry_out(), *map(says, trouble)])
    inventory = stock_of(surveyed(catalog, clock), catalog, plan())
    assert inventory.complete
    assert len(inventory.products) == 45
    assert clock.now() > START


@pytest.mark.parametrize(("pages", "barred"), [(0, True), (2, False)])
def test_a_listing_that_fails_on_a_page_is_incomplete_and_names_the_problem(pages: int, barred: bool) -> None:
    """Nothing is concluded from the pages before; if there were none, the lane could not even be entered."""
    catalog, clock = lane(60)
    catalog.trouble[Operation.SCAN].extend([lambda carry_out: carry_out()] * pages)
    catalog.trouble[Operation.SCAN].extend([says(Unanswered("HTTP 500"))] * ATTEMPTS)
    inventory = stock_of(surveyed(catalog, clock), catalog, plan())
    assert (inventory.complete, inventory.is_unreachable) == (False, barred)
    assert inventory.problem == "ScanProvisionedProducts failed: HTTP 500"


def test_a_refusal_is_not_asked_twice() -> None:
    """A missing right stays missing."""
    catalog, clock = lane(1)
    catalog.trouble[Operation.SCAN].append(says(Denied("AccessDeniedException", "no")))
    inventory = stock_of(surveyed(catalog, clock), catalog, plan())
    assert inventory.problem == "ScanProvisionedProducts failed: AccessDeniedException: no"
    assert len(catalog.calls) == 1


def test_pages_that_repeat_end() -> None:
    """A token that leads to itself is no listing."""
    catalog, clock = lane(1)
    again = Answer(Page(products=(product("pp-000"),), next_token="again"))
    catalog.trouble[Operation.SCAN].extend([says(again)] * 5)
    inventory = stock_of(surveyed(catalog, clock), catalog, plan())
    assert inventory.problem == "ScanProvisionedProducts repeats its pages: a page token came again"


def test_records_are_read_for_what_is_missing_or_under_change() -> None:
    """And for nothing else: a call for each."""
    catalog, clock = lane(3)
    catalog.add_record("pp-gone", TERMINATION, SUCCEEDED)
    catalog.products["pp-001"].product = product("pp-001", status="UNDER_CHANGE")
    catalog.add_record("pp-001", TERMINATION, "IN_PROGRESS")
    inventory = stock_of(surveyed(catalog, clock), catalog, plan("pp-000", "pp-001", "pp-gone", "pp-never"))
    assert {id_: len(records) for id_, records in inventory.records.items()} == {"pp-001": 1, "pp-gone": 1, "pp-never": 0}
    # Beside one that tells whether histories may be read at all.
    assert sum(operation is Operation.HISTORY for operation, _ in catalog.calls) == 4


def test_a_history_that_cannot_be_read_refuses_the_product_and_not_the_lane() -> None:
    """Or a product that was terminated before would be called never seen."""
    catalog, clock = lane(1)
    catalog.trouble[Operation.HISTORY].extend([lambda carry_out: carry_out(), says(Rejected("Odd", "no"))])
    inventory = stock_of(surveyed(catalog, clock), catalog, plan("pp-000", "pp-gone"))
    assert inventory.complete
    found, refused = decide(plan("pp-000", "pp-gone"), [inventory]).lines
    assert found.decision is Decision.TERMINATE
    assert (refused.decision, refused.reason) == (Decision.REFUSE, Reason.LANE_INCOMPLETE)
    assert "ListRecordHistory of pp-gone failed: Odd: no" in refused.detail


def test_records_that_may_not_be_read_are_found_out_by_a_handful_of_calls() -> None:
    """It is said once for the lane; a product that no listing and no lookup shows is not found."""
    catalog, clock = lane(60)
    for operation in (Operation.RECORD, Operation.HISTORY):
        catalog.trouble[operation].extend([says(Denied("AccessDenied", "no"))] * 100)
    wanted = plan(*(f"pp-{n:03d}" for n in range(60)), "pp-gone")
    inventory = stock_of(surveyed(catalog, clock), catalog, wanted)
    assert set(inventory.denied) == {Operation.RECORD, Operation.HISTORY}
    asked = [operation for operation, _ in catalog.calls]
    assert (asked.count(Operation.RECORD), asked.count(Operation.HISTORY)) == (3, 1)
    made = decide(wanted, [inventory])
    assert len(made.of(Decision.TERMINATE)) == 60
    assert made.lines[60].reason is Reason.NOT_FOUND
    assert made.lines[60].detail.endswith("; its history may not be read")
    assert any("records may not be read" in warning for warning in made.warnings)


def test_what_the_listings_leave_out_is_looked_up_by_id_and_by_name_before_it_is_not_found() -> None:
    """Found: refused, and what comes after it is blocked."""
    for name in (None, "name-of-pp-001"):
        catalog, clock = lane(3)
        hidden = Page(products=(product("pp-000"), product("pp-002")))
        catalog.trouble[Operation.SCAN].append(says(Answer(hidden)))
        catalog.trouble[Operation.SEARCH].append(says(Answer(hidden)))
        wanted = Plan(
            name="x",
            entries=(
                Entry(product_id=None if name else "pp-001", name=name, key="first"),
                Entry(product_id="pp-002", depends_on=("first",)),
            ),
        )
        inventory = stock_of(surveyed(catalog, clock), catalog, wanted)
        assert inventory.complete
        first, second = decide(wanted, [inventory]).lines
        assert (first.decision, first.reason) == (Decision.REFUSE, Reason.LISTINGS_DIFFER)
        assert "a lookup finds it (pp-001" in first.detail
        assert (second.decision, second.reason) == (Decision.REFUSE, Reason.BLOCKED)


def test_who_we_are_is_asked_with_little_patience() -> None:
    """An endpoint that is down is said to be down within seconds."""
    catalog, clock = lane(0)
    assert surveyed(catalog, clock).identify(catalog).account_id == LANE.account_id
    catalog.caller_identity = lambda: Unauthenticated("ExpiredToken", "expired")  # type: ignore[method-assign]
    with pytest.raises(NoAccess, match="ExpiredToken: expired"):
        surveyed(catalog, clock).identify(catalog)
    assert clock.now() - START < 30
