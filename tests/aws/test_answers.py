"""Whatever comes over the wire is an answer that can be worked with, or a problem: nothing else leaves the gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import boto3
import botocore.awsrequest
import pytest
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from orchestrator.aws import sessions as connect
from orchestrator.aws.catalog import BotoCatalog
from orchestrator.aws.errors import THROTTLING
from orchestrator.core.inventory.calls import Answer, Problem, Rejected, Throttled, Unanswered, Unauthenticated
from orchestrator.core.plan.model import Options
from orchestrator.core.run.commands import Terminate
from orchestrator.simulator import Simulator, WorldSpec
from tests.fakes import LANE

OPERATION = "TerminateProvisionedProduct"
COMMAND = Terminate(
    lane=LANE,
    line=f"{LANE}/pp-a",
    product_id="pp-a",
    attempt=1,
    send=1,
    token="orc-1",
    options=Options(),
    record_before=None,
)
CALLS: dict[str, Callable[[BotoCatalog], object]] = {
    "terminate": lambda catalog: catalog.terminate(COMMAND),
    "describe_record": lambda catalog: catalog.describe_record("rec-1"),
    "describe_product": lambda catalog: catalog.describe_product("pp-a"),
    "record_history": lambda catalog: catalog.record_history("pp-a", None),
    "newest_records": lambda catalog: catalog.newest_records(None),
    "scan": lambda catalog: catalog.scan(None),
    "search": lambda catalog: catalog.search(None),
    "describe_named": lambda catalog: catalog.describe_named("a"),
    "search_for": lambda catalog: catalog.search_for("pp-a"),
}


class Raw:
    """What an answer's body is read from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


class Wire:
    """A gateway over real boto3 clients whose every call is answered with the same bytes, without a network."""

    def __init__(self) -> None:
        self.status, self.body = 200, b"{}"
        session = boto3.Session("AKIATEST", "not-a-secret", region_name="eu-west-1")
        self.client = session.client(
            "servicecatalog", config=connect.config(1).merge(Config(retries={"total_max_attempts": 1}))
        )
        self.client.meta.events.register("before-send", self._answer)  # type: ignore[arg-type]
        self.catalog = BotoCatalog("111122223333", lambda _service, _credentials: self.client, Credentials("x", "x"))

    def _answer(self, request: Any, **_: object) -> botocore.awsrequest.AWSResponse:
        return botocore.awsrequest.AWSResponse(request.url, self.status, HTTPHeaders(), Raw(self.body))


@pytest.fixture(scope="module")
def wire() -> Wire:
    """One for all: a client takes a while to make."""
    return Wire()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = (
    "RecordDetail", "RecordDetails", "ProvisionedProductDetail", "ProvisionedProducts", "NextPageToken", "RecordErrors",
    "RecordId", "Status", "Id", "Name", "CreatedTime", "LastRecordId", "Tags", "Key", "Value", "TotalResultsCount", "Code",
)  # fmt: skip
ERRORS, TAGS = [{"Code": "1"}], [{"Key": "a", "Value": "b"}]
WELL = {
    "RecordDetail": {
        "RecordId": "rec-1",
        "Status": "CREATED",
        "ProvisionedProductId": "pp-a",
        "RecordErrors": [{"Code": "1"}],
    },
    "RecordDetails": [{"RecordId": "rec-1", "Status": "CREATED"}],
    "ProvisionedProductDetail": {"Id": "pp-a", "Status": "AVAILABLE", "LastRecordId": "rec-1"},
    "ProvisionedProducts": [
        {"Id": "pp-a", "Status": "AVAILABLE", "Tags": [{"Key": "a", "Value": "b"}], "CreatedTime": 1.5}
    ],
    "NextPageToken": "more",
    "TotalResultsCount": 3,
}


@st.composite
def nearly_right(draw: st.DrawFn) -> Any:
    """An answer as it should be, with something else in the place of some of its members."""

    def spoil(value: Any) -> Any:
        if draw(st.integers(0, 7)) == 0:
            return draw(JSON)
        if isinstance(value, dict):
            return {key: spoil(item) for key, item in value.items() if draw(st.integers(0, 9))}
        return [spoil(item) for item in value] if isinstance(value, list) else value

    return spoil(WELL)


BODIES = (
    st.binary(max_size=40)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=4).map(lambda value: json.dumps(value).encode())
    | nearly_right().map(lambda value: json.dumps(value).encode())
)


