"""The shapes of answers are guarded in whatever protocol botocore speaks: over real boto3 clients and real HTTP."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.credentials import Credentials

from orchestrator.aws import sessions as connect
from orchestrator.aws.catalog import BotoCatalog
from orchestrator.core.inventory.calls import Answer, NotFound, Unanswered
from tests.aws.environment import nothing_of_aws

__all__ = ["nothing_of_aws"]

CBOR = "smithy-rpc-v2-cbor"
BORN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def encoded(value: object) -> bytes:
    """Encode a value as CBOR (RFC 8949), by its specification and not by botocore's code."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case datetime():
            return head(6, 1) + encoded(value.timestamp())
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return head(4, len(value)) + b"".join(map(encoded, value))
        case dict():
            return head(5, len(value)) + b"".join(encoded(key) + encoded(item) for key, item in value.items())
    raise TypeError(value)


def head(major: int, number: int) -> bytes:
    """The first bytes of an item: its major type, and a length or value."""
    if number < 24:
        return bytes([major << 5 | number])
    return bytes([major << 5 | 27]) + struct.pack(">Q", number)


class Speaking(botocore.loaders.Loader):
    """A loader of service models in which Service Catalog speaks one protocol only."""

    protocol: str = CBOR

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        model = super().load_service_model(service_name, type_name, api_version)
        if type_name != "service-2":
            return model
        return {**model, "metadata": {**model["metadata"], "protocol": self.protocol, "protocols": [self.protocol]}}


class Endpoint(ThreadingHTTPServer):
    """Answers every call alike, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.status, self.body, self.asked = 200, b"", list[str]()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def catalog(self, protocol: str) -> BotoCatalog:
        """Return a catalog whose botocore speaks a protocol to it."""
        session = botocore.session.Session()
        loader = Speaking()
        loader.protocol = protocol
        session.register_component("data_loader", loader)
        client = boto3.Session("AKIATEST", "not-a-secret", region_name="eu-west-1", botocore_session=session).client(
            "servicecatalog", config=connect.config(1), endpoint_url=self.url
        )
        assert client.meta.service_model.resolved_protocol == protocol
        return BotoCatalog("111122223333", lambda _service, _credentials: client, Credentials("x", "x"))


class Answering(BaseHTTPRequestHandler):
    """One request."""

    server: Endpoint

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(f"{self.path} {self.headers.get('smithy-protocol')}")
        self.send_response(self.server.status)
        self.send_header("smithy-protocol", "rpc-v2-cbor")
        self.send_header("Content-Type", "application/cbor")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint(nothing_of_aws: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """A server of the test's own."""
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


PRODUCT: dict[str, object] = {
    "Id": "pp-a",
    "Status": "AVAILABLE",
    "CreatedTime": BORN,
    "Tags": [{"Key": "Keep", "Value": "true"}],
    "NobodyKnows": 1,
}


@pytest.mark.parametrize("tags", [PRODUCT["Tags"], [], None])
def test_a_good_answer_in_cbor_is_read(endpoint: Endpoint, tags: object) -> None:
    """With times of CBOR's own kind, members that nobody knows, and null for what is absent."""
    endpoint.body = encoded({"ProvisionedProducts": [PRODUCT | {"Tags": tags}], "TotalResultsCount": 1})
    answer = endpoint.catalog(CBOR).search(None)
    assert isinstance(answer, Answer), answer
    [product] = answer.value.products
    assert product.tags == ((("Keep", "true"),) if tags else ())
    assert product.created_at == BORN.timestamp()
    [asked] = endpoint.asked
    assert asked.endswith("/operation/SearchProvisionedProducts rpc-v2-cbor")


@pytest.mark.parametrize(
    "spoilt",
    [
        {"Tags": ""},
        {"Tags": {}},
        {"Tags": [{"Value": "true"}]},
        {"Tags": [{"Key": 5, "Value": "true"}]},
        {"Tags": [{"Key": b"Keep", "Value": "true"}]},
        {"Status": BORN},
        {"CreatedTime": "yesterday"},
        {"CreatedTime": []},
        {"Id": True},
    ],
)
def test_a_misshapen_answer_in_cbor_is_none(endpoint: Endpoint, spoilt: dict[str, object]) -> None:
    """Botocore would read a product without tags."""
    endpoint.body = encoded({"ProvisionedProducts": [PRODUCT | spoilt]})
    assert isinstance(endpoint.catalog(CBOR).search(None), Unanswered)


GOOD = encoded({"ProvisionedProducts": []})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        GOOD[:-1],
        GOOD + b"\x00",
        b"\x9f" * 100_000,
        b"\xff",
        b"\x63\xff\xff\xff",
        encoded("text"),
        head(6, 9) + GOOD,
    ],
    ids=["empty", "JSON", "cut", "more", "deep", "break", "no text", "no map", "tag"],
)
def test_a_body_that_is_no_cbor_is_no_answer(endpoint: Endpoint, body: bytes) -> None:
    """Whatever botocore's parser makes of it."""
    endpoint.body = body
    assert isinstance(endpoint.catalog(CBOR).scan(None), Unanswered)
    endpoint.body = GOOD
    assert isinstance(endpoint.catalog(CBOR).scan(None), Answer)


@pytest.mark.parametrize("time", [BORN, BORN.timestamp(), int(BORN.timestamp())])
def test_a_time_in_cbor_is_read_tagged_or_not(endpoint: Endpoint, time: object) -> None:
    """Botocore leaves a number as it is."""
    endpoint.body = encoded({"ProvisionedProductDetail": PRODUCT | {"CreatedTime": time}})
    answer = endpoint.catalog(CBOR).describe_product("pp-a")
    assert isinstance(answer, Answer), answer
    assert answer.value.created_at == BORN.timestamp()


def test_an_error_in_cbor_is_told_apart_by_its_code(endpoint: Endpoint) -> None:
    """Errors have no shape that we hold them to."""
    endpoint.status, endpoint.body = 400, encoded({"__type": "x#ResourceNotFoundException", "message": "No stack"})
    assert endpoint.catalog(CBOR).describe_product("pp-a") == NotFound("No stack")


@pytest.mark.parametrize("protocol", ["query", "rest-json"])
def test_an_answer_in_another_protocol_is_none(endpoint: Endpoint, protocol: str) -> None:
    """Nothing passes unguarded, however good it is."""
    endpoint.body = b'{"ProvisionedProducts": []}'
    outcome = endpoint.catalog(protocol).scan(None)
    assert isinstance(outcome, Unanswered)
    assert f"botocore speaks {protocol}" in outcome.reason


@pytest.mark.parametrize("body", [b"", b"<html>", GOOD, b"[" * 100_000, b'{"ProvisionedProducts": []}x'])
def test_a_body_that_is_no_json_is_no_answer(endpoint: Endpoint, body: bytes) -> None:
    """Botocore would read an answer without members."""
    endpoint.body = body
    read: Callable[[], object] = lambda: endpoint.catalog("json").scan(None)  # noqa: E731
    assert read() == Unanswered("the answer could not be read: the body is no JSON")
    endpoint.body = b'{"ProvisionedProducts": []}'
    assert isinstance(read(), Answer)
