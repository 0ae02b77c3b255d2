"""Page tokens and pages: only those that were given out are valid, and what a world lets go wrong with them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.tokens import Tokens
from orchestrator.simulator.world import World
from tests.simulator.making import SEEN_BY_ALL, Json, ask, client, simulator, terminate, world

MANY = [{"Id": f"pp-{n:03d}"} for n in range(45)]
LISTINGS = [
    ("ScanProvisionedProducts", {}),
    ("SearchProvisionedProducts", {"PageSize": 20}),
    ("SearchProvisionedProducts", {"PageSize": 20, "SortBy": "name", "SortOrder": "DESCENDING"}),
    ("ListRecordHistory", {}),
]


def page(here: World, operation: str, request: Json) -> Json:
    """Ask for a page."""
    match operation:
        case "ScanProvisionedProducts":
            return here.scan(SEEN_BY_ALL | request)
        case "SearchProvisionedProducts":
            return here.search(SEEN_BY_ALL | request, here.life.now)
        case _:
            return here.history(SEEN_BY_ALL | request)


def items(page: Json) -> list[str]:
    """The ids on a page."""
    found = page["ProvisionedProducts"] if "ProvisionedProducts" in page else page["RecordDetails"]
    return [each.get("Id") or each["ProvisionedProductId"] for each in found]


def read(here: World, operation: str, request: Json, most: int = 100) -> tuple[list[list[str]], list[str]]:
    """Read pages until there is no more token, and return what was on them and all tokens."""
    pages: list[list[str]] = []
    tokens: list[str] = []
    more: Json = {}
    while len(pages) < most:
        answer = page(here, operation, request | more)
        pages.append(items(answer))
        if "NextPageToken" not in answer:
            break
        tokens.append(answer["NextPageToken"])
        more = {"PageToken": tokens[-1]}
    return pages, tokens


@pytest.mark.parametrize(("operation", "request_"), LISTINGS)
def test_pages_hold_everything_once(operation: str, request_: Json) -> None:
    """Whatever they are sorted by."""
    pages, tokens = read(world(*MANY), operation, request_)
    assert [len(each) for each in pages] == [20, 20, 5]
    assert len({id_ for each in pages for id_ in each}) == 45
    assert len(set(tokens)) == 2


@pytest.mark.parametrize("operation", ["ScanProvisionedProducts", "SearchProvisionedProducts", "ListRecordHistory"])
@pytest.mark.parametrize("token", ["junk", "0", "20", "pp-019", "", "ü", "AAAA" * 20])
def test_a_token_that_was_not_given_out_is_refused(operation: str, token: str) -> None:
    """It does not read as the end of the listing."""
    with simulator(*MANY) as server:
        answer = ask(server, operation, {"PageToken": token})
        assert (answer.status, answer.code) == (400, "InvalidParametersException")


def test_a_token_of_another_listing_or_lane_is_refused() -> None:
    """Each is good for one of them; one that was changed is good for none."""
    lane = {"Account": "444455556666", "Region": "eu-west-1", "Products": MANY}
    with simulator(*MANY, Lanes=[lane]) as server:
        token = client(server).scan_provisioned_products(**SEEN_BY_ALL)["NextPageToken"]
        scan = "ScanProvisionedProducts"
        assert ask(server, scan, {"PageToken": token}).status == 200
        assert ask(server, "SearchProvisionedProducts", {"PageToken": token}).code == "InvalidParametersException"
        assert ask(server, scan, {"PageToken": token}, key="AKIA444455556666").code == "InvalidParametersException"
        for changed in (token[:-5] + "A" + token[-4:], token[1:], token + "=", token.lower()):
            assert ask(server, scan, {"PageToken": changed}).code == "InvalidParametersException"


@given(st.text(max_size=60), st.lists(st.text() | st.floats(allow_nan=False), max_size=3).map(tuple))
def test_tokens_stand_for_their_place_and_are_unlike_each_other(junk: str, place: tuple[Any, ...]) -> None:
    """They may be given again; nothing else is one."""
    tokens = Tokens("here")
    first, second = tokens.give(place), tokens.give(place)
    assert first != second
    assert tokens.place(first) == tokens.place(second) == tokens.place(first) == place
    assert tokens.place(None) == ()
    for other, token in ((Tokens("there"), first), (tokens, junk)):
        with pytest.raises(ApiError, match="page token is not valid"):
            other.place(token)


def test_the_next_page_begins_behind_what_the_last_one_ended_with() -> None:
    """Even if that is gone, and whatever was added before it."""
    here = world(*MANY, {"Id": "pp-000a", "AppearsAt": 5})
    first = here.scan(SEEN_BY_ALL)
    newest = here.history(SEEN_BY_ALL)
    terminate(here, 1000.0, product="pp-019")
    here.advance(1010.0)
    second = here.scan(SEEN_BY_ALL | {"PageToken": first["NextPageToken"]})
    assert items(second)[0] == "pp-020"
    older = here.history(SEEN_BY_ALL | {"PageToken": newest["NextPageToken"]})
    assert {each["RecordId"] for each in older["RecordDetails"]}.isdisjoint(
        each["RecordId"] for each in newest["RecordDetails"]
    )


def test_a_search_sorts_either_way() -> None:
    """In the order of each key that is valid."""
    here = world(*MANY)
    for key in ("id", "name", "arn", "lastRecordId"):
        up = [each for one in read(here, "SearchProvisionedProducts", {"SortBy": key})[0] for each in one]
        request = {"SortBy": key, "SortOrder": "DESCENDING"}
        down = [each for one in read(here, "SearchProvisionedProducts", request)[0] for each in one]
        assert down == up[::-1]


@pytest.mark.parametrize(("operation", "request_"), LISTINGS)
def test_pages_may_be_empty_although_more_follow(operation: str, request_: Json) -> None:
    """Nothing is lost by it."""
    pages, tokens = read(world(*MANY, Paging={"Empty": 0.8}), operation, request_)
    assert [] in pages[:-1]
    assert pages[-1]
    assert sorted(id_ for each in pages for id_ in each) == [each["Id"] for each in MANY]
    assert len(set(tokens)) == len(tokens)


@pytest.mark.parametrize(("operation", "request_"), LISTINGS)
@pytest.mark.parametrize("products", [[], MANY])
def test_pages_may_never_end(operation: str, request_: Json, products: list[Json]) -> None:
    """Always with a token that was never seen, with nothing more on them or with everything again."""
    endless = {"Endless": ["Scan", "Search", "History"]}
    pages, tokens = read(world(*products, Paging=endless), operation, request_, most=60)
    assert (len(pages), len(set(tokens))) == (60, 60)
    assert [] in pages
    assert sum(map(len, pages)) > len(products) or not products


def test_only_the_listings_that_are_named_never_end() -> None:
    """The others do."""
    here = world(*MANY, Paging={"Endless": ["Scan"]})
    assert len(read(here, "ListRecordHistory", {})[0]) == 3


@pytest.mark.parametrize(("operation", "request_"), LISTINGS)
def test_a_token_may_come_again(operation: str, request_: Json) -> None:
    """From the second page on, which is the last that is seen."""
    pages, tokens = read(world(*MANY, Paging={"SameToken": True}), operation, request_, most=10)
    assert len(set(tokens)) == 1
    assert len(pages) == 10
    assert pages[1] == pages[9] != pages[0]