@pytest.mark.parametrize("operation", list(CALLS))
@settings(max_examples=150)
@given(status=st.sampled_from([200, 200, 200, 204, 301, 400, 404, 429, 500, 503]), body=BODIES)
def test_whatever_stands_in_a_body_is_an_answer_or_a_problem(wire: Wire, operation: str, status: int, body: bytes) -> None:
    """And what an answer holds is of the types that it says, so that it can be journaled and read back."""
    wire.status, wire.body = status, body
    outcome = CALLS[operation](wire.catalog)
    assert isinstance(outcome, Answer | Problem)
    if isinstance(outcome, Answer):
        for value in outcome.value if isinstance(outcome.value, tuple) else (outcome.value,):
            again: object = TypeAdapter(type(value)).validate_json(json.dumps(asdict(value)), strict=True)
            assert again == value


@pytest.mark.parametrize("operation", list(CALLS))
def test_an_answer_as_it_should_be_is_one(wire: Wire, operation: str) -> None:
    """The property above would hold for a gateway that finds everything wrong."""
    wire.status, wire.body = 200, json.dumps(WELL).encode()
    assert isinstance(CALLS[operation](wire.catalog), Answer)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"Id": "pp-a", "Status": "AVAILABLE", "Tags": ""},
        {"Id": "pp-a", "Status": "AVAILABLE", "Tags": {}},
        {"Id": "pp-a", "Status": "AVAILABLE", "Tags": [{"Value": "true"}]},
        {"Id": "pp-a", "Status": "AVAILABLE", "Tags": [{"Key": None, "Value": "true"}]},
        {"Id": "pp-a", "Status": "AVAILABLE", "Tags": [{"Key": 5, "Value": "true"}]},
    ],
)
def test_a_product_whose_tags_cannot_be_read_is_none_without_tags(wire: Wire, spoilt: object) -> None:
    """They may protect it."""
    wire.status, wire.body = 200, json.dumps({"ProvisionedProducts": [spoilt]}).encode()
    assert isinstance(wire.catalog.search(None), Unanswered)


@pytest.mark.parametrize("operation", ["scan", "search"])
def test_an_empty_text_in_the_place_of_a_list_is_no_empty_list(wire: Wire, operation: str) -> None:
    """It would say that the account is empty."""
    wire.status, wire.body = 200, b'{"ProvisionedProducts": ""}'
    assert isinstance(CALLS[operation](wire.catalog), Unanswered)


@pytest.mark.parametrize("code", sorted(THROTTLING))
def test_every_throttling_code_costs_nothing(wire: Wire, code: str) -> None:
    """Over boto3, as the wire has them; also with the prefix and the suffix that AWS puts round codes."""
    for spelled in (code, f"com.amazonaws.servicecatalog#{code}", f"{code}:http://internal.amazon.com/"):
        wire.status, wire.body = 400, json.dumps({"__type": spelled, "message": "Rate exceeded"}).encode()
        assert isinstance(wire.catalog.terminate(COMMAND), Throttled)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        ({"Do": "reset"}, Unanswered),
        ({"Do": "lose_answer"}, Unanswered),
        ({"Do": "hang"}, Unanswered),
        ({"Do": "delay", "Seconds": 1}, Unanswered),
        ({"Do": "cut"}, Unanswered),
        ({"Do": "truncate"}, Unanswered),
        ({"Do": "garble"}, Unanswered),
        ({"Do": "answer"}, Unanswered),
        ({"Do": "answer", "Status": 404}, Unanswered),
        ({"Do": "answer", "Body": '{"RecordDetail": {"RecordId": 5, "Status": "CREATED"}}'}, Unanswered),
        ({"Do": "answer", "Body": '{"RecordDetail": {"RecordId": "rec-1", "Status": []}}'}, Unanswered),
        ({"Do": "error", "Status": 500}, Unanswered),
        ({"Do": "error", "Status": 503, "Code": "ThrottlingException"}, Throttled),
        ({"Do": "error", "Status": 400, "Code": "ExpiredTokenException"}, Unauthenticated),
        ({"Do": "error", "Status": 400, "Code": "NobodyKnowsThisException"}, Rejected),
    ],
)
def test_trouble_on_the_wire_becomes_the_reply_that_says_what_may_have_happened(trouble: Any, kind: type) -> None:
    """Real HTTP, with a client that waits half a second where the program waits a minute."""
    spec = WorldSpec.model_validate({"Products": [{"Id": "pp-a"}], "Faults": [{"Operation": OPERATION, **trouble}]})
    with Simulator(spec) as simulator:
        sessions = connect.rehearsal(simulator.url, 1)
        hasty = connect.Sessions((), sessions._door_to, connect.config(1).merge(Config(read_timeout=0.5)), simulator.url)
        assert isinstance(hasty(LANE).terminate(COMMAND), kind)
