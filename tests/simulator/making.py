"""Makes worlds, clocks and requests for the tests of the simulator."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from orchestrator.simulator import Simulator, WorldSpec
from orchestrator.simulator.world import World

HOME = "111122223333"
SEEN_BY_ALL = {"AccessLevelFilter": {"Key": "Account", "Value": "self"}}
LONG_AGO = 1_600_000_000.0

Json = dict[str, Any]


@dataclass(slots=True)
class Clock:
    """A clock that the test moves."""

    now: float = LONG_AGO

    def __call__(self) -> float:
        """Return the time in epoch seconds."""
        return self.now


def world(*products: Json, **keys: Any) -> World:
    """A world that began at 1000 s."""
    return World(HOME, "eu-west-1", WorldSpec.model_validate({"Products": list(products)} | keys), 1, 1000.0)


def simulator(*products: Json, clock: Clock | None = None, **keys: Any) -> Simulator:
    """A server whose world begins now, or when the clock says."""
    spec = WorldSpec.model_validate({"Products": list(products)} | keys)
    return Simulator(spec, clock=clock) if clock else Simulator(spec)


def terminate(here: World, now: float, token: str = "t1", product: str = "pp-a", **more: Any) -> Json:
    """Ask for a termination, and return its record."""
    here.advance(now)
    request = {"ProvisionedProductId": product, "TerminateToken": token} | more
    detail: Json = here.terminate(request, now)["RecordDetail"]
    return detail


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes

    @property
    def json(self) -> Json:
        """Its body."""
        found: Json = json.loads(self.body)
        return found

    @property
    def code(self) -> str | None:
        """The error's code, None without an error."""
        return self.json.get("__type")


def credential(key: str = "AKIATEST", region: str = "eu-west-1", service: str = "servicecatalog") -> dict[str, str]:
    """Return the header of a signed request."""
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/{service}/aws4_request, x"}


def post(server: Simulator, headers: dict[str, str], body: bytes, path: str = "/", method: str = "POST") -> Answer:
    """Send bytes, and return what comes back."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    with closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())


def ask(server: Simulator, operation: str, request: Json | bytes, **signed: str) -> Answer:
    """Call an operation of Service Catalog, without an SDK between."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    target = {"X-Amz-Target": f"{server.service.target_prefix}.{operation}"}
    return post(server, credential(**signed) | target, body)


def client(server: Simulator, service: str = "servicecatalog", key: str = "anybody") -> Any:
    """A client of boto3's with made-up credentials, which tries once."""
    return boto3.session.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=server.url,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
