"""Protocols that the simulator does not speak: they are refused in words that their clients can read."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.loaders
import botocore.session
import pytest
from botocore.exceptions import ClientError

from tests.simulator.making import client, post, simulator

CBOR = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", "Accept": "application/cbor"}


@pytest.fixture(name="cbor_only")
def _cbor_only(tmp_path: Path) -> Any:
    """A session whose model of Service Catalog has CBOR only."""
    model = botocore.loaders.Loader().load_service_model("servicecatalog", "service-2")
    folder = tmp_path / "servicecatalog" / "2015-12-10"
    folder.mkdir(parents=True)
    metadata = model["metadata"] | {"protocol": "smithy-rpc-v2-cbor", "protocols": ["smithy-rpc-v2-cbor"]}
    (folder / "service-2.json").write_text(json.dumps(model | {"metadata": metadata}))
    session = botocore.session.Session()
    # What comes first is taken.
    session.get_component("data_loader").search_paths.insert(0, str(tmp_path))
    return session


def test_a_client_that_speaks_cbor_is_refused_once_and_told_why(cbor_only: Any) -> None:
    """By an error of its own protocol, which it does not repeat."""
    with simulator() as server:
        catalog = cbor_only.create_client(
            "servicecatalog",
            endpoint_url=server.url,
            region_name="eu-west-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        assert catalog.meta.service_model.resolved_protocol == "smithy-rpc-v2-cbor"
        with pytest.raises(ClientError, match="not rpc-v2-cbor") as caught:
            catalog.scan_provisioned_products()
    answer = caught.value.response
    assert answer["Error"]["Code"] == "UnsupportedProtocolException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 415
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize("body", [b"", b"\xbf\xff", b"\xa1\x62Id\x63abc", b"{}"])
def test_cbor_is_told_by_its_headers(body: bytes) -> None:
    """Whatever its bytes are; either header will do."""
    with simulator() as server:
        path = "/service/AWS242ServiceCatalogService/operation/ScanProvisionedProducts"
        for headers in (CBOR, {"smithy-protocol": "rpc-v2-cbor"}, {"Content-Type": "application/cbor"}):
            answer = post(server, headers, body, path)
            assert (answer.status, answer.headers["Content-Type"]) == (415, "application/cbor")
            assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"


@pytest.mark.parametrize("sent", [b"", b'{"ProvisionedProductId": "pp-a"'])
def test_a_request_whose_sender_has_died_meanwhile_is_no_request(sent: bytes) -> None:
    """AWS would never have seen it; here it is not in the ledger, and the server goes on."""
    with simulator({"Id": "pp-a"}) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            head = (
                f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 100\r\n"
                "X-Amz-Target: AWS242ServiceCatalogService.TerminateProvisionedProduct\r\n"
                "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/servicecatalog/aws4_request, x\r\n\r\n"
            )
            connection.sendall(head.encode() + sent)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(400) == b""
        assert server.service.calls() == []
        client(server).scan_provisioned_products()
        assert [call["operation"] for call in server.service.calls()] == ["ScanProvisionedProducts"]
