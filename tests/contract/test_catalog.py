"""One contract for the catalog: the fake in memory, and the real boto3 adapter over HTTP to the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import pytest

from orchestrator.aws import sessions as connect
from orchestrator.core.inventory.calls import Answer, NotFound, Page, RecordPage, Rejected
from orchestrator.core.inventory.model import Product, Record
from orchestrator.core.plan.model import Options
from orchestrator.core.run.commands import Terminate
from orchestrator.ports import Catalog
from orchestrator.simulator import Simulator, WorldSpec
from tests.fakes import LANE, FakeCatalog, FakeClock
from tests.makers import fake


class Prepared(Protocol):
    """A catalog with products `pp-000`… that take long to terminate, but for the ids that end as told at once."""

    def __call__(self, count: int, ending: dict[str, list[str]] | None = None) -> Catalog: ...


@pytest.fixture(params=["fake", "simulator"])
def prepared(request: pytest.FixtureRequest) -> Iterator[Prepared]:
    """Both implementations, one after the other."""
    running: list[Simulator] = []

    def in_memory(count: int, ending: dict[str, list[str]] | None = None) -> Catalog:
        endings = ending or {}
        products = [
            fake(id_, *endings.get(id_, []), duration=0.0 if id_ in endings else 1e6)
            for id_ in (f"pp-{n:03d}" for n in range(count))
        ]
        catalog = FakeCatalog(FakeClock(), products)
        # Whoever runs the service says which tags it adds; the simulator adds none.
        catalog.system_tags = ()
        for each in products:
            catalog.add_record(each.product.product_id, "PROVISION_PRODUCT", "SUCCEEDED")
        return catalog

    def over_http(count: int, ending: dict[str, list[str]] | None = None) -> Catalog:
        endings = ending or {}
        spec = WorldSpec.model_validate(
            {
                "Products": [
                    {"Id": id_, "Duration": 0 if id_ in endings else 1e6, "Terminations": endings.get(id_, ["SUCCEEDED"])}
                    for id_ in (f"pp-{n:03d}" for n in range(count))
                ]
            }
        )
        simulator = Simulator(spec)
        running.append(simulator.__enter__())
        return connect.rehearsal(simulator.url, 4)(LANE)

    makers: dict[str, Callable[..., Catalog]] = {"fake": in_memory, "simulator": over_http}
    yield makers[request.param]
    for simulator in running:
        simulator.stop()


def termination(product_id: str, token: str = "orc-1") -> Terminate:
    """A termination to send."""
    return Terminate(
        lane=LANE,
        line=f"{LANE}/{product_id}",
        product_id=product_id,
        attempt=1,
        send=1,
        token=token,
        options=Options(accept_language="en"),
        record_before=None,
    )


def page(outcome: object) -> Page:
    """Return a page that was answered."""
    found = answer(outcome)
    assert isinstance(found, Page)
    return found


def answer(outcome: object) -> object:
    """Return what was answered."""
    assert isinstance(outcome, Answer), outcome
    return outcome.value


def test_a_termination_is_answered_with_its_record(prepared: Prepared) -> None:
    """CREATED, of this product, and a termination's."""
    catalog = prepared(1)
    record = answer(catalog.terminate(termination("pp-000")))
    assert isinstance(record, Record)
    assert record.status == "CREATED"
    assert record.product_id == "pp-000"
    assert record.is_termination
    assert answer(catalog.describe_record(record.record_id)) == record


def test_the_same_token_gets_the_same_record_and_another_one_is_rejected(prepared: Prepared) -> None:
    """While the termination is in progress."""
    catalog = prepared(1)
    first = answer(catalog.terminate(termination("pp-000")))
    assert answer(catalog.terminate(termination("pp-000"))) == first
    assert isinstance(catalog.terminate(termination("pp-000", token="orc-2")), Rejected)


def test_a_product_under_termination_is_under_change_with_that_record(prepared: Prepared) -> None:
    """A lookup tells what is going on."""
    catalog = prepared(1)
    record = answer(catalog.terminate(termination("pp-000")))
    product = answer(catalog.describe_product("pp-000"))
    assert isinstance(record, Record)
    assert isinstance(product, Product)
    assert (product.status, product.last_record_id) == ("UNDER_CHANGE", record.record_id)


def test_a_terminated_product_is_not_found_and_its_record_outlives_it(prepared: Prepared) -> None:
    """By lookup, by listing, by termination; the history still tells."""
    catalog = prepared(1, {"pp-000": ["SUCCEEDED"]})
    record = answer(catalog.terminate(termination("pp-000")))
    assert isinstance(record, Record)
    assert isinstance(catalog.describe_product("pp-000"), NotFound)
    assert isinstance(catalog.terminate(termination("pp-000")), NotFound)
    assert answer(catalog.scan(None)).products == ()  # type: ignore[attr-defined]
    history = answer(catalog.record_history("pp-000", None))
    assert isinstance(history, RecordPage)
    assert (history.records[0].record_id, history.records[0].status) == (record.record_id, "SUCCEEDED")


