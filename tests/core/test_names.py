"""Names: resolved once, to exactly one product, or refused."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.core.inventory.model import Inventory
from orchestrator.core.plan.model import Entry, Plan
from orchestrator.core.review.decide import decide
from orchestrator.core.review.lookups import questions
from orchestrator.core.review.worklist import Decision, Line, Reason
from orchestrator.core.values.lane import Lane
from tests.fakes import LANE
from tests.makers import inventory, product, record

OTHER = Lane("444455556666", "eu-west-1")


def lines(inventories: list[Inventory], *entries: Entry) -> tuple[Line, ...]:
    """What is decided on entries."""
    return decide(Plan(name="x", entries=entries), inventories).lines


def there(*products: object, **changes: object) -> Inventory:
    """The other lane."""
    return replace(inventory(*products, **changes), lane=OTHER)  # type: ignore[arg-type]


def test_a_name_becomes_the_id_of_its_one_product() -> None:
    """From then on only the id counts."""
    [line] = lines([inventory(product("pp-a", name="alice"))], Entry(name="alice"))
    assert (line.id, line.product_id, line.decision) == (f"{LANE}/pp-a", "pp-a", Decision.TERMINATE)
    assert (line.requested_name, line.label) == ("alice", "alice (pp-a)")


def test_namesakes_are_refused_with_the_candidates_unless_the_lane_is_named() -> None:
    """Nothing is guessed."""
    both = [inventory(product("pp-a", name="alice")), there(product("pp-b", name="alice"))]
    [line] = lines(both, Entry(name="alice"))
    assert (line.reason, line.id) == (Reason.AMBIGUOUS, "?/?/name:alice")
    assert f"pp-a in {LANE}, pp-b in {OTHER}; add AccountId and Region" in line.detail
    [line] = lines(both, Entry(name="alice", account_id=OTHER.account_id))
    assert line.product_id == "pp-b"
    crowd = [inventory(*(product(f"pp-{n}", name="alice") for n in range(7)))]
    assert "and 2 more" in lines(crowd, Entry(name="alice"))[0].detail


def test_a_name_is_refused_while_a_lane_that_may_hold_it_is_unread() -> None:
    """A namesake may be there; an id can only be in one place."""
    here = inventory(product("pp-a", name="alice"))
    unread = there(complete=False, problem="denied")
    by_name, by_id = lines([here, unread], Entry(name="alice"), Entry(product_id="pp-a"))
    assert by_name.reason is Reason.LANE_INCOMPLETE
    assert "add AccountId and Region to leave it out of account" in by_name.detail
    assert by_name.lane == LANE
    assert by_id.reason is Reason.DUPLICATE or by_id.decision is Decision.TERMINATE
    [alone] = lines([here, unread], Entry(name="alice", account_id=LANE.account_id))
    assert alone.decision is Decision.TERMINATE
    missing = lines([there(complete=False), replace(unread, lane=LANE)], Entry(name="x"))[0]
    assert "2 lanes that may hold it could not be read completely" in missing.detail


def test_two_entries_for_one_product_are_refused_as_one_line() -> None:
    """One names it by id and the other by name; which options count is open."""
    [line] = lines(
        [inventory(product("pp-a", name="alice"))],
        Entry(product_id="pp-a", location="p.yaml:4"),
        Entry(name="alice", location="p.yaml:5"),
    )
    assert (line.decision, line.reason) == (Decision.REFUSE, Reason.DUPLICATE)
    assert line.detail == "two entries mean this product: p.yaml:4 and p.yaml:5"


def test_an_id_with_another_name_than_it_bears_is_refused() -> None:
    """As an ARN that was put together by hand."""
    [line] = lines([inventory(product("pp-a", name="alice"))], Entry(product_id="pp-a", name="bob"))
    assert (line.decision, line.reason) == (Decision.REFUSE, Reason.OTHER_NAME)


def test_a_control_tower_account_is_terminated_only_by_its_id() -> None:
    """Never by a name that happens to fit."""
    account = [inventory(product("pp-a", name="alice", type="CONTROL_TOWER_ACCOUNT"))]
    assert lines(account, Entry(name="alice"))[0].reason is Reason.CONTROL_TOWER
    assert lines(account, Entry(product_id="pp-a"))[0].decision is Decision.TERMINATE


def test_a_name_that_is_missing_is_already_gone_if_a_record_says_so() -> None:
    """Else it is not found, under a line of its own."""
    done = record("rec-9", product_id="pp-old", product_name="alice", status="SUCCEEDED")
    gone, unknown = lines([inventory(terminated_names={"alice": done})], Entry(name="alice"), Entry(name="bob"))
    assert (gone.decision, gone.reason, gone.record_id) == (Decision.SKIP, Reason.ALREADY_GONE, "rec-9")
    assert gone.detail == "the last product of that name, pp-old, was terminated before, by rec-9"
    assert (unknown.reason, unknown.id, unknown.name) == (Reason.NOT_FOUND, f"{LANE}/name:bob", "bob")


def test_a_name_that_only_the_search_shows_is_refused() -> None:
    """The two listings differ."""
    [line] = lines([inventory(only_searched={"pp-a": product("pp-a", name="alice")})], Entry(name="alice"))
    assert line.reason is Reason.LISTINGS_DIFFER


def test_an_entry_for_a_lane_that_is_not_there_is_refused() -> None:
    """It is not looked for elsewhere."""
    [line] = lines([inventory(product("pp-a"))], Entry(product_id="pp-a", region="us-east-1"))
    assert (line.decision, line.id) == (Decision.REFUSE, "?/us-east-1/pp-a")


def test_many_lanes_are_named_in_part() -> None:
    """A line is to be read by a person."""
    many = [replace(inventory(), lane=Lane(f"{n:012d}", "eu-west-1")) for n in range(10)]
    assert "and 2 more lanes" in lines(many, Entry(product_id="pp-a"))[0].detail


def naming(*entries: Entry) -> Plan:
    """A plan with these entries."""
    return Plan(name="x", entries=entries)


def test_records_are_asked_for_where_they_can_be() -> None:
    """One lane: the product's own history. Several: each lane's newest records, once for all."""
    here = inventory(product("pp-u", status="UNDER_CHANGE"), product("pp-a"))
    asked = questions(
        naming(Entry(product_id="pp-u"), Entry(product_id="pp-a"), Entry(product_id="pp-gone"), Entry(name="gone")), [here]
    )
    assert list(asked[LANE].histories) == ["pp-u", "pp-gone"]
    assert (asked[LANE].ids, asked[LANE].names) == (set(), {"gone"})
    both = questions(naming(Entry(product_id="pp-gone"), Entry(name="name-of-pp-u")), [here, there()])
    assert both[OTHER].ids == {"pp-gone"}
    assert list(both[LANE].histories) == ["pp-u"]
    assert questions(naming(Entry(product_id="pp-gone")), [there(complete=False)]) == {}