def test_a_failed_termination_leaves_the_product_tainted_and_its_errors_in_the_record(prepared: Prepared) -> None:
    """It can be terminated again, with another token."""
    catalog = prepared(1, {"pp-000": ["FAILED", "SUCCEEDED"]})
    first = answer(catalog.terminate(termination("pp-000")))
    assert isinstance(first, Record)
    product = answer(catalog.describe_product("pp-000"))
    assert isinstance(product, Product)
    assert product.status == "TAINTED"
    failed = answer(catalog.describe_record(first.record_id))
    assert isinstance(failed, Record)
    assert failed.status == "FAILED"
    assert failed.errors[0].code == "400"
    second = answer(catalog.terminate(termination("pp-000", token="orc-2")))
    assert isinstance(second, Record)
    assert second.record_id != first.record_id


@pytest.mark.parametrize("count", [0, 1, 20, 21, 45])
def test_a_scan_shows_every_product_once_in_pages_of_twenty(prepared: Prepared, count: int) -> None:
    """The last page has no token."""
    catalog = prepared(count)
    seen: list[str] = []
    token = None
    while True:
        page = answer(catalog.scan(token))
        products, token = page.products, page.next_token  # type: ignore[attr-defined]
        assert len(products) <= 20
        seen += [product.product_id for product in products]
        if token is None:
            break
    assert seen == [f"pp-{n:03d}" for n in range(count)]


def test_a_search_tells_the_stack_and_a_scan_does_not(prepared: Prepared) -> None:
    """The physical id is known to the search only."""
    catalog = prepared(1)
    assert answer(catalog.search(None)).products[0].physical_id.startswith("arn:")  # type: ignore[attr-defined]
    assert answer(catalog.scan(None)).products[0].physical_id is None  # type: ignore[attr-defined]


def test_what_does_not_exist_is_not_found(prepared: Prepared) -> None:
    """Products and records alike; a history without records is empty."""
    catalog = prepared(0)
    assert isinstance(catalog.describe_product("pp-none"), NotFound)
    assert isinstance(catalog.describe_record("rec-none"), NotFound)
    assert isinstance(catalog.terminate(termination("pp-none")), NotFound)
    assert isinstance(catalog.describe_named("none"), NotFound)
    assert answer(catalog.record_history("pp-none", None)) == RecordPage(records=())
    assert answer(catalog.search_for("pp-none")).products == ()  # type: ignore[attr-defined]


def test_the_history_is_newest_first(prepared: Prepared) -> None:
    """The termination comes before the provisioning."""
    catalog = prepared(1)
    answer(catalog.terminate(termination("pp-000")))
    history = answer(catalog.record_history("pp-000", None))
    assert isinstance(history, RecordPage)
    assert [record.is_termination for record in history.records] == [True, False]


def test_one_product_is_found_by_its_name_and_searched_for_by_its_id(prepared: Prepared) -> None:
    """The same one, with the tags that only a search knows."""
    catalog = prepared(3)
    by_id = answer(catalog.describe_product("pp-001"))
    assert isinstance(by_id, Product)
    assert answer(catalog.describe_named(by_id.name)) == by_id
    page = answer(catalog.search_for("pp-001"))
    assert isinstance(page, Page)
    assert [(found.product_id, found.tags) for found in page.products] == [("pp-001", ())]


def test_the_newest_records_of_all_products_come_in_pages(prepared: Prepared) -> None:
    """Newest first, twenty a page, with the names of their products."""
    catalog = prepared(25)
    record = answer(catalog.terminate(termination("pp-007")))
    assert isinstance(record, Record)
    first = answer(catalog.newest_records(None))
    assert isinstance(first, RecordPage)
    assert (len(first.records), first.records[0].record_id) == (20, record.record_id)
    assert first.records[0].product_name == "name-of-pp-007"
    second = answer(catalog.newest_records(first.next_token))
    assert isinstance(second, RecordPage)
    assert (len(second.records), second.next_token) == (6, None)


def test_the_caller_has_an_account_and_an_arn(prepared: Prepared) -> None:
    """Identity comes from STS."""
    identity = answer(prepared(0).caller_identity())
    assert identity.account_id == LANE.account_id  # type: ignore[attr-defined]
    assert ":assumed-role/" in identity.arn  # type: ignore[attr-defined]


def test_only_the_search_tells_tags_and_how_many_there_are(prepared: Prepared) -> None:
    """A product without tags has none there, and unknown ones in the scan."""
    catalog = prepared(3)
    scanned, searched = page(catalog.scan(None)), page(catalog.search(None))
    assert {each.tags for each in scanned.products} == {None}
    assert {each.tags for each in searched.products} == {()}
    assert (scanned.total, searched.total) == (None, 3)


def test_the_account_has_an_alias_or_none(prepared: Prepared) -> None:
    """And the credentials of both say how long they last."""
    catalog = prepared(1)
    assert answer(catalog.account_alias()) in ("sandbox", None)
    assert not catalog.credential_life().temporary
